internal import HTTPWire

/// One line of the API's table: how it is called, what it does, and what is said of it in the OpenAPI document.
///
/// The table is the only place where a call is named. Routing, the `Allow` of a 405 and the document are all made from
/// it, so that none of them can promise what another does not keep.
struct AdminRoute: Sendable {
    typealias Handler = @Sendable (AdminCall) throws(AdminError) -> AdminOutcome

    enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(String)
    }

    let method: Method
    /// Behind the prefix: `/services/{service}`.
    let path: String
    let segments: [Segment]
    /// `operationId` in the document.
    let name: String
    /// A sentence.
    let summary: String
    /// The schema of the body that it takes; nil: none.
    let body: String?
    /// The schema of its answer.
    let answer: String
    /// What may be wrong besides what may be wrong with every call.
    let errors: [AdminError.Code]
    /// nil: it only reads.
    let change: AdminChange?
    let handler: Handler

    init(
        _ method: Method, _ path: String, _ name: String, _ summary: String, body: String? = nil, answer: String,
        errors: [AdminError.Code] = [], change: AdminChange? = nil, _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.name = name
        self.summary = summary
        self.body = body
        self.answer = answer
        self.errors = errors
        self.change = change
        self.handler = handler
        segments = path.split(separator: "/").map { part in
            part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
        }
    }

    /// The names of its placeholders.
    var parameters: [String] {
        segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The values of the placeholders when the path is this route's; nil when it is not.
    func match(_ parts: [String]) -> [String]? {
        guard parts.count == segments.count else { return nil }
        var values: [String] = []
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text): if text != part { return nil }
            case .parameter: values.append(part)
            }
        }
        return values
    }
}
