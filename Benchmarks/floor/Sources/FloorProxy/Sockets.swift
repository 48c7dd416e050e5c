internal import CFloorLibuv
internal import Glibc

/// The few socket calls the bare proxies need, without anything around them.
enum Sockets {
    static func fail(_ what: String) -> Never {
        // `errno` first: whatever prints may change it.
        let code = errno
        print("\(what): error \(code)")
        exit(1)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func enable(_ option: Int32, level: Int32, on descriptor: Int32) {
        var on: Int32 = 1
        // The kernel copies the option's value before the call returns.
        _ = unsafe setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    static func listen(on port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        enable(SO_REUSEADDR, level: SOL_SOCKET, on: descriptor)
        var address = loopback(port)
        // `bind` wants the generic form of the address, and copies it.
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, Glibc.listen(descriptor, 4096) == 0 else { fail("listen") }
        return descriptor
    }

    /// A client's connection, or nil when none waits.
    static func accept(from listener: Int32) -> Int32? {
        let descriptor = floor_accept(listener)
        guard descriptor >= 0 else { return nil }
        enable(Int32(TCP_NODELAY), level: Int32(IPPROTO_TCP), on: descriptor)
        return descriptor
    }

    /// Connects and waits for it: on loopback that is at once, and it happens only while the pool fills.
    static func connect(to port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port)
        // As for `bind`.
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { fail("connect") }
        enable(Int32(TCP_NODELAY), level: Int32(IPPROTO_TCP), on: descriptor)
        return descriptor
    }
}
