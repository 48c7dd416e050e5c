internal import HTTPWire
internal import Identity

/// The key of a WebSocket's handshake and the answer to it (RFC 6455 §1.3). It keeps caches and servers that know nothing
/// of WebSocket from taking part by accident; clients of HTTP/1.1 see to it themselves, for those of HTTP/2 the gateway does.
enum WebSocketKey {
    static let name = Array("sec-websocket-key".utf8)
    static let acceptName = Array("sec-websocket-accept".utf8)
    static let versionName = Array("sec-websocket-version".utf8)
    private static let suffix: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Sixteen bytes of chance, in base64.
    static func make(_ high: UInt64, _ low: UInt64, _ scratch: WireBuffer) -> [UInt8] {
        let bytes = [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        scratch.removeAll()
        Base64Text.write(bytes.span, into: scratch)
        return scratch.bytes
    }

    static func accept(_ key: Span<UInt8>, _ scratch: WireBuffer) -> [UInt8] {
        scratch.removeAll()
        scratch.append(key)
        scratch.append(suffix)
        let digest = SHA1.hash(scratch.span)
        scratch.removeAll()
        Base64Text.write(digest.span, into: scratch)
        return scratch.bytes
    }
}
