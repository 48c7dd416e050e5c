internal import Reactor

/// Finds ports that nobody listens on. Someone else may be quicker between here and the gateway's own binding; then that
/// fails with a clear line.
enum FreePorts {
    /// Below those that systems give to connections, so that none of these is quicker.
    private static let anywhere: Range<UInt16> = 20_000..<32_000

    /// The first that is free, from `first` on; 0: one that is.
    static func find(from first: UInt16, besides taken: Set<UInt16> = []) -> UInt16? {
        if first == 0 {
            for _ in 0..<256 {
                let port = UInt16.random(in: anywhere)
                if !taken.contains(port), probe(port) != nil { return port }
            }
            return nil
        }
        for port in first...max(first, first <= .max - 200 ? first + 200 : .max) where !taken.contains(port) {
            if probe(port) != nil { return port }
        }
        return nil
    }

    /// The port, if it can be listened on.
    static func probe(_ port: UInt16) -> UInt16? {
        // Not shared: a gateway that listens there must be noticed.
        guard let descriptor = try? ListeningSocket.bind(SocketAddress(ipv4: 0x7F00_0001, port: port), shared: false)
        else { return nil }
        defer { ListeningSocket.discard(descriptor) }
        return ListeningSocket.address(of: descriptor)?.port
    }
}
