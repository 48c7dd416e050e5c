import ContentCodings
import GatehouseTesting
import Testing

@Suite struct DecoderTests {
    static let text = Array("Gatehouse answers, Gatehouse answers, Gatehouse answers.".utf8)

    struct Vector: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var coding: ContentCoding
        var coded: [UInt8]

        init(_ name: String, _ coding: ContentCoding, _ hexadecimal: String) {
            testDescription = name
            self.coding = coding
            coded = bytes(hexadecimal)
        }
    }

    /// Made by other programs.
    static let vectors: [Vector] = [
        Vector(
            "gzip", .gzip,
            "1f8b0800000000000203734f2c49cdc82f2d4e5548cc2b2e4f2d2ad651702742480f0025e20e4838000000"),
        Vector("zlib", .deflate, "78da734f2c49cdc82f2d4e5548cc2b2e4f2d2ad651702742480f005b31151f"),
        Vector("raw deflate", .deflate, "734f2c49cdc82f2d4e5548cc2b2e4f2d2ad651702742480f00"),
        Vector("br", .br, "1b3700c08c54b5bf3c0aa32b97b22e4491519a511a593a533b718100"),
        Vector("zstd", .zstd, "28b52ffd2038d50000a047617465686f75736520616e73776572732c202e01001b39c3"),
    ]

    static let empty: [Vector] = [
        Vector("gzip", .gzip, "1f8b080000000000020303000000000000000000"),
        Vector("zlib", .deflate, "789c030000000001"), Vector("br", .br, "3b"),
        Vector("zstd", .zstd, "28b52ffd2000010000"),
    ]

    @Test(arguments: vectors) func splitAtEveryByte(_ vector: Vector) throws {
        let coded = vector.coded
        for first in 0...coded.count {
            #expect(try decoded(coded, vector.coding, pieces: [first]) == Self.text, "at \(first)")
        }
        #expect(try decoded(coded, vector.coding, pieces: coded.map { _ in 1 }) == Self.text)
    }

    @Test(arguments: vectors) func cutShortAtEveryByte(_ vector: Vector) {
        for count in 1..<vector.coded.count {
            #expect(throws: CodingFault.malformed) {
                try decoded(Array(vector.coded.prefix(count)), vector.coding)
            }
        }
    }

    @Test(arguments: empty) func nothing(_ vector: Vector) throws {
        #expect(try decoded(vector.coded, vector.coding) == [])
        #expect(try decoded([], vector.coding) == [])
    }

    @Test(arguments: vectors) func somethingBehindTheEnd(_ vector: Vector) throws {
        for tail in [[0], [0xFF], Array("more".utf8)] {
            #expect(throws: CodingFault.malformed) { try decoded(vector.coded + tail, vector.coding) }
        }
        // Of these two formats several stand behind one another.
        let twice = vector.coded + vector.coded
        if vector.coding == .gzip || vector.coding == .zstd {
            for first in 0...twice.count {
                #expect(try decoded(twice, vector.coding, pieces: [first]) == Self.text + Self.text)
            }
        } else {
            #expect(throws: CodingFault.malformed) { try decoded(twice, vector.coding) }
        }
    }

    @Test(arguments: ContentCoding.allCases) func whatIsNone(_ coding: ContentCoding) {
        for junk in ["{\"a\":1}", "<html>", "\u{1F}\u{8B}junk", "x"] {
            #expect(throws: CodingFault.self) { try decoded(Array(junk.utf8), coding) }
        }
    }

    /// Bytes turned over at random lead to an error or to another text, never further, and the decoder is good for the
    /// next body.
    @Test(arguments: vectors) func damaged(_ vector: Vector) throws {
        var random = SeededRandom()
        let decoder = try #require(ContentDecoder.make(vector.coding, buffer: CodingBuffer()))
        for _ in 0..<400 {
            var coded = vector.coded
            for _ in 0...Int(random.next() % 3) {
                coded[Int(random.next() % UInt64(coded.count))] ^= UInt8(truncatingIfNeeded: random.next() | 1)
            }
            let limits = DecodingLimits(size: 1 << 20, ratio: 100)
            _ = try? decoded(coded, vector.coding, limits: limits, by: decoder)
            guard try decoded(vector.coded, vector.coding, by: decoder) == Self.text else {
                Issue.record("seed \(random.seed): not the same any more")
                return
            }
        }
    }

    // MARK: Bombs

    static let zeros = [UInt8](repeating: 0, count: 8 << 20)

    @Test(arguments: [ContentCoding.gzip, .br, .zstd]) func bombs(_ coding: ContentCoding) throws {
        let bomb = try encoded(Self.zeros, coding)
        let decoder = try #require(ContentDecoder.make(coding, buffer: CodingBuffer()))
        // By its size: nothing beyond the limit is given out.
        var count = 0
        #expect(decoder.begin(DecodingLimits(size: 1 << 20)))
        #expect(throws: CodingFault.tooLarge) { try decoder.push(bomb.span) { count += $0.count } }
        #expect(count <= 1 << 20)
        // By its ratio.
        count = 0
        #expect(decoder.begin(DecodingLimits(ratio: 100)))
        #expect(throws: CodingFault.tooLarge) { try decoder.push(bomb.span) { count += $0.count } }
        #expect(count <= max(DecodingLimits.floor, bomb.count * 100))
        // Without limits it is a body like any other.
        #expect(try decoded(bomb, coding, by: decoder) == Self.zeros)
    }

    @Test(arguments: [ContentCoding.gzip, .br, .zstd]) func aSmallBodyMayExpandAsItLikes(_ coding: ContentCoding) throws
    {
        let plain = [UInt8](repeating: 0x20, count: DecodingLimits.floor)
        let coded = try encoded(plain, coding)
        #expect(coded.count < 1_000)
        #expect(try decoded(coded, coding, limits: DecodingLimits(size: plain.count, ratio: 1)) == plain)
        #expect(throws: CodingFault.tooLarge) {
            try decoded(coded, coding, limits: DecodingLimits(size: plain.count - 1))
        }
    }

    /// A few bytes that ask for the largest window.
    @Test func aWindowLargerThanTheBodyMayBe() {
        // Brotli: a window of 16 MiB, and a block that says to be as large.
        let brotli = bytes("0fffff7f")
        #expect(throws: CodingFault.self) { try decoded(brotli, .br, limits: DecodingLimits(size: 1 << 20)) }
        // Zstandard: a window of 1 GiB.
        #expect(throws: CodingFault.malformed) { try decoded(bytes("28b52ffd00a0010000"), .zstd) }
    }

    @Test(arguments: [ContentCoding.gzip, .br, .zstd]) func aBudgetBoundsATurn(_ coding: ContentCoding) throws {
        let plain = Array(Self.zeros.prefix(1 << 20))
        let coded = try encoded(plain, coding)
        let decoder = try #require(ContentDecoder.make(coding, buffer: CodingBuffer()))
        #expect(decoder.begin(DecodingLimits()))
        var at = 0
        var total = 0
        var turns = 0
        while at < coded.count || decoder.hasMore {
            var inTurn = 0
            at += try decoder.push(coded.span.extracting(at..<coded.count), budget: 64 * 1024) { inTurn += $0.count }
            #expect(inTurn <= 64 * 1024 + CodingBuffer.size)
            total += inTurn
            turns += 1
            guard turns < 100 else { break }
        }
        try decoder.finish()
        #expect(total == plain.count)
        #expect(turns >= 8)
    }
}
