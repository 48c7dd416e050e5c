internal import GatewayConfiguration

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What `check` says about its files, as text or as JSON.
struct CheckReport {
    var files: [CheckedFile]

    init(_ files: [CheckedFile]) {
        self.files = files
    }

    var hasErrors: Bool { files.contains(where: \.hasErrors) }

    // MARK: Text

    func text(colour: Bool) -> String {
        files.map { text($0, colour) }.joined(separator: "\n")
    }

    private func text(_ file: CheckedFile, _ colour: Bool) -> String {
        var lines = file.findings.map {
            DiagnosticText.text($0.kind, at: $0.location.description, $0.message, fix: $0.fix, colour: colour)
        }
        let mark = file.hasErrors ? Paint.bad("refused", colour) : Paint.good("ok", colour)
        var parts: [String] = []
        if let configuration = file.configuration, !file.hasErrors {
            parts = [
                count(configuration.routes.count, "route"), count(configuration.services.count, "service"),
                count(configuration.listeners.count, "listener"),
            ]
            if let store = configuration.rateLimiting.store { parts.append("limits counted in \(store.name)") }
        }
        for (kind, noun) in [(DiagnosticText.Kind.error, "error"), (.warning, "warning")] {
            let found = file.findings.count { $0.kind == kind }
            if found > 0 { parts.append(count(found, noun)) }
        }
        lines.append("\(file.path): \(mark) (\(parts.joined(separator: ", ")))")
        return lines.joined(separator: "\n")
    }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    // MARK: JSON

    private struct Document: Encodable {
        struct Entry: Encodable {
            var severity: DiagnosticText.Kind
            var file: String
            /// 0: the file as a whole.
            var line: Int
            var column: Int
            var message: String
            var fix: String?
        }
        var ok: Bool
        var diagnostics: [Entry]
    }

    func json() throws -> String {
        let entries = files.flatMap(\.findings).map {
            Document.Entry(
                severity: $0.kind, file: $0.location.file, line: $0.location.line, column: $0.location.column,
                message: $0.message, fix: $0.fix)
        }
        return try JSONLines.pretty(Document(ok: !hasErrors, diagnostics: entries))
    }
}

/// JSON as the program prints it: members in the order of the alphabet, so that outputs can be compared.
enum JSONLines {
    static func pretty(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
