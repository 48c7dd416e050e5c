internal import GatewayEngine
internal import Identity
internal import JSONStream

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What the gateway knows of a request besides what stands in it, and what it does for whoever works on it.
public struct RequestContext: Sendable {
    /// `X-Request-Id`: goes to every service that is asked for this request.
    public var requestID: String { call.request.requestID }
    /// `traceparent` (W3C): the trace that calls to services belong to; nil when there is none.
    public var traceparent: String? { call.request.trace.isEmpty ? nil : call.request.trace }
    /// The route's name.
    public var route: String { call.request.route }
    /// The client's address, by the configuration's `trusted_proxies`.
    public var clientAddress: String { call.request.client }
    /// Who asks, by the credentials that `auth` has verified; nil: nobody that is known.
    public let caller: Caller?
    /// When it must have been answered: `timeouts.request` of the route, 30 s without. The task is cancelled then.
    public var deadline: ContinuousClock.Instant? { call.request.deadline }

    private let call: ProgramCall
    private let coding: JSONCoding

    init(_ call: ProgramCall, coding: JSONCoding) {
        self.call = call
        self.coding = coding
        caller = Caller(call.request)
    }

    /// A service of the configuration, to be asked as a part of this request: by the gateway's own balancing, breakers,
    /// retries and connections, with this request's id, trace and identity, and within its deadline. What it took stands
    /// in the access record.
    ///
    /// ```swift
    /// async let user = context.service("users").get("/users/\(id)", as: User.self)
    /// async let orders = context.service("orders").get("/users/\(id)/recent", as: Orders.self)
    /// return try await Dashboard(user, orders)
    /// ```
    ///
    /// A name that the configuration does not have is an error of each call.
    public func service(_ name: String) -> ServiceClient { ServiceClient(name, call, coding) }
}

/// Who asks.
public struct Caller: Sendable {
    /// `sub` of the token; nil where credentials of another kind were shown.
    public let subject: String?
    /// The caller's name among the configuration's `consumers`.
    public let consumer: String?
    /// The claims of the token, as JSON; nil where there is none.
    public let claims: [UInt8]?

    init?(_ request: ProgramRequest) {
        guard request.token != nil || request.consumer != nil else { return nil }
        consumer = request.consumer
        subject = request.token.flatMap { $0.subject.isEmpty ? nil : String(decoding: $0.subject, as: UTF8.self) }
        claims = request.token?.claims.document.bytes
    }

    /// The claims, as a type of your own.
    ///
    /// - Throws: `DecodingError` when the token has others, or there is none.
    public func claims<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(claims ?? []))
    }

    /// One claim that is a text.
    public func claim(_ name: String) -> String? {
        // Whatever else the token says is of no matter here.
        (try? claims(as: [String: TextOrOther].self))?[name]?.text
    }

    private struct TextOrOther: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }
}

/// How bodies become values, and values bodies.
struct JSONCoding: Sendable {
    var encoder = JSONEncoder.gatehouse
    var decoder = JSONDecoder()
}
