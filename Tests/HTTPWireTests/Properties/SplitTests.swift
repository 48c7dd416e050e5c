import HTTPWire
import Testing

/// However a message is cut on its way, it means the same; and what was scanned and written again means the same.
@Suite struct SplitTests {
    @Test("random requests mean what they say, cut anywhere") func requests() {
        var maker = MessageMaker(walk: 10)
        for round in 0..<300 {
            let (message, expected) = maker.request()
            let input = octets(message + (maker.random.chance(2) ? "GET /next HTTP/1.1\r\n" : ""))
            let whole = scanRequest(input)
            #expect(whole == expected, "round \(round), seed \(Seeded.seed)")
            let single = scanRequest(input, cuts: Array(0..<input.count))
            #expect(single == expected, "byte by byte, round \(round), seed \(Seeded.seed)")
            for _ in 0..<10 {
                let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(6))
                #expect(scanRequest(input, cuts: cuts) == expected, "cuts \(cuts), round \(round), seed \(Seeded.seed)")
            }
            if whole != expected { return }
        }
    }

    @Test("random chunked bodies come out as they went in, cut anywhere") func bodies() {
        var maker = MessageMaker(walk: 11)
        for round in 0..<300 {
            let (body, payload, trailers) = maker.chunkedBody()
            let input = body + octets("GET / HTTP/1.1\r\n")
            let expected = DecodedBody(error: nil, payload: payload, trailers: trailers, consumed: body.count)
            let whole = decode(input, .chunked)
            #expect(whole == expected, "round \(round), seed \(Seeded.seed)")
            if whole != expected { return }
            let single = decode(input, .chunked, cuts: Array(0..<input.count))
            #expect(single == expected, "byte by byte, round \(round), seed \(Seeded.seed)")
            for _ in 0..<10 {
                let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(6))
                #expect(
                    decode(input, .chunked, cuts: cuts) == expected, "cuts \(cuts), round \(round), seed \(Seeded.seed)"
                )
            }
        }
    }

    @Test("what was scanned and written is scanned again to the same") func roundTrip() throws {
        var maker = MessageMaker(walk: 12)
        for round in 0..<500 {
            let (message, expected) = maker.request()
            let head = RequestHead()
            var scanner = RequestScanner()
            let input = octets(message)
            _ = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
            let buffer = WireBuffer(capacity: 16)
            buffer.append(from: head.fields, head.methodText)
            buffer.append(" ")
            buffer.append(from: head.fields, head.target)
            buffer.append(head.minorVersion == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
            let before = buffer.count
            head.fields.write(into: buffer)
            #expect(buffer.count - before == head.fields.wireSize, "round \(round), seed \(Seeded.seed)")
            buffer.append("\r\n")
            var again = scanRequest(octets(text(buffer)))
            #expect(again.consumed == buffer.count)
            again.consumed = expected.consumed
            #expect(again == expected, "round \(round), seed \(Seeded.seed)")
        }
    }
}
