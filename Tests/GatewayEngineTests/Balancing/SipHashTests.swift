import Testing

@testable import GatewayEngine

@Suite struct SipHashTests {
    /// The published vectors (Aumasson and Bernstein, 2012, Appendix A, and the authors' reference code): key 00 01 … 0f,
    /// messages of the bytes 00 01 …
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (2, 0x0d6c_8009_d9a9_4f5a),
            (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5),
        ] as [(UInt8, UInt64)])
    func publishedVectors(size: UInt8, expected: UInt64) {
        let key = SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
        let message = Array(0..<size)
        #expect(SipHash.hash(message.span, key) == expected)
        // In pieces the same.
        var hash = SipHash(key)
        for byte in message { hash.update(byte) }
        #expect(hash.finish() == expected)
    }

    @Test func wordsAreTheirBytes() {
        var word = SipHash(.placement)
        word.update(bigEndian: 0x0102_0304_0506_0708)
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        #expect(word.finish() == SipHash.hash(bytes.span, .placement))
    }
}
