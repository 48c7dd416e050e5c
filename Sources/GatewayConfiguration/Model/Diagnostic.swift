/// One finding about the configuration: where, what, and how to mend it.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var location: SourceLocation
    /// A full sentence that names the offending value.
    package var message: String
    /// What to write instead, when it is known.
    package var fix: String?

    package init(_ severity: Severity, at location: SourceLocation, _ message: String, fix: String? = nil) {
        self.severity = severity
        self.location = location
        self.message = message
        self.fix = fix
    }

    /// `gateway.yaml:3:5: error: unknown key "servce"; did you mean "service"?`
    package var description: String {
        let text = "\(location): \(severity.rawValue): \(message)"
        guard let fix else { return text }
        return "\(text)\n    fix: \(fix)"
    }
}
