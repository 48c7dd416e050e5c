internal import GatewayEngine

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a handler, or a policy, answers.
///
/// How it is framed (`Content-Length`, `Transfer-Encoding`, `Connection`) is the gateway's affair: such fields are left
/// out. It goes the way of every answer of its route: transformed, validated and compressed as the configuration says.
public struct Response: Sendable {
    /// 200 to 599; others become an error.
    public var status: Int
    /// Those of the answer itself; the gateway adds `Date`, `X-Request-Id` and what the configuration asks for.
    public var headers: Headers
    var body: ProgramAnswer.Body

    /// Bytes as they are.
    public init(status: Int = 200, headers: Headers = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = .bytes(body)
    }

    /// A text, as `text/plain` unless a field says otherwise.
    public init(status: Int = 200, headers: Headers = [:], text: String) {
        self.init(status: status, headers: headers, body: Array(text.utf8))
        if self.headers["Content-Type"] == nil { self.headers["Content-Type"] = "text/plain; charset=utf-8" }
    }

    /// A value as JSON.
    ///
    /// - Throws: what the encoder throws.
    public static func json(
        _ value: some Encodable, status: Int = 200, headers: Headers = [:], encoder: JSONEncoder = .gatehouse
    ) throws -> Response {
        var response = Response(status: status, headers: headers, body: Array(try encoder.encode(value)))
        if response.headers["Content-Type"] == nil { response.headers["Content-Type"] = "application/json" }
        return response
    }

    /// Pieces as they come, in chunks or in frames of HTTP/2. The next one is asked for when the client has taken enough of
    /// those before; when it goes away, the sequence's task is cancelled.
    ///
    /// An error that the sequence throws breaks the answer off, which the client can tell from an end.
    public static func stream<Pieces: AsyncSequence & Sendable>(
        status: Int = 200, headers: Headers = [:], _ pieces: Pieces
    ) -> Response where Pieces.Element: Sequence, Pieces.Element.Element == UInt8 {
        stream(status: status, headers: headers) { writer in
            for try await piece in pieces { try await writer.write(Array(piece)) }
        }
    }

    /// The same, written by a closure.
    public static func stream(
        status: Int = 200, headers: Headers = [:], _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> Response {
        var response = Response(status: status, headers: headers)
        response.body = .stream { try await write(ResponseWriter(writer: $0)) }
        return response
    }

    /// A status without a body: 204 unless another is given.
    public static func empty(status: Int = 204, headers: Headers = [:]) -> Response {
        Response(status: status, headers: headers)
    }

    /// Sends the client elsewhere.
    public static func redirect(to location: String, status: Int = 302) -> Response {
        Response(status: status, headers: ["Location": location])
    }

    var answer: ProgramAnswer { ProgramAnswer(status: status, fields: headers.programFields, body: body) }
}

/// Takes the pieces of an answer that is written as it comes to be.
public struct ResponseWriter: Sendable {
    let writer: ProgramWriter

    /// Sends bytes, and returns when more may be sent.
    ///
    /// - Throws: `CancellationError` when the client is gone, or the answer was broken off.
    public func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }

    /// Sends a text.
    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }
}

extension JSONEncoder {
    /// How handlers write JSON unless they are told otherwise: keys sorted, so that equal values are equal texts.
    public static var gatehouse: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
