internal import GatewayConfiguration
internal import GatewayEngine

/// One file (or directory) and what was found in it.
struct CheckedFile {
    struct Finding {
        var kind: DiagnosticText.Kind
        var location: SourceLocation
        var message: String
        var fix: String?

        init(_ kind: DiagnosticText.Kind, _ diagnostic: Diagnostic) {
            self.kind = kind
            location = diagnostic.location
            message = diagnostic.message
            fix = diagnostic.fix
        }

        init(_ diagnostic: Diagnostic) {
            self.init(diagnostic.severity == .error ? .error : .warning, diagnostic)
        }
    }

    var path: String
    /// In the order of the text.
    var findings: [Finding]
    /// nil when the configuration has errors.
    var configuration: GatewayConfiguration?

    var hasErrors: Bool { findings.contains { $0.kind == .error } }

    /// 1. Read and check, as `run` does.
    /// 2. Compile the routes, transformations and schemas: ties, bad regular expressions, paths and references show only
    ///    there.
    /// 3. Read the certificates.
    /// 4. Look the host names up, all at once.
    static func check(_ path: String, resolver: NameCheck?) -> CheckedFile {
        let result = ConfigurationLoader.load(path: path)
        var findings = result.diagnostics.map { Finding($0) }
        if let configuration = result.configuration {
            do {
                _ = try RouteTable(
                    routes: configuration.routes, services: configuration.services,
                    listeners: configuration.listeners)
            } catch {
                findings += error.diagnostics.map { Finding($0) }
            }
            findings += TransformationCheck.problems(in: configuration).map { Finding($0) }
            findings += AggregateCheck.findings(in: configuration).map { Finding($0) }
            findings += ValidationCheck.problems(in: configuration).map { Finding($0) }
            findings += ProgramCheck.warnings(in: configuration).map { Finding($0) }
        }
        if let configuration = result.configuration {
            findings += IdentityCheck.diagnostics(configuration).map { Finding($0) }
            let now = OperationLog.wallClock() / 1_000_000_000
            findings += TLSCompiler.check(configuration, now: now).map { Finding($0) }
        }
        if let resolver { findings += resolver.warnings(for: result.hostNames).map { Finding($0) } }
        let file = CheckedFile(path: path, findings: findings, configuration: result.configuration)
        return file.sorted()
    }

    private func sorted() -> CheckedFile {
        var copy = self
        let places = findings.enumerated().sorted { one, other in
            let (first, second) = (one.element.location, other.element.location)
            return (first.file, first.line, first.column, one.offset)
                < (second.file, second.line, second.column, other.offset)
        }
        copy.findings = places.map(\.element)
        return copy
    }
}
