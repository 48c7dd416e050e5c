internal import GatewayConfiguration
internal import Reactor

/// Writes the PROXY header with which a connection to an endpoint begins.
enum ProxyHeaderWriter {
    /// - Parameter origin: whose requests the connection carries; nil: the gateway's own.
    static func write(_ version: ServiceConfiguration.ProxyVersion, _ origin: ProxyOrigin?) -> [UInt8] {
        switch version {
        case .v1: line(origin)
        case .v2: block(origin)
        }
    }

    /// Both addresses in one family: an IPv4 address beside an IPv6 one is written in its mapped form.
    private static func line(_ origin: ProxyOrigin?) -> [UInt8] {
        guard let origin else { return Array("PROXY UNKNOWN\r\n".utf8) }
        let (source, destination) = (origin.source, origin.destination)
        let isIPv6 = source.isIPv6 || destination.isIPv6
        func text(_ address: SocketAddress) -> String {
            isIPv6 && !address.isIPv6 ? "::ffff:\(address.host)" : address.host
        }
        let addresses = "\(text(source)) \(text(destination)) \(source.port) \(destination.port)"
        return Array("PROXY \(isIPv6 ? "TCP6" : "TCP4") \(addresses)\r\n".utf8)
    }

    private static func block(_ origin: ProxyOrigin?) -> [UInt8] {
        guard let origin else { return ProxyHeaderParser.signature + [0x20, 0, 0, 0] }
        let (source, destination) = (origin.source, origin.destination)
        let ports = bytes(source.port) + bytes(destination.port)
        if source.isIPv6 || destination.isIPv6 {
            let addresses = bytes(source.high) + bytes(source.low) + bytes(destination.high) + bytes(destination.low)
            return ProxyHeaderParser.signature + [0x21, 0x21, 0, 36] + addresses + ports
        }
        let addresses =
            bytes(UInt32(truncatingIfNeeded: source.low)) + bytes(UInt32(truncatingIfNeeded: destination.low))
        return ProxyHeaderParser.signature + [0x21, 0x11, 0, 12] + addresses + ports
    }

    /// Big-endian.
    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
