internal import GatewayEngine

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A request as handlers and policies see it: a value, to be kept or handed on as you like.
///
/// It has passed the policies of its route: its path is in normal form, its framing is sound, and where the route asks
/// for it, its caller is known (``RequestContext/caller``).
public struct Request: Sendable {
    /// As the client sent it.
    public let method: HTTPMethod
    /// In normal form, the stage removed: what the route has matched.
    public let path: String
    /// The parameters behind `?`.
    public let query: Query
    /// What the request's `Host` says, or the authority of its target.
    public let host: String
    /// Without the fields that concern only the client's connection.
    public internal(set) var headers: Headers
    /// The values of the route's path, as `id` of `/users/{id}`.
    public let parameters: Parameters
    /// All of the body, at most `limits.buffered_body`. It is empty for policies, which come before it is read.
    public let body: [UInt8]
    /// Whether the client speaks TLS with this gateway, or with a trusted proxy in front of it.
    public let isSecure: Bool

    let decoder: JSONDecoder

    init(_ request: ProgramRequest, decoder: JSONDecoder) {
        method = HTTPMethod(rawValue: request.method)
        path = request.path
        query = Query(request.query)
        host = request.host
        headers = Headers(request.fields)
        parameters = Parameters(request.parameters)
        body = request.body
        isSecure = request.isTLS
        self.decoder = decoder
    }

    /// The body, read as JSON.
    ///
    /// - Throws: ``Refusal`` with 415 when the body is not said to be JSON, or is compressed, and with 400 when it is not
    ///   what `type` asks for. What exactly is wrong with it is told by its path, not by its values.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        if let coding = headers["Content-Encoding"], !Headers.equal(coding, "identity") {
            throw Refusal(415, "request_body_encoded", "The request's body is compressed, which is not accepted here.")
        }
        guard MediaType.isJSON(headers["Content-Type"]) else {
            throw Refusal(415, "unsupported_media_type", "The request's body must be JSON.")
        }
        do {
            return try decoder.decode(Value.self, from: Data(body))
        } catch let error as DecodingError {
            throw Refusal(400, "request_body_malformed", "The request's body \(error.problem).")
        }
    }
}

/// The parameters of a query, decoded, in their order.
public struct Query: Sendable, Hashable {
    private let items: [(name: String, value: String)]

    /// Reads `a=1&b=two%20words`.
    public init(_ text: String) {
        items = text.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentCode.decoded(parts[0], plus: true),
                parts.count > 1 ? PercentCode.decoded(parts[1], plus: true) : ""
            )
        }
    }

    /// The value of the first parameter of this name; "" where it has none.
    public subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// The values of all of this name.
    public func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// A value of another type, such as a number.
    ///
    /// - Returns: nil when it is not there.
    /// - Throws: ``Refusal`` with 400 when it is not of the type.
    public func value<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        guard let text = self[name] else { return nil }
        guard let value = Value(text) else {
            throw Refusal(400, "parameter_invalid", "The parameter \(name) is not of the type that it must be.")
        }
        return value
    }

    public static func == (one: Query, other: Query) -> Bool {
        one.items.elementsEqual(other.items) { $0.name == $1.name && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for item in items {
            hasher.combine(item.name)
            hasher.combine(item.value)
        }
    }
}

/// What stood in the places of a route's path: `id` of `/users/{id}`, decoded.
public struct Parameters: Sendable {
    private let items: [ProgramField]

    init(_ items: [ProgramField]) { self.items = items }

    /// nil when the route's path has no such parameter.
    public subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// A value of another type, such as a number.
    ///
    /// - Throws: ``Refusal``: 400 when it is not of the type; 500 when the route's path has no such parameter.
    public func require<Value: LosslessStringConvertible>(
        _ name: String, as type: Value.Type = String.self
    ) throws -> Value {
        guard let text = self[name] else { throw MissingParameter(name: name) }
        guard let value = Value(text) else {
            throw Refusal(400, "parameter_invalid", "The parameter \(name) is not of the type that it must be.")
        }
        return value
    }
}

/// A mistake in the program: its route has no such parameter.
struct MissingParameter: Error, CustomStringConvertible {
    let name: String
    var description: String { "the route's path has no parameter {\(name)}" }
}
