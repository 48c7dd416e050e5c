/// What checking a request and its response has found, for the access log. Made only where something was found.
package final class ValidationReport: Sendable {
    package let request: ValidationResult?
    package let response: ValidationResult?
    let issues: [ValidationIssue]
    /// Members of the response that no schema lists, as JSON Pointers.
    let undocumented: [String]

    init(
        request: ValidationResult?, response: ValidationResult?, issues: [ValidationIssue], undocumented: [String]
    ) {
        self.request = request
        self.response = response
        self.issues = issues
        self.undocumented = undocumented
    }
}

/// How checking a message came out; the raw value is the place of its counter.
package enum ValidationResult: UInt8, Sendable, CaseIterable {
    case passed, refused
    /// It does not fit, and was let through.
    case reported
    /// It could not be looked at, and was let through.
    case skipped

    var name: StaticString {
        switch self {
        case .passed: "passed"
        case .refused: "refused"
        case .reported: "reported"
        case .skipped: "skipped"
        }
    }
}

/// One thing that does not fit.
struct ValidationIssue: Sendable {
    /// `body`, `path`, `query`, `header`, `cookie`, `response`.
    var place: StaticString
    /// Of the parameter.
    var name: String?
    /// Within the value: a JSON Pointer.
    var pointer = ""
    var message: String
    /// Which keyword of which schema: for the log, since it may name files.
    var schema = ""

    /// How many are told.
    static let limit = 32

    /// As members of an error's body; with the schema in the log.
    func write(into line: inout LineWriter, withSchema: Bool) {
        line.append("{\"in\":\"")
        line.append(place)
        if let name {
            line.append("\",\"name\":\"")
            line.append(json: name)
        }
        line.append("\",\"pointer\":\"")
        line.append(json: pointer)
        line.append("\",\"message\":\"")
        line.append(json: message)
        if withSchema, !schema.isEmpty {
            line.append("\",\"schema\":\"")
            line.append(json: schema)
        }
        line.append("\"}")
    }

    static func write(_ issues: [ValidationIssue], into line: inout LineWriter, withSchema: Bool) {
        line.append("[")
        for (index, issue) in issues.prefix(limit).enumerated() {
            if index > 0 { line.append(",") }
            issue.write(into: &line, withSchema: withSchema)
        }
        line.append("]")
    }
}

extension ValidationReport {
    /// `"validation":{…}`, with a comma before it.
    func write(into line: inout LineWriter) {
        line.append(",\"validation\":{")
        var separator: StaticString = ""
        if let request {
            line.append("\"request\":\"")
            line.append(request.name)
            line.append("\"")
            separator = ","
        }
        if let response {
            line.append(separator)
            line.append("\"response\":\"")
            line.append(response.name)
            line.append("\"")
            separator = ","
        }
        if !issues.isEmpty {
            line.append(separator)
            line.append("\"errors\":")
            ValidationIssue.write(issues, into: &line, withSchema: true)
            separator = ","
        }
        if !undocumented.isEmpty {
            line.append(separator)
            line.append("\"undocumented\":[")
            for (index, pointer) in undocumented.enumerated() {
                line.append(index > 0 ? ",\"" : "\"")
                line.append(json: pointer)
                line.append("\"")
            }
            line.append("]")
        }
        line.append("}")
    }
}

extension ValidationIssue {
    /// What the client is told.
    static func member(_ issues: [ValidationIssue]) -> ErrorBody.Member {
        var line = LineWriter(capacity: 512)
        write(issues, into: &line, withSchema: false)
        var bytes: [UInt8] = []
        bytes.append(line.span)
        return ErrorBody.Member("errors", .json(bytes))
    }
}
