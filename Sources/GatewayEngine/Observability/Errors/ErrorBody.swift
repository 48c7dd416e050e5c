package import HTTPWire

/// The body of an answer that the gateway makes itself.
///
/// Two forms of the same facts. The plain one is `{"error": "not_found", "message": "No route matches this request."}`
/// with the members that belong to the error behind; a client that asks for `application/problem+json` gets RFC 9457's
/// form, in which the stable code stands as the member `error` and the type is `about:blank`, so the title is the
/// status's own phrase (§4.2.1).
///
/// Errors without members and with their default message are written without an allocation: they are what an attack
/// produces by the thousand.
package enum ErrorBody {
    package enum Format: Sendable {
        case json
        case problem

        package var contentType: StaticString {
            switch self {
            case .json: "application/json"
            case .problem: "application/problem+json"
            }
        }

        /// Chosen by the request's `Accept`: the problem form when it is listed by name, and at least as welcome as
        /// plain JSON where both are. A wildcard asks for nothing in particular and gets plain JSON.
        package static func negotiated(for fields: HeaderBlock) -> Format {
            var problem = -1
            var json = -1
            var index = fields.firstIndex(of: .accept)
            while index >= 0 {
                let value = fields.value(index)
                problem = max(problem, MediaRange.quality(of: "application/problem+json", in: value))
                json = max(json, MediaRange.quality(of: "application/json", in: value))
                index = fields.nextIndex(of: .accept, after: index)
            }
            return problem > 0 && problem >= json ? .problem : .json
        }
    }

    /// A member that belongs to one kind of error, as `retry_after` to a refused rate.
    package struct Member: Sendable {
        package enum Value: Sendable {
            case integer(Int)
            case text(String)
            case texts([String])
            /// JSON, as it stands.
            case json([UInt8])
        }

        /// snake_case: written as it stands.
        package var name: StaticString
        package var value: Value

        package init(_ name: StaticString, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// Writes the body with the error's default message, or another constant sentence such as the explanation of what
    /// exactly is malformed. The sentence must be safe in JSON as it stands.
    ///
    /// - Parameter status: where it is not the error's own.
    package static func write(
        _ error: GatewayError, status: Int? = nil, message: StaticString? = nil, members: [Member] = [],
        as format: Format = .json, into buffer: WireBuffer
    ) {
        begin(error, status ?? error.status, as: format, into: buffer)
        buffer.append(message ?? error.message)
        end(error, members, as: format, into: buffer)
    }

    /// The same with a sentence that was put together for this one answer.
    package static func write(
        _ error: GatewayError, text message: String, members: [Member] = [], as format: Format = .json,
        into buffer: WireBuffer
    ) {
        begin(error, error.status, as: format, into: buffer)
        append(json: message, to: buffer)
        end(error, members, as: format, into: buffer)
    }

    /// The same for an error that Swift code has put into words: its code, which is no one's label here, and its sentence.
    package static func write(
        code: String, _ status: Int, _ message: String, as format: Format = .json, into buffer: WireBuffer
    ) {
        switch format {
        case .json:
            put("{\"error\": \"", to: buffer)
            append(json: code, to: buffer)
            put("\", \"message\": \"", to: buffer)
            append(json: message, to: buffer)
        case .problem:
            put("{\"type\": \"about:blank\", \"title\": \"", to: buffer)
            buffer.append(StatusText.reason(status))
            put("\", \"status\": ", to: buffer)
            buffer.append(decimal: status)
            put(", \"detail\": \"", to: buffer)
            append(json: message, to: buffer)
            put("\", \"error\": \"", to: buffer)
            append(json: code, to: buffer)
        }
        put("\"}\n", to: buffer)
    }

    /// An error that is over after some seconds: the sentence says so, and the member `retry_after`. Without an
    /// allocation: whoever asks too much does so often.
    package static func write(
        _ error: GatewayError, retryAfter seconds: Int, as format: Format = .json, into buffer: WireBuffer
    ) {
        begin(error, error.status, as: format, into: buffer)
        buffer.append(error.message)
        put(" Retry after ", to: buffer)
        buffer.append(decimal: seconds)
        put(seconds == 1 ? " second." : " seconds.", to: buffer)
        buffer.append(byte: UInt8(ascii: "\""))
        if format == .problem { putCode(error, to: buffer) }
        put(", \"retry_after\": ", to: buffer)
        buffer.append(decimal: seconds)
        put("}\n", to: buffer)
    }

    /// `gatehouse; error=connection_timeout; details="upstream_connect_timeout"`: the value of `Proxy-Status`.
    /// The gateway's name must be a token or a quoted string already, as configuration makes sure.
    package static func writeProxyStatus(_ error: GatewayError, gateway: Span<UInt8>, into buffer: WireBuffer) {
        buffer.append(gateway)
        put("; ", to: buffer)
        buffer.append(error.proxyStatus)
    }

    /// Makes a literal a `StaticString`; left to itself it would be a `String`, and cost ten times as much.
    private static func put(_ text: StaticString, to buffer: WireBuffer) { buffer.append(text) }

    private static func begin(_ error: GatewayError, _ status: Int, as format: Format, into buffer: WireBuffer) {
        switch format {
        case .json:
            put("{\"error\": \"", to: buffer)
            buffer.append(error.code)
            put("\", \"message\": \"", to: buffer)
        case .problem:
            put("{\"type\": \"about:blank\", \"title\": \"", to: buffer)
            buffer.append(StatusText.reason(status))
            put("\", \"status\": ", to: buffer)
            buffer.append(decimal: status)
            put(", \"detail\": \"", to: buffer)
        }
    }

    private static func end(
        _ error: GatewayError, _ members: [Member], as format: Format, into buffer: WireBuffer
    ) {
        buffer.append(byte: UInt8(ascii: "\""))
        if format == .problem { putCode(error, to: buffer) }
        for member in members {
            put(", \"", to: buffer)
            buffer.append(member.name)
            put("\": ", to: buffer)
            append(member.value, to: buffer)
        }
        put("}\n", to: buffer)
    }

    private static func putCode(_ error: GatewayError, to buffer: WireBuffer) {
        put(", \"error\": \"", to: buffer)
        buffer.append(error.code)
        buffer.append(byte: UInt8(ascii: "\""))
    }

    private static func append(_ value: Member.Value, to buffer: WireBuffer) {
        switch value {
        case .integer(let number):
            buffer.append(decimal: number)
        case .text(let text):
            buffer.append(byte: UInt8(ascii: "\""))
            append(json: text, to: buffer)
            buffer.append(byte: UInt8(ascii: "\""))
        case .json(let bytes): buffer.append(bytes.span)
        case .texts(let texts):
            buffer.append(byte: UInt8(ascii: "["))
            for (index, text) in texts.enumerated() {
                put(index == 0 ? "\"" : ", \"", to: buffer)
                append(json: text, to: buffer)
                buffer.append(byte: UInt8(ascii: "\""))
            }
            buffer.append(byte: UInt8(ascii: "]"))
        }
    }

    private static func append(json text: String, to buffer: WireBuffer) {
        var line = LineWriter(capacity: 256)
        line.append(json: text)
        buffer.append(line.span)
    }
}
