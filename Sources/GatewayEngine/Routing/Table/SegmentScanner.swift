/// Finds where a path segment ends and hashes it on the way: eight bytes a step, each read once.
///
/// The same function hashes the literals of the table when it is compiled and the segments of requests when they are
/// matched, so the two cannot drift apart.
enum SegmentScanner {
    struct Segment {
        /// The offset of the slash behind the segment, or the end of the bytes.
        var end: Int
        var hash: UInt64
    }

    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let slashes: UInt64 = 0x2F2F_2F2F_2F2F_2F2F

    /// The segment that starts at `start`, which is at most the count.
    @inline(__always)
    static func scan(_ bytes: Span<UInt8>, from start: Int) -> Segment {
        var hash: UInt64 = 0
        var position = start
        while true {
            let left = bytes.count &- position
            let size = min(left, 8)
            let word = load(bytes, at: position, size)
            // The lowest set high bit marks the first slash: borrows only spoil the bytes above it.
            let difference = word ^ slashes
            let found = (difference &- lowBits) & ~difference & highBits
            if found != 0 {
                let length = found.trailingZeroBitCount &>> 3
                if length < size {
                    return Segment(
                        end: position &+ length,
                        hash: finish(mix(hash, word & mask(length)), position &+ length &- start))
                }
            }
            position &+= size
            hash = mix(hash, word)
            if size < 8 { return Segment(end: position, hash: finish(hash, position &- start)) }
        }
    }

    /// The hash of bytes that are known to hold no slash, such as a host.
    static func hash(_ bytes: Span<UInt8>) -> UInt64 { scan(bytes, from: 0).hash }

    /// `size` bytes (at most 8) as a little-endian word, the rest zero.
    @inline(__always)
    private static func load(_ bytes: Span<UInt8>, at position: Int, _ size: Int) -> UInt64 {
        if size == 8 {
            // Eight bytes lie before the end, and the load itself checks that again.
            return unsafe UInt64(
                littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        if bytes.count >= 8 {
            // The last eight bytes, shifted so that those before `position` fall out; a shift by 64 gives zero.
            let word = unsafe UInt64(
                littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: bytes.count &- 8, as: UInt64.self))
            return word >> UInt64(8 &* (8 &- size))
        }
        var word: UInt64 = 0
        for index in 0..<size { word |= UInt64(bytes[position &+ index]) &<< UInt64(8 &* index) }
        return word
    }

    @inline(__always)
    private static func mask(_ length: Int) -> UInt64 { (1 &<< UInt64(8 &* length)) &- 1 }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word ^ factor).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }

    /// The length tells a segment that ends in zero bytes from a shorter one.
    @inline(__always)
    private static func finish(_ hash: UInt64, _ length: Int) -> UInt64 {
        mix(hash, UInt64(truncatingIfNeeded: length))
    }
}
