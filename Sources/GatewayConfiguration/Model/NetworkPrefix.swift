/// An address block in CIDR form, IPv4 kept as an IPv4-mapped IPv6 block so that one comparison serves both.
package struct NetworkPrefix: Sendable, Hashable {
    /// 16 bytes, big endian, as two words.
    package var high: UInt64
    package var low: UInt64
    /// 0 to 128.
    package var length: Int

    package init(high: UInt64, low: UInt64, length: Int) {
        self.high = high
        self.low = low
        self.length = length
    }

    /// Whether an address (in the same mapped form) lies in the block.
    package func contains(high otherHigh: UInt64, low otherLow: UInt64) -> Bool {
        let highBits = min(length, 64)
        let lowBits = length - highBits
        let highMask: UInt64 = highBits == 0 ? 0 : ~UInt64(0) << UInt64(64 - highBits)
        let lowMask: UInt64 = lowBits == 0 ? 0 : ~UInt64(0) << UInt64(64 - lowBits)
        return (high ^ otherHigh) & highMask == 0 && (low ^ otherLow) & lowMask == 0
    }
}
