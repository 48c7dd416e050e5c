internal import GatewayConfiguration
internal import HTTPWire
internal import JSONSchema

/// What the requests under a path, or on a route, must look like, and their responses.
final class CompiledValidation: Sendable {
    struct Parameter: Sendable {
        let configuration: ParameterConfiguration
        let name: [UInt8]
        /// In lower case, for header fields.
        let lowercaseName: [UInt8]
        /// Of a parameter of the path: its segment, and whether all behind it belong to it.
        let segment: Int
        let isRest: Bool
        let schema: SchemaID?
    }

    struct Content: Sendable {
        let type: MediaTypeRule
        let schema: SchemaID?
    }

    struct Body: Sendable {
        let isRequired: Bool
        let content: [Content]
    }

    struct Response: Sendable {
        /// Empty: any.
        let statuses: [StatusRange]
        let content: [Content]
    }

    let configuration: ValidationConfiguration
    let program: SchemaProgram
    let parameters: [Parameter]
    let body: Body?
    let responses: [Response]
    /// Bytes of a body that may be held.
    let limit: Int
    /// Some response is looked into, so services must send bodies whole and as they are.
    let readsResponses: Bool

    init(
        _ configuration: ValidationConfiguration, _ program: SchemaProgram, parameters: [Parameter], body: Body?,
        responses: [Response], limit: Int
    ) {
        self.configuration = configuration
        self.program = program
        self.parameters = parameters
        self.body = body
        self.responses = responses
        self.limit = limit
        readsResponses = responses.contains { $0.content.contains { $0.schema != nil } }
    }

    var isReportOnly: Bool { configuration.reporting.isReportOnly }
    /// How many errors are wanted.
    var errors: Int { configuration.reporting.tellsAll ? ValidationIssue.limit : 1 }

    /// The first that names the status.
    func response(to status: Int) -> Response? {
        responses.first { $0.statuses.isEmpty || $0.statuses.contains { $0.contains(status) } }
    }
}

/// A media type with wildcards: `application/json`, `application/*+json`, `text/*`, `*/*`.
struct MediaTypeRule: Sendable {
    private let type: [UInt8]
    /// Before and behind the `*`; without one all of it is in front.
    private let front: [UInt8]
    private let back: [UInt8]
    private let hasWildcard: Bool
    let isJSON: Bool

    /// - Parameter text: in lower case.
    init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let subtype = parts.count > 1 ? parts[1] : ""
        type = parts.first == "*" ? [] : Array((parts.first ?? "").utf8)
        if let star = subtype.firstIndex(of: "*") {
            hasWildcard = true
            front = Array(subtype[..<star].utf8)
            back = Array(subtype[subtype.index(after: star)...].utf8)
        } else {
            hasWildcard = false
            front = Array(subtype.utf8)
            back = []
        }
        isJSON = text == "application/json" || text.hasSuffix("+json")
    }

    /// The more, the closer a rule is; -1: it does not fit.
    ///
    /// - Parameter value: of `Content-Type`, its parameters included.
    func closeness(to value: Span<UInt8>) -> Int {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";"), value[end] != UInt8(ascii: ",") { end += 1 }
        while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        var slash = 0
        while slash < end, value[slash] != UInt8(ascii: "/") { slash += 1 }
        guard slash < end else { return -1 }
        let count = end - slash - 1
        if !type.isEmpty { guard slash == type.count, matches(type, value, at: 0) else { return -1 } }
        guard hasWildcard ? count >= front.count + back.count : count == front.count else { return -1 }
        guard matches(front, value, at: slash + 1), matches(back, value, at: end - back.count) else { return -1 }
        return (hasWildcard ? 0 : 1_000) + type.count + front.count + back.count
    }

    private func matches(_ text: [UInt8], _ value: Span<UInt8>, at start: Int) -> Bool {
        for (offset, byte) in text.enumerated() {
            let other = value[start + offset]
            let folded = other >= UInt8(ascii: "A") && other <= UInt8(ascii: "Z") ? other | 0x20 : other
            if folded != byte { return false }
        }
        return true
    }
}

/// All rules of a snapshot: a route's own stand in place of those by path; of these the most specific.
struct ValidationTable: Sendable {
    private let own: [CompiledValidation]
    private let byPath: [CompiledValidation]
    private let rules: PathRules
    let isEmpty: Bool

    init(own: [CompiledValidation], byPath: [CompiledValidation], rules: PathRules) {
        self.own = own
        self.byPath = byPath
        self.rules = rules
        isEmpty = own.isEmpty && byPath.isEmpty
    }

    /// - Parameter place: that of the route's own; -1: it has none.
    func find(_ place: Int32, _ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch) -> CompiledValidation? {
        if place >= 0 { return own[Int(place)] }
        return rules.find(request, path: path, scratch: scratch).map { byPath[$0] }
    }
}
