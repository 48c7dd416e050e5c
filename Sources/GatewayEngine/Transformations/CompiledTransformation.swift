internal import GatewayConfiguration
internal import HTTPWire

/// What is done to the requests under a path, or on a route, and to their responses.
final class CompiledTransformation: Sendable {
    struct Request: Sendable {
        /// Empty: any.
        let types: [MediaPattern]
        /// In place of what the route makes of it.
        let path: FieldValue?
        let body: BodyEdits?
        let headers: HeaderEdits?
        let query: QueryEdits?
    }

    struct Response: Sendable {
        /// Empty: any.
        let statuses: [StatusRange]
        let types: [MediaPattern]
        /// -1: the service's.
        let newStatus: Int
        let body: BodyEdits?
        let requiresJSON: Bool
        let headers: HeaderEdits?

        func names(_ status: Int) -> Bool {
            for index in 0..<statuses.count where statuses[index].contains(status) { return true }
            return statuses.isEmpty
        }
    }

    let configuration: TransformationConfiguration
    let request: Request?
    let responses: [Response]
    /// Some response's body is edited, so services must send bodies whole and as they are.
    let readsResponses: Bool

    init(_ configuration: TransformationConfiguration, request: Request?, responses: [Response]) {
        self.configuration = configuration
        self.request = request
        self.responses = responses
        readsResponses = responses.contains { $0.body != nil }
    }

    /// The first that names the status and the type.
    func response(to head: ResponseHead) -> Response? {
        for index in 0..<responses.count
        where responses[index].names(head.status) && responses[index].types.name(head.fields) {
            return responses[index]
        }
        return nil
    }
}

extension [MediaPattern] {
    /// Whether one of them is the type that the fields tell; none at all: any is.
    func name(_ fields: HeaderBlock) -> Bool {
        if isEmpty { return true }
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0 else { return false }
        let type = MediaPattern.type(of: fields.value(index))
        for index in indices where self[index].matches(type) { return true }
        return false
    }
}

/// All transformations of a snapshot: a route's own stands in place of those by path; of these the most specific.
struct TransformationTable: Sendable {
    private let own: [CompiledTransformation]
    private let byPath: [CompiledTransformation]
    private let rules: PathRules
    let isEmpty: Bool

    init(own: [CompiledTransformation], byPath: [CompiledTransformation], rules: PathRules) {
        self.own = own
        self.byPath = byPath
        self.rules = rules
        isEmpty = own.isEmpty && byPath.isEmpty
    }

    /// - Parameter place: that of the route's own.
    func find(
        _ place: Int32, _ request: RequestHead, path: Span<UInt8>, scratch: MatchScratch
    ) -> CompiledTransformation? {
        if place >= 0 { return own[Int(place)] }
        return rules.find(request, path: path, scratch: scratch).map { byPath[$0] }
    }
}
