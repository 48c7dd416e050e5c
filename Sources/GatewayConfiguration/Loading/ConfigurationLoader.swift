/// Text to configuration: the one way in, for the program, the library and the tests.
///
/// 1. Read: each file, by libyaml or the JSON reader, into one `Document`; fragments of a directory are joined.
/// 2. Resolve `${env:…}` and `${file:…}`.
/// 3. Check the document along the `Vocabulary`: keys, types, ranges.
/// 4. Decode it into the typed model.
/// 5. Check what refers to what: services, placeholders, ties between routes.
///
/// Steps 3 to 5 go on after an error, so that one run shows everything that is wrong; a file that cannot be read at
/// all ends after step 1.
package struct ConfigurationLoader {
    package enum Format: Sendable {
        case yaml, json
        /// JSON if the text begins with `{`, else YAML.
        case automatic
    }

    package static let maximumFileSize = 64 << 20

    private let references: References

    /// - Parameter environment: where `${env:NAME}` looks; the process's own by default.
    package init(environment: ((String) -> String?)? = nil) {
        references = References(
            environment: environment ?? FileReading.environment,
            readFile: { FileReading.read($0, limit: References.maximumFileSize) })
    }

    package static func load(path: String) -> LoadResult { ConfigurationLoader().load(path: path) }

    package static func load(text: String, file: String = "-", format: Format = .automatic) -> LoadResult {
        ConfigurationLoader().load(text: text, file: file, format: format)
    }

    package func load(text: String, file: String = "-", format: Format = .automatic) -> LoadResult {
        load(bytes: Array(text.utf8), file: file, format: format)
    }

    package func load(bytes: [UInt8], file: String = "-", format: Format = .automatic) -> LoadResult {
        var sources = SourceReader()
        sources.read(text: bytes, name: file, format: format)
        return finish(sources)
    }

    /// A file, or a directory whose `*.yaml`, `*.yml` and `*.json` are read in the order of their names.
    package func load(path: String) -> LoadResult {
        var sources = SourceReader()
        switch FileReading.kind(of: path) {
        case .failure(let failure):
            sources.missing(path)
            sources.fail(path, "\(quote(path)) \(failure.reason)", fix: "name a file or a directory")
        case .success(.file):
            sources.readFile(path)
        case .success(.directory):
            sources.readDirectory(path)
        }
        return finish(sources)
    }

    private func finish(_ sources: consuming SourceReader) -> LoadResult {
        var findings = sources.findings
        var inputs = sources.inputs
        guard !findings.hasErrors else { return LoadResult(findings: findings, inputs: inputs) }
        var (document, root) = sources.merged(&findings)
        references.resolve(in: &document, findings: &findings, inputs: &inputs)

        var checker = ShapeChecker(document: document, findings: findings)
        guard let root else {
            return LoadResult(configuration: GatewayConfiguration(), findings: findings, inputs: inputs)
        }
        checker.check(root, against: .object(Vocabulary.root), name: "the configuration")

        var decoder = ConfigurationDecoder(document: document, findings: checker.findings)
        let configuration = decoder.decode(root)
        // A file that cannot be read is reported when it is compiled; it may come, so it is watched too.
        for path in configuration.namedFiles {
            inputs.note(file: path, bytes: try? FileReading.read(path, limit: Self.maximumFileSize).get())
        }
        return LoadResult(
            configuration: decoder.findings.hasErrors ? nil : configuration, admin: configuration.admin,
            findings: decoder.findings, inputs: inputs, hostNames: decoder.hostNames)
    }
}

/// What loading gave.
package struct LoadResult: Sendable {
    /// nil when there is any error.
    package var configuration: GatewayConfiguration?
    /// What stands under `admin`, as far as it is understood, whatever is wrong elsewhere: a file that is being mended
    /// still tells where the gateway is that runs by its last good state.
    package var admin: AdminConfiguration?
    /// Errors and warnings, in the order of the text.
    package var diagnostics: [Diagnostic]
    /// Names that must resolve, each once, where it first stands: whoever can ask DNS warns of those that do not.
    package var hostNames: [HostReference]

    /// What it was made of.
    package var inputs: LoadInputs

    package struct HostReference: Sendable, Hashable {
        package var name: String
        package var location: SourceLocation
    }

    init(
        configuration: GatewayConfiguration? = nil, admin: AdminConfiguration? = nil, findings: Findings,
        inputs: LoadInputs, hostNames: [HostReference] = []
    ) {
        self.inputs = inputs
        self.configuration = configuration
        self.admin = admin
        diagnostics = findings.sorted()
        self.hostNames = hostNames
    }

    package var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    package var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
}

/// The configuration was refused, for these reasons.
package struct ConfigurationRefused: Error, CustomStringConvertible {
    package var diagnostics: [Diagnostic]
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

extension GatewayConfiguration {
    /// For tests and small programs: the configuration, or all its errors thrown.
    package static func parse(yaml: String) throws(ConfigurationRefused) -> GatewayConfiguration {
        let result = ConfigurationLoader.load(text: yaml)
        guard let configuration = result.configuration else { throw ConfigurationRefused(diagnostics: result.errors) }
        return configuration
    }
}
