internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Who a request comes from: the peer, or, when the peer is a trusted proxy, whom it names.
///
/// `X-Forwarded-For` is read from its right end, the only one that trusted proxies have written: trusted addresses are
/// passed over, and the first one that is not trusted is the client. What stands left of it is hearsay. An entry that is
/// no address ends the search at the proxy that passed it on.
enum ClientAddress {
    static func find(_ fields: HeaderBlock, peer: SocketAddress, trusted: [NetworkPrefix]) -> SocketAddress {
        var client = peer
        // Lines are one list, the last line its end (RFC 9110 §5.3).
        var line = fields.count - 1
        while line >= 0 {
            let field = fields.field(line)
            if field.known == .xForwardedFor && !field.isRemoved {
                let list = fields.value(line)
                var end = list.count
                while end >= 0 {
                    guard let address = lastAddress(list, &end) else { return client }
                    client = address
                    if !trusted.contains(where: { $0.contains(high: address.high, low: address.low) }) { return client }
                }
            }
            line -= 1
        }
        return client
    }

    /// The address before `end`, which moves in front of it; to -1 at the list's beginning.
    private static func lastAddress(_ list: Span<UInt8>, _ end: inout Int) -> SocketAddress? {
        var stop = end
        while stop > 0, isBlank(list[stop - 1]) { stop -= 1 }
        var start = stop
        while start > 0, list[start - 1] != UInt8(ascii: ",") { start -= 1 }
        end = start - 1
        while start < stop, isBlank(list[start]) { start += 1 }
        return SocketAddress(parsing: list.extracting(start..<stop))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
