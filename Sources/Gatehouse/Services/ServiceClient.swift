internal import GatewayEngine

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A service of the configuration, for one request: ``RequestContext/service(_:)``.
///
/// Each call is an exchange of the gateway's own. It gets the request's `X-Request-Id`, its trace with a parent of its
/// own, the `X-Forwarded-` fields and the identity headers that `auth` sets; other fields by `headers` and `forward`.
/// Answers are read as a whole, at most `limits.buffered_body`.
public struct ServiceClient: Sendable {
    /// The service's name.
    public let name: String
    private let call: ProgramCall
    private let coding: JSONCoding

    init(_ name: String, _ call: ProgramCall, _ coding: JSONCoding) {
        self.name = name
        self.call = call
        self.coding = coding
    }

    /// Asks, and hands over whatever is answered, errors of the service too.
    ///
    /// - Parameters:
    ///   - method: any but CONNECT.
    ///   - path: with what is put into it percent-encoded.
    ///   - headers: fields of the call besides those that every call gets.
    ///   - body: sent with its length; nil: none.
    ///   - query: parameters that are added behind those of the path; values are encoded.
    ///   - forward: names of the client's fields that go along.
    ///   - timeout: for all tries and the whole answer, where it is to be less than the service's own.
    /// - Throws: ``ServiceError`` when no answer came; `CancellationError` when the request is over.
    public func send(
        _ method: HTTPMethod, _ path: ServicePath, query: KeyValuePairs<String, String> = [:], headers: Headers = [:],
        forward: [String] = [], body: [UInt8]? = nil, timeout: Duration? = nil
    ) async throws -> ServiceResponse {
        var target = path.text
        for (name, value) in query {
            target += target.contains("?") ? "&" : "?"
            target += "\(PercentCode.encoded(name))=\(PercentCode.encoded(value))"
        }
        var request = ServiceCall(service: name, method: method.rawValue, target: target)
        request.fields = headers.programFields
        request.forward = forward
        request.body = body
        request.timeout = timeout
        switch await call.ask(request) {
        case .answer(let answer): return ServiceResponse(answer, name, coding)
        case .failed(let error): throw ServiceError(name, error)
        case .unknownService: throw ServiceError(name, .unknownService)
        case .badCall(let problem): throw ServiceError(name, .badCall(problem))
        case .cancelled: throw CancellationError()
        }
    }

    /// A value by GET.
    ///
    /// - Throws: ``ServiceError``, for statuses other than 2xx too.
    public func get<Value: Decodable>(
        _ path: ServicePath, as type: Value.Type = Value.self, query: KeyValuePairs<String, String> = [:],
        headers: Headers = [:], forward: [String] = [], timeout: Duration? = nil
    ) async throws -> Value {
        try await send(.get, path, query: query, headers: headers, forward: forward, timeout: timeout).decode(type)
    }

    /// Whatever is answered to GET.
    public func get(
        _ path: ServicePath, query: KeyValuePairs<String, String> = [:], headers: Headers = [:],
        forward: [String] = [], timeout: Duration? = nil
    ) async throws -> ServiceResponse {
        try await send(.get, path, query: query, headers: headers, forward: forward, timeout: timeout)
    }

    /// Sends a value as JSON by POST, or another method, and reads the answer as one.
    ///
    /// - Throws: ``ServiceError``, for statuses other than 2xx too.
    public func post<Value: Decodable>(
        _ path: ServicePath, _ value: some Encodable & Sendable, as type: Value.Type = Value.self,
        method: HTTPMethod = .post, headers: Headers = [:], forward: [String] = [], timeout: Duration? = nil
    ) async throws -> Value {
        try await post(path, value, method: method, headers: headers, forward: forward, timeout: timeout).decode(type)
    }

    /// The same with whatever is answered.
    public func post(
        _ path: ServicePath, _ value: some Encodable & Sendable, method: HTTPMethod = .post, headers: Headers = [:],
        forward: [String] = [], timeout: Duration? = nil
    ) async throws -> ServiceResponse {
        var headers = headers
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        let body = Array(try coding.encoder.encode(value))
        return try await send(method, path, headers: headers, forward: forward, body: body, timeout: timeout)
    }
}

/// What a service answered.
public struct ServiceResponse: Sendable {
    /// Whatever it is: only ``decode(_:)`` asks for one of 2xx.
    public let status: Int
    /// As the service sent them.
    public let headers: Headers
    /// All of it, decoded where it was compressed.
    public let body: [UInt8]
    private let service: String
    private let coding: JSONCoding

    init(_ answer: ServiceAnswer, _ service: String, _ coding: JSONCoding) {
        status = answer.status
        headers = Headers(answer.fields)
        body = answer.body
        self.service = service
        self.coding = coding
    }

    /// 200 to 299.
    public var isSuccess: Bool { (200..<300).contains(status) }

    /// The body as a value.
    ///
    /// - Throws: ``ServiceError`` for statuses other than 2xx, and for a body that is something else.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        guard isSuccess else { throw ServiceError(service, .status(status)) }
        do {
            return try coding.decoder.decode(type, from: Data(body))
        } catch let error as DecodingError {
            throw ServiceError(service, .undecodable("it \(error.problem)"))
        }
    }

    /// The same answer for the client: status, type and body.
    public var response: Response {
        var headers: Headers = [:]
        if let type = self.headers["Content-Type"] { headers["Content-Type"] = type }
        return Response(status: status, headers: headers, body: body)
    }
}
