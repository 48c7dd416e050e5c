internal import CSystem

/// An IP address and port, 20 bytes: IPv4 is kept in its IPv6-mapped form so that one comparison serves both.
package struct SocketAddress: Sendable, Hashable {
    /// The address as two big-endian words.
    package var high: UInt64
    package var low: UInt64
    package var port: UInt16
    package var isIPv6: Bool

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    package init(high: UInt64, low: UInt64, port: UInt16, isIPv6: Bool) {
        self.high = high
        self.low = low
        self.port = port
        self.isIPv6 = isIPv6
    }

    package init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: Self.mappedPrefix | UInt64(ipv4), port: port, isIPv6: false)
    }

    /// From 16 bytes, as two big-endian words: IPv4 in its mapped form is IPv4.
    package init(mapped high: UInt64, _ low: UInt64, port: UInt16) {
        let isIPv4 = high == 0 && low & 0xFFFF_FFFF_0000_0000 == Self.mappedPrefix
        self.init(high: high, low: low, port: port, isIPv6: !isIPv4)
    }

    package static let unspecified = SocketAddress(ipv4: 0, port: 0)

    /// An IPv4 or IPv6 literal without brackets.
    package init?(literal: String, port: UInt16) {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, literal, &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr), port: port)
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, literal, &six) == 1 else { return nil }
        self.init(six, port: port)
    }

    init(_ six: in6_addr, port: UInt16) {
        var six = six
        let (high, low) = unsafe withUnsafeBytes(of: &six) { bytes in
            unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(mapped: high, low, port: port)
    }

    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let (address, port) = unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    unsafe ($0.pointee.sin_addr.s_addr, $0.pointee.sin_port)
                }
            }
            self.init(ipv4: UInt32(bigEndian: address), port: UInt16(bigEndian: port))
        case AF_INET6:
            let (address, port) = unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    unsafe ($0.pointee.sin6_addr, $0.pointee.sin6_port)
                }
            }
            self.init(address, port: UInt16(bigEndian: port))
        default:
            return nil
        }
    }

    /// The address in the system's form, and its length.
    var storage: (sockaddr_storage, socklen_t) {
        var storage = sockaddr_storage()
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            let words = (high.bigEndian, low.bigEndian)
            unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { target in
                unsafe withUnsafeBytes(of: words) { unsafe target.copyMemory(from: $0) }
            }
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe withUnsafeBytes(of: address) { unsafe target.copyMemory(from: $0) }
            }
            return (storage, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe withUnsafeBytes(of: address) { unsafe target.copyMemory(from: $0) }
        }
        return (storage, socklen_t(MemoryLayout<sockaddr_in>.size))
    }

    package var isLoopback: Bool {
        isIPv6 ? high == 0 && low == 1 : (low >> 24) & 0xFF == 127
    }

    /// The address without port: `127.0.0.1`, `2001:db8::1`. Not for the path of a request.
    package var host: String {
        let (storage, _) = self.storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        var copy = storage
        unsafe withUnsafePointer(to: &copy) { pointer in
            if isIPv6 {
                unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                    var address = unsafe six.pointee.sin6_addr
                    _ = unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
                }
            } else {
                unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                    var address = unsafe four.pointee.sin_addr
                    _ = unsafe inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
                }
            }
        }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
