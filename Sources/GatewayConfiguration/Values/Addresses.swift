#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 or IPv6 literal as 16 bytes, IPv4 in its mapped form.
struct IPAddress {
    var high: UInt64
    var low: UInt64
    var isIPv6: Bool

    static func parse(_ text: some StringProtocol) -> IPAddress? {
        guard text.utf8.count <= 45 else { return nil }
        let literal = String(text)
        if literal.contains(":") {
            var storage = in6_addr()
            // inet_pton writes exactly the structure that it is given.
            guard unsafe inet_pton(AF_INET6, literal, &storage) == 1 else { return nil }
            let bytes = unsafe withUnsafeBytes(of: storage) { unsafe Array($0) }
            func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
            return IPAddress(high: word(0..<8), low: word(8..<16), isIPv6: true)
        }
        var storage = in_addr()
        guard unsafe inet_pton(AF_INET, literal, &storage) == 1 else { return nil }
        return IPAddress(high: 0, low: 0xffff_0000_0000 | UInt64(UInt32(bigEndian: storage.s_addr)), isIPv6: false)
    }

    var isLoopback: Bool {
        isIPv6 ? high == 0 && low == 1 || isMapped && low >> 24 & 0xff == 127 : low >> 24 & 0xff == 127
    }

    private var isMapped: Bool { high == 0 && low >> 32 == 0xffff }
}

extension SocketAddressConfiguration {
    static let fix = "write address:port, as in 0.0.0.0:8080, :8080 or [::1]:8080"

    /// `0.0.0.0:8080`, `[::1]:8080`, `:8080`, `*:8080`, `localhost:8080`.
    /// Addresses, not names: what a name resolves to can change between check and run.
    static func parse(_ text: String) throws(Problem) -> SocketAddressConfiguration {
        if text.hasPrefix("unix:") || text.hasPrefix("/") {
            throw Problem("is a Unix socket, which cannot be listened on yet", fix: fix)
        }
        guard let colon = text.lastIndex(of: ":") else {
            if Int(text) != nil { throw Problem("is not an address", fix: fix, suggestion: ":" + text) }
            throw Problem("has no port", fix: fix, suggestion: text.isEmpty ? nil : text + ":8080")
        }
        var host = text[..<colon]
        let port = try Port.parse(text[text.index(after: colon)...], allowsZero: true)
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), let literal = IPAddress.parse(host.dropFirst().dropLast()), literal.isIPv6 else {
                throw Problem("has no IPv6 address between its brackets", fix: fix)
            }
            return SocketAddressConfiguration(host: host.dropFirst().dropLast().lowercased(), port: port)
        }
        if host.contains(":") {
            throw Problem("has an IPv6 address without brackets", fix: fix, suggestion: "[\(host)]:\(port)")
        }
        if host == "localhost" { host = "127.0.0.1" }
        guard host.isEmpty || host == "*" || IPAddress.parse(host) != nil else {
            throw Problem("has a name where an address must stand", part: String(host), fix: fix)
        }
        return SocketAddressConfiguration(host: String(host), port: port)
    }

    var isLoopback: Bool { IPAddress.parse(host)?.isLoopback ?? false }
}

/// Digits only: no sign, no service name, which could mean another number on another machine.
enum Port {
    static func parse(_ text: some StringProtocol, allowsZero: Bool = false) throws(Problem) -> UInt16 {
        guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(String(text)), allowsZero || port > 0
        else {
            throw Problem("has a port that is not a number from 1 to 65535", part: String(text))
        }
        return port
    }
}

extension NetworkPrefix {
    /// `10.0.0.0/8`, `fd00::/8`, or a single address.
    /// Bits beyond the length are an error: `10.0.0.1/8` may mean the block or the one address, and who is trusted should
    /// not depend on a guess.
    static func parse(_ text: String) throws(Problem) -> NetworkPrefix {
        let fix = "write a block such as 10.0.0.0/8 or fd00::/8"
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress.parse(halves[0]) else {
            throw Problem("is not an address or a block of addresses", fix: fix)
        }
        let width = address.isIPv6 ? 128 : 32
        var length = width
        if halves.count == 2 {
            guard let given = Int(halves[1]), (0...width).contains(given), halves[1].utf8.first != UInt8(ascii: "+")
            else {
                throw Problem("has a prefix length that is not a number from 0 to \(width)", fix: fix)
            }
            length = given
        }
        let prefix = NetworkPrefix(high: address.high, low: address.low, length: length + 128 - width)
        let highMask: UInt64 = prefix.length >= 64 ? .max : ~(UInt64.max >> UInt64(prefix.length))
        let lowMask: UInt64 = prefix.length <= 64 ? 0 : ~(UInt64.max >> UInt64(prefix.length - 64))
        guard prefix.high & ~highMask == 0, prefix.low & ~lowMask == 0 else {
            throw Problem(
                "has bits set beyond its prefix length",
                fix: "write the first address of the block, or /\(width) for this one address")
        }
        return prefix
    }
}
