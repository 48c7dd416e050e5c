internal import Reactor

/// Finds ports that nobody listens on. Someone else may be quicker between here and the gateway's own binding; then that
/// fails with a clear line.
enum FreePorts {
    /// The first that is free, from `first` on; 0 lets the system choose.
    static func find(from first: UInt16, besides taken: Set<UInt16> = []) -> UInt16? {
        if first == 0 {
            for _ in 0..<16 {
                if let port = probe(0), !taken.contains(port) { return port }
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
