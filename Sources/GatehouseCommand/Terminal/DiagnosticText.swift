internal import Gatehouse
internal import GatewayConfiguration

/// A finding as a person reads it: `file:line:column: error: message`, and below it what to write instead.
enum DiagnosticText {
    enum Kind: String, Encodable {
        case error, warning
    }

    static func text(_ diagnostic: Diagnostic, colour: Bool) -> String {
        text(
            diagnostic.severity == .error ? .error : .warning, at: diagnostic.location.description, diagnostic.message,
            fix: diagnostic.fix, colour: colour)
    }

    static func text(_ finding: Gateway.Finding, colour: Bool) -> String {
        let location = SourceLocation(file: finding.file, line: finding.line, column: finding.column)
        return text(.error, at: location.description, finding.message, fix: finding.fix, colour: colour)
    }

    static func text(_ kind: Kind, at location: String, _ message: String, fix: String?, colour: Bool) -> String {
        let paint: Paint =
            switch kind {
            case .error: .bad
            case .warning: .caution
            }
        let line = "\(Paint.strong(location + ":", colour)) \(paint(kind.rawValue + ":", colour)) \(message)"
        guard let fix else { return line }
        return "\(line)\n    \(Paint.good("fix:", colour)) \(fix)"
    }
}
