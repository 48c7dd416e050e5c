internal import HTTPWire

/// The hash by which a key finds its side: FNV-1a with 64 bits over the route's name, a zero byte, the kind of the key, a
/// zero byte and the value, finished by MurmurHash3's mixer `fmix64`.
///
/// Both are published and fixed, and nothing in it is drawn at random: every node, and every process after the next
/// restart, gives a key the same place. The route's name is in it, so that the clients that meet the new version of one
/// service are not the same that meet the new version of another.
struct KeyHash {
    private static let prime: UInt64 = 0x0000_0100_0000_01B3
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init() {}

    @inline(__always)
    mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* Self.prime }

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { add(bytes[index]) }
    }

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(UInt8(0))
    }

    /// Big-endian.
    mutating func add(_ word: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) { add(UInt8(truncatingIfNeeded: word >> shift)) }
    }

    /// The place of the key among all: 64 bits, evenly spread.
    var point: UInt64 {
        var value = state
        value = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ (value >> 33)
    }
}
