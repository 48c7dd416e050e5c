internal import CSystem

/// A service manager's ear: takes the datagrams of sd_notify(3).
public final class NotifySocket: Sendable {
    private let descriptor: Int32
    public let path: String
    private let heard = Monitor<[String]>([])

    /// Listens at a path where nothing is yet.
    public init(path: String) throws {
        self.path = path
        var address = sockaddr_un()
        var length = socklen_t(0)
        descriptor = gh_local_socket(Int32(SOCK_DGRAM.rawValue))
        // SAFETY: local variables; the address is as long as the call has said.
        let isBound =
            unsafe gh_local_address(path, &address, &length) == 0
            && withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, length) == 0
                }
            }
        guard isBound else { throw KitFailure(.system, "no socket at \(path): errno \(gh_errno())") }
        try WorkerThread.start { [descriptor, heard] in
            var bytes = [UInt8](repeating: 0, count: 4_096)
            while true {
                // SAFETY: as many bytes as the array has.
                let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
                if count <= 0 { break }
                heard.withLock { $0.append(String(decoding: bytes[..<count], as: UTF8.self)) }
            }
            close(descriptor)
        }
    }

    /// The thread closes it when it has heard.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    public var messages: [String] { heard.withLock { $0 } }

    /// Waits for a message that has this in it.
    public func wait(for text: String) throws {
        try heard.wait(for: "\(text); so far: \(messages)") { $0.contains { $0.contains(text) } ? () : nil }
    }
}
