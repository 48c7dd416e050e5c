internal import HTTPWire

/// The method names of one table, as bits of a word: a route's methods are tested with one `and`.
///
/// The standard methods have the bit of their `Method`; others that the configuration names come behind them. Bit 63
/// stands for any method that no route names, which only routes without a list take.
struct MethodNames: Sendable {
    /// Takes every method.
    static let any = UInt64.max
    private static let unlisted: UInt64 = 1 << 63
    private static let firstOther = Int(Method.other.rawValue)

    private static let standard: [(Method, String)] = [
        (.get, "GET"), (.head, "HEAD"), (.post, "POST"), (.put, "PUT"), (.delete, "DELETE"), (.options, "OPTIONS"),
        (.patch, "PATCH"), (.trace, "TRACE"), (.connect, "CONNECT"), (.query, "QUERY"),
    ]

    /// Method names that are not standard ones, in the order of their bits.
    private(set) var others: [[UInt8]] = []

    /// Stored in the value, because a static constant that asks another module is initialised lazily, behind a lock word.
    let headBit = UInt64(1) << UInt64(Method.head.rawValue)
    let getBit = UInt64(1) << UInt64(Method.get.rawValue)
    private let otherNumber = Method.other.rawValue

    /// The bit of a method of the configuration; nil when there are too many of them (more than 50 beside the standard).
    mutating func add(_ name: String) -> UInt64? {
        for (method, text) in Self.standard where text == name { return 1 << UInt64(method.rawValue) }
        let bytes = Array(name.utf8)
        if let index = others.firstIndex(of: bytes) { return 1 << UInt64(Self.firstOther + index) }
        guard Self.firstOther + others.count < 63 else { return nil }
        others.append(bytes)
        return 1 << UInt64(Self.firstOther + others.count - 1)
    }

    /// The bit of a request's method. Methods are case-sensitive (RFC 9110 §9.1).
    @inline(__always)
    func bit(of method: Method, _ text: Span<UInt8>) -> UInt64 {
        // By number: comparing cases of another module's enumeration goes through its protocol witness.
        let number = method.rawValue
        return number == otherNumber ? otherBit(text) : 1 &<< UInt64(number)
    }

    private func otherBit(_ text: Span<UInt8>) -> UInt64 {
        for index in others.indices {
            let other = others[index]
            if Bytes.equal(other.span, text) { return 1 << UInt64(Self.firstOther + index) }
        }
        return Self.unlisted
    }

    /// Names of a mask, sorted, as `Allow` lists them.
    func names(of mask: UInt64) -> [String] {
        var names = Self.standard.filter { mask & (1 << UInt64($0.0.rawValue)) != 0 }.map(\.1)
        for (index, other) in others.enumerated() where mask & (1 << UInt64(Self.firstOther + index)) != 0 {
            names.append(String(decoding: other, as: UTF8.self))
        }
        return names.sorted()
    }
}
