internal import GatewayConfiguration
internal import HTTPWire

/// What is done to the requests under a path, or on a route, and to their responses.
final class CompiledTransformation: Sendable {
    struct Request: Sendable {
        let body: BodyEdits?
        let headers: HeaderEdits?
        let query: QueryEdits?
    }

    struct Response: Sendable {
        /// Empty: any.
        let statuses: [StatusRange]
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

    /// The first that names the status.
    func response(to status: Int) -> Response? {
        for index in 0..<responses.count where responses[index].names(status) { return responses[index] }
        return nil
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
