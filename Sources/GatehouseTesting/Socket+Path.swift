internal import CSystem

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Sockets in the file system.
extension Socket {
    /// Listens at a path, where nothing must be yet.
    static func listen(path: String) throws -> Socket {
        let listener = Socket(adopting: try make(path))
        // SAFETY: the address is as long as it says.
        let outcome = unsafe listener.withAddress(path) { unsafe systemBind($0, $1, $2) }
        guard outcome == 0, listener.listen() == 0 else {
            throw KitFailure(.system, "listen at \(path): \(systemMessage(errno))")
        }
        return listener
    }

    /// Such a connection is there at once, or never.
    static func connect(path: String) throws -> Socket {
        let connection = Socket(adopting: try make(path))
        // SAFETY: as above.
        guard unsafe connection.withAddress(path, { unsafe systemConnect($0, $1, $2) }) == 0 else {
            throw KitFailure(.system, "connect to \(path): \(systemMessage(errno))")
        }
        return connection
    }

    private static func make(_ path: String) throws -> Int32 {
        guard path.utf8.count < 104 else { throw KitFailure(.system, "\(path) is too long for a socket") }
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw KitFailure(.system, "socket: \(systemMessage(errno))") }
        return descriptor
    }

    private func listen() -> Int32 { withDescriptor { systemListen($0, 64) } ?? -1 }

    @unsafe private func withAddress(
        _ path: String, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `make` has seen that the path and its null fit; the address lives across the call.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        return withDescriptor { descriptor in
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        } ?? -1
    }
}
