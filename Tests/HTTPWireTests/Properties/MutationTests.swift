import HTTPWire
import Testing

/// Messages that were right and are no more: nothing may trap, nothing may depend on how the bytes are cut, and
/// whatever is let through must be written in a form that means the same to a strict reader.
@Suite struct MutationTests {
    /// Pieces that confuse readers of HTTP.
    private static let pieces: [[UInt8]] = [
        "\r", "\n", "\r\n", "\r\n\r\n", "\0", " ", "\t", ":", " :", ",", ";", "#", "?", "//", "\u{80}", "\u{FF}",
        "\u{7F}",
        "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Host: x\r\n", "Connection: close, host\r\n",
        "Expect: 100-continue\r\n", "HTTP/1.1", "http://u@h/", "0\r\n\r\n", "ffffffffffffffff", "-1", "+5", "*",
        "\u{0B}",
        "X_Y: z\r\n", "TE: trailers\r\n", "Trailer: a\r\n",
    ].map { octets($0) }

    private func mutate(_ input: inout [UInt8], _ random: inout Seeded) {
        for _ in 0...random.below(3) {
            let place = random.below(input.count + 1)
            switch random.below(6) {
            case 0 where place < input.count: input[place] = UInt8(random.below(256))
            case 1 where place < input.count: input.remove(at: place)
            case 2 where place < input.count: input[place] ^= 1 << UInt8(random.below(8))
            case 3 where place < input.count:
                let end = min(input.count, place + random.below(20))
                input.insert(contentsOf: Array(input[place..<end]), at: random.below(input.count))
            case 4 where place < input.count: input.removeSubrange(place..<min(input.count, place + random.below(20)))
            default: input.insert(contentsOf: Self.pieces[random.below(Self.pieces.count)], at: place)
            }
        }
    }

    @Test("requests: no trap, no dependence on cuts, bounded memory") func requests() {
        var maker = MessageMaker(walk: 20)
        let limits = HeadLimits(requestLine: 100, head: 1500, fields: 12)
        for round in 0..<3000 {
            var input = octets(maker.request().text)
            mutate(&input, &maker.random)
            let whole = scanRequest(input, limits: limits)
            let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(5))
            #expect(
                scanRequest(input, cuts: cuts, limits: limits) == whole,
                "cuts \(cuts), round \(round), seed \(Seeded.seed)")
            if maker.random.chance(10) {
                let single = scanRequest(input, cuts: Array(0..<input.count), limits: limits)
                #expect(single == whole, "round \(round), seed \(Seeded.seed)")
            }
        }
    }

    @Test("requests that are let through are written as one strict message") func rewritten() {
        var maker = MessageMaker(walk: 21)
        let head = RequestHead()
        for round in 0..<3000 {
            var input = octets(maker.request().text)
            mutate(&input, &maker.random)
            var scanner = RequestScanner()
            guard let outcome = try? scanner.scan(input.span, from: 0, into: head, limits: HeadLimits()),
                case .complete = outcome, (try? Framing.ofRequest(head)) != nil
            else { continue }
            FieldRules.stripHopByHop(head.fields)
            let written = head.fields.written
            #expect(head.fields.wireSize == written.unicodeScalars.count, "round \(round), seed \(Seeded.seed)")
            // No byte of a value starts a line of its own, and no line is anything but a field.
            let lines = written.unicodeScalars.split(separator: "\r\n".unicodeScalars.first ?? "\r").count
            #expect(lines == head.fields.liveCount + (written.isEmpty ? 0 : 1), "round \(round), seed \(Seeded.seed)")
            let again = scanRequest(octets("GET / HTTP/1.0\r\n\(written)\r\n"))
            #expect(again.error == nil, "round \(round), seed \(Seeded.seed)")
            #expect(again.fields == head.fields.plain, "round \(round), seed \(Seeded.seed)")
        }
    }

    @Test("responses: no trap, no dependence on cuts") func responses() {
        var maker = MessageMaker(walk: 22)
        for round in 0..<3000 {
            var input = octets("HTTP/1.1 \(100 + maker.random.below(500)) Some Reason\r\n\(maker.fields().lines)\r\n")
            mutate(&input, &maker.random)
            let whole = scanResponse(input)
            let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(5))
            #expect(scanResponse(input, cuts: cuts) == whole, "cuts \(cuts), round \(round), seed \(Seeded.seed)")
        }
    }

    @Test("chunked bodies: no trap, no dependence on cuts") func bodies() {
        var maker = MessageMaker(walk: 23)
        for round in 0..<3000 {
            var (input, _, _) = maker.chunkedBody()
            mutate(&input, &maker.random)
            let whole = decode(input, .chunked)
            let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(5))
            #expect(decode(input, .chunked, cuts: cuts) == whole, "cuts \(cuts), round \(round), seed \(Seeded.seed)")
        }
    }

    @Test("one head and one scanner, used for thousands of broken requests, hold no more memory than at first")
    func steadyMemory() {
        var maker = MessageMaker(walk: 24)
        let head = RequestHead()
        var scanner = RequestScanner()
        for _ in 0..<3000 {
            var input = octets(maker.request().text)
            mutate(&input, &maker.random)
            for cut in maker.random.cuts(input.count, count: 2) {
                let piece = Array(input[..<cut])
                _ = try? scanner.scan(piece.span, from: 0, into: head, limits: HeadLimits())
            }
            scanner.reset()
            #expect(head.fields.capacity <= 40 * 1024)
        }
        head.removeAll()
        #expect(head.fields.capacity <= 20 * 1024)
    }
}
