import ContentCodings
import GatehouseTesting
import Testing

@Suite struct EncoderTests {
    static let codings: [ContentCoding] = [.gzip, .br, .zstd]

    /// decode(encode(x)) = x, whatever the pieces on either side, and whatever was flushed between them; by coders that
    /// are used again and again, as workers do.
    @Test(arguments: codings) func thereAndBack(_ coding: ContentCoding) throws {
        var random = SeededRandom()
        let pool = CoderPool(memoryLimit: 64 << 20)
        for round in 0..<60 {
            let plain =
                round % 4 == 0
                ? random.bytes(Int(random.next() % 40_000)) : body(Int(random.next() % 90_000), &random)
            let level = Int.random(in: ContentEncoder.levels(of: coding), using: &random)
            let encoder = try #require(pool.encoder(coding, level: level))
            var coded: [UInt8] = []
            var at = 0
            while at < plain.count {
                let end = min(plain.count, at + 1 + Int(random.next() % 20_000))
                let ending: ContentEncoder.Ending = random.next() % 2 == 0 ? .none : .flush
                try encoder.push(plain.span.extracting(at..<end), ending) { coded.append($0) }
                at = end
            }
            try encoder.push(Span(), .finish) { coded.append($0) }
            pool.giveBack(encoder)
            let decoder = try #require(pool.decoder(coding, DecodingLimits()))
            let pieces = (0..<40).map { _ in Int(random.next() % 3_000) }
            guard try decoded(coded, coding, pieces: pieces, by: decoder) == plain else {
                Issue.record("seed \(random.seed), round \(round): not the same")
                return
            }
            pool.giveBack(decoder)
        }
    }

    /// What was flushed can be read to its last byte.
    @Test(arguments: codings) func nothingIsHeldBack(_ coding: ContentCoding) throws {
        let pool = CoderPool(memoryLimit: 64 << 20)
        let encoder = try #require(pool.encoder(coding, level: ContentEncoder.defaultLevel(of: coding)))
        let decoder = try #require(pool.decoder(coding, DecodingLimits()))
        for line in 0..<50 {
            let text = Array("line \(line)\n".utf8)
            var coded: [UInt8] = []
            try encoder.push(text.span, .flush) { coded.append($0) }
            var plain: [UInt8] = []
            #expect(try decoder.push(coded.span) { plain.append($0) } == coded.count)
            #expect(plain == text)
            // Nothing new: nothing to say that could not be said again.
            try encoder.push(Span(), .flush) { coded.append($0) }
        }
    }

    /// A body that was given up half-way leaves nothing for the next.
    @Test(arguments: codings) func anEncoderGivenBackHalfWay(_ coding: ContentCoding) throws {
        var random = SeededRandom(seed: 5)
        let pool = CoderPool(memoryLimit: 64 << 20)
        let encoder = try #require(pool.encoder(coding, level: 1))
        try encoder.push(body(100_000, &random).span, .none) { _ in }
        pool.giveBack(encoder)
        let again = try #require(pool.encoder(coding, level: 1))
        #expect(again === encoder)
        var coded: [UInt8] = []
        try again.push(Array("abc".utf8).span, .finish) { coded.append($0) }
        #expect(try decoded(coded, coding) == Array("abc".utf8))
    }

    @Test func memoryIsBounded() throws {
        let pool = CoderPool(memoryLimit: 1 << 20)
        let first = try #require(pool.encoder(.gzip, level: 5))
        let others = [pool.encoder(.gzip, level: 5), pool.encoder(.gzip, level: 5)].compactMap(\.self)
        #expect(others.count == 2)
        #expect(pool.encoder(.gzip, level: 5) == nil)
        #expect(pool.encoder(.br, level: 4) == nil)
        // A spare one of another kind gives way.
        pool.giveBack(first)
        #expect(pool.encoder(.gzip, level: 6) != nil)
        #expect(pool.memory <= 1 << 20)
        for other in others { pool.giveBack(other) }
        pool.removeAll()
        #expect(pool.memory < 300 * 1024)
    }
}
