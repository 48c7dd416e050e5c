internal import JSONStream

/// The bodies and other values that templates of an aggregate refer to by name, as numbers: parts follow the fixed ones.
enum AggregateInput {
    static let request = 0
    static let claims = 1
    /// The element that a call of a fan-out is for.
    static let item = 2
    /// The list of failed parts: known when the answer is made, so no part can refer to it.
    static let failed = 3
    static let firstPart = 4
}

/// Where a reference in a text leads, as in `{claims.sub}`. A `$` in front is allowed and means nothing more.
enum PartReference: Sendable {
    /// A parameter of the route's path.
    case parameter(Int)
    /// A header field, by its name in lower case.
    case header([UInt8])
    case query([UInt8])
    case method
    /// A value in one of the inputs.
    case input(Int, JSONPath)

    enum Problem: Error {
        case unknown(String)
        case path(JSONPathError)
    }

    /// What there is to refer to.
    struct Scope {
        /// nil: the groups of a regular expression that is not compiled here.
        var parameters: [String]?
        var parts: [String]
        /// There is an element to call for.
        var hasItem = false

        /// What could have been written, for a message.
        var examples: [String] {
            var names = (parameters ?? []).map { "{\($0)}" } + ["{claims.NAME}", "{query.NAME}", "{header.NAME}"]
            if hasItem { names.append("{item}") }
            return names + parts.map { "{\($0).NAME}" }
        }
    }

    init(_ text: String, in scope: Scope) throws(Problem) {
        let rest = text.hasPrefix("$") ? text.dropFirst() : text[...]
        let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" })
        let tail = rest.dropFirst(name.count)
        if tail.isEmpty, let index = scope.parameters?.firstIndex(of: name) {
            self = .parameter(index)
            return
        }
        switch name {
        case "request": self = try Self.request(tail, text, scope)
        case "header", "query": self = try Self.request(".\(name)\(tail)"[...], text, scope)
        case "claims" where !tail.isEmpty: self = .input(AggregateInput.claims, try Self.path(tail))
        case "item" where scope.hasItem: self = .input(AggregateInput.item, try Self.path(tail))
        default:
            if let part = scope.parts.firstIndex(of: name) {
                self = .input(AggregateInput.firstPart + part, try Self.path(tail))
            } else if scope.parameters == nil, tail.isEmpty, !name.isEmpty {
                self = .method
            } else {
                throw .unknown(text)
            }
        }
    }

    /// `.path.id`, `.query.limit`, `.header.x-tenant`, `.method`, or a path into `.body`.
    private static func request(_ tail: Substring, _ text: String, _ scope: Scope) throws(Problem) -> PartReference {
        let steps = tail.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard steps.count > 1, steps[0].isEmpty else { throw .unknown(text) }
        let name = steps.count > 2 ? steps[2] : ""
        switch steps[1] {
        case "method" where steps.count == 2: return .method
        case "path" where !name.isEmpty:
            guard let parameters = scope.parameters else { return .method }
            guard let index = parameters.firstIndex(of: name) else { throw .unknown(text) }
            return .parameter(index)
        case "query" where !name.isEmpty: return .query(Array(name.utf8))
        case "header" where !name.isEmpty: return .header(Array(name.lowercased().utf8))
        default:
            let member = steps[1].prefix { $0 != "[" }
            guard member == "body" else { throw .unknown(text) }
            return .input(AggregateInput.request, try path(tail))
        }
    }

    private static func path(_ tail: Substring) throws(Problem) -> JSONPath {
        do { return try JSONPath("$" + tail) } catch { throw .path(error) }
    }

    /// The part that it refers to.
    var part: Int? {
        guard case .input(let input, _) = self, input >= AggregateInput.firstPart else { return nil }
        return input - AggregateInput.firstPart
    }
}
