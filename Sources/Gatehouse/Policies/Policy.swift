internal import GatewayEngine

/// A policy in Swift: looks at every request of the routes that name it, lets it go on, edits its head, or answers it;
/// and looks at the head of what is answered.
///
/// ```swift
/// struct Tenants: Policy {
///     func request(_ request: inout PolicyRequest, _ context: RequestContext) async throws -> PolicyDecision {
///         guard let tenant = context.caller?.claim("tenant") else {
///             return .refuse(Refusal(403, "no_tenant", "The caller belongs to no tenant."))
///         }
///         request.headers["X-Tenant"] = tenant
///         return .next
///     }
/// }
///
/// program.policy("tenants", Tenants())
/// ```
///
/// and in the configuration `policies: [ tenants ]`, on top or on a route. Its place is fixed, as that of all policies:
/// behind authentication, authorisation and limits, before validation and transformation. Several run in the order in
/// which they are named, and on the way back in the opposite one.
public protocol Policy: Sendable {
    /// Decides about a request. Edits of its headers are carried out when all policies have let it pass.
    ///
    /// - Throws: ``Refusal`` for what the client is to know; any other error is answered 500 `policy_failed`.
    func request(_ request: inout PolicyRequest, _ context: RequestContext) async throws -> PolicyDecision

    /// Looks at the head of what is answered to a request that it has let pass, whoever answers: a service, a handler,
    /// the gateway. It runs on the loop and must not block.
    func response(_ response: inout PolicyResponse, to request: Request)

    /// How long `request` may take; then it is answered 504 `policy_timeout`. 5 s unless it is said otherwise.
    var timeout: Duration { get }
}

extension Policy {
    public func response(_ response: inout PolicyResponse, to request: Request) {}
    public var timeout: Duration { .seconds(5) }
}

/// What becomes of a request.
public enum PolicyDecision: Sendable {
    /// The next policy is asked, or the route answers.
    case next
    /// An error in the gateway's form.
    case refuse(Refusal)
    /// Anything else.
    case answer(Response)
}

/// A request in the hands of a policy. Its headers may be edited.
public struct PolicyRequest: Sendable {
    /// As it came, and as policies before this one have left it.
    public let original: Request
    /// To be read, and edited. `Host`, the framing and fields of the connection are the gateway's own: editing one of them
    /// is answered 500 `policy_failed`.
    public var headers: EditedHeaders

    /// That of ``original``.
    public var method: HTTPMethod { original.method }
    /// That of ``original``.
    public var path: String { original.path }
    /// That of ``original``.
    public var query: Query { original.query }
    /// That of ``original``.
    public var parameters: Parameters { original.parameters }

    init(_ request: Request) {
        original = request
        headers = EditedHeaders(request.headers)
    }
}

/// The head of an answer in the hands of a policy.
public struct PolicyResponse: Sendable {
    /// As it will be sent.
    public let status: Int
    /// To be read, and edited. Framing and fields of the connection are the gateway's own.
    public var headers: EditedHeaders
}

/// Header fields, and what was done to them.
public struct EditedHeaders: Sendable {
    /// As they are now.
    public private(set) var current: Headers
    private(set) var edits: [ProgramEdit] = []

    init(_ headers: Headers) { current = headers }

    /// The value of the first field of this name. Setting it replaces all of that name; nil removes them.
    public subscript(name: String) -> String? {
        get { current[name] }
        set {
            current[name] = newValue
            edits.append(newValue.map { .set(ProgramField(name, $0)) } ?? .remove(name))
        }
    }

    /// The values of all fields of this name.
    public func values(_ name: String) -> [String] { current.values(name) }

    /// Adds a field beside those of the same name.
    public mutating func add(_ name: String, _ value: String) {
        current.add(name, value)
        edits.append(.add(ProgramField(name, value)))
    }
}
