internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// What a request's fields say about where it came from, rebuilt by trust: what a client that nobody vouches for says
/// about itself is thrown away, what a trusted proxy says is continued.
enum ForwardedFields {
    /// By itself, for the search that takes `_` for `-`.
    static let clientCertificate = Array("x-forwarded-client-cert".utf8)

    static func edit(
        _ request: RequestHead, client: ClientIdentity, address: Span<UInt8>, scheme: StaticString,
        authority: ByteRange, prefix: ByteRange, snapshot: Snapshot, scratch: WireBuffer
    ) {
        let fields = request.fields
        if client.isTrusted {
            continueChain(fields, address, scratch)
            if !fields.contains(.xForwardedProto) { fields.append(.xForwardedProto, scheme) }
            if !fields.contains(.xForwardedHost) { fields.append(.xForwardedHost, fields.bytes(authority)) }
        } else {
            fields.remove(.forwarded)
            fields.remove(.xForwardedPort)
            fields.remove(.xForwardedPrefix)
            fields.remove(.xRealIP)
            fields.set(.xForwardedFor, address)
            fields.set(.xForwardedProto, scheme)
            fields.set(.xForwardedHost, fields.bytes(authority))
        }
        if !prefix.isEmpty { fields.set(.xForwardedPrefix, fields.bytes(prefix)) }
        if snapshot.addsForwarded {
            appendForwarded(fields, client, address, scheme, authority, scratch)
        }
        if snapshot.addsVia {
            let via = request.isHTTP2 ? snapshot.http2Via : snapshot.via(minorVersion: request.minorVersion)
            fields.append(.via, via.span)
        }
    }

    /// Appends the peer to the addresses that the trusted proxy passed on, as one field.
    private static func continueChain(_ fields: HeaderBlock, _ address: Span<UInt8>, _ buffer: WireBuffer) {
        let first = fields.firstIndex(of: .xForwardedFor)
        guard first >= 0 else {
            fields.append(.xForwardedFor, address)
            return
        }
        buffer.removeAll()
        var index = first
        while index >= 0 {
            buffer.append(fields.value(index))
            buffer.append(", ")
            index = fields.nextIndex(of: .xForwardedFor, after: index)
        }
        buffer.append(address)
        fields.set(.xForwardedFor, buffer.span)
    }

    /// RFC 7239: `for=192.0.2.60;proto=http;host=example.com`, IPv6 addresses quoted in brackets.
    private static func appendForwarded(
        _ fields: HeaderBlock, _ client: ClientIdentity, _ address: Span<UInt8>, _ scheme: StaticString,
        _ authority: ByteRange, _ buffer: WireBuffer
    ) {
        buffer.removeAll()
        var index = fields.firstIndex(of: .forwarded)
        while index >= 0 {
            buffer.append(fields.value(index))
            buffer.append(", ")
            index = fields.nextIndex(of: .forwarded, after: index)
        }
        buffer.append(client.address.isIPv6 ? "for=\"[" : "for=")
        buffer.append(address)
        buffer.append(client.address.isIPv6 ? "]\";proto=" : ";proto=")
        buffer.append(scheme)
        if !authority.isEmpty {
            // The scanner has checked that an authority holds neither quotes nor backslashes.
            buffer.append(";host=\"")
            buffer.append(from: fields, authority)
            buffer.append("\"")
        }
        fields.set(.forwarded, buffer.span)
    }

    /// `Upgrade` to something other than HTTP/2, which is an offer that may be ignored (RFC 9110 §7.8).
    /// `Upgrade: websocket`, as the only one: a list would leave open what the answer 101 means.
    static func namesWebSocket(_ fields: HeaderBlock) -> Bool {
        let index = fields.firstIndex(of: .upgrade)
        guard index >= 0, fields.nextIndex(of: .upgrade, after: index) < 0 else { return false }
        let value = fields.value(index)
        let name: InlineArray<9, UInt8> = [0x77, 0x65, 0x62, 0x73, 0x6F, 0x63, 0x6B, 0x65, 0x74]  // "websocket"
        guard value.count == name.count else { return false }
        for offset in 0..<name.count where value[offset] | 0x20 != name[offset] { return false }
        return true
    }

    static func asksForTunnel(_ fields: HeaderBlock) -> Bool {
        var index = fields.firstIndex(of: .upgrade)
        while index >= 0 {
            let value = fields.value(index)
            let isHTTP2 = value.count >= 2 && value[0] | 0x20 == UInt8(ascii: "h") && value[1] == UInt8(ascii: "2")
            if !isHTTP2 { return true }
            index = fields.nextIndex(of: .upgrade, after: index)
        }
        return false
    }
}
