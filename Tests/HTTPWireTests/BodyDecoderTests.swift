import HTTPWire
import Testing

/// Bodies: RFC 9112 §6.3, §7.1.
@Suite struct BodyDecoderTests {
    static let chunked: [Case] = [
        Case("RFC 9112 §7.1: the empty body", "0\r\n\r\n", nil),
        Case("RFC 9112 §7.1: several zeros", "0000\r\n\r\n", nil),
        Case(
            "RFC 9112 §7.1: upper and lower case",
            "aBcD;\r\n" + String(repeating: "x", count: 0xABCD) + "\r\n0\r\n\r\n", nil),
        Case("RFC 9112 §7.1: leading zeros", "\(String(repeating: "0", count: 200))1\r\nx\r\n0\r\n\r\n", nil),
        Case("RFC 9112 §7.1: a size must be", "\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: not an extension alone", ";a\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no blank in front", " 1\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no blank behind", "1 \r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no sign", "+1\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no minus", "-1\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no 0x", "0x1\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no underscore", "1_0\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: not g", "g\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no comma", "1,\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: no NUL", "1\0\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1: 2^53 + 1", "20000000000001\r\n", .chunkSizeOverflow),
        Case("RFC 9112 §7.1: 2^64", "10000000000000000\r\n", .chunkSizeOverflow),
        Case("RFC 9112 §7.1: 2^64 + 1 is not 1", "10000000000000001\r\nx\r\n0\r\n\r\n", .chunkSizeOverflow),
        Case("RFC 9112 §7.1: nor 2^63", "8000000000000000\r\n", .chunkSizeOverflow),
        Case("RFC 9112 §7.1: nor many digits", String(repeating: "f", count: 100), .chunkSizeOverflow),
        Case("RFC 9112 §2.2: no bare LF behind a size", "1\nx\r\n0\r\n\r\n", .bareLF),
        Case("RFC 9112 §2.2: no bare CR behind a size", "1\rx\r\n0\r\n\r\n", .bareCR),
        Case("RFC 9112 §2.2: not two CR", "1\r\r\nx\r\n0\r\n\r\n", .bareCR),
        Case("RFC 9112 §7.1: the data ends with CRLF", "1\r\nxy\r\n0\r\n\r\n", .badChunkEnd),
        Case("RFC 9112 §7.1: not with LF", "1\r\nx\n0\r\n\r\n", .badChunkEnd),
        Case("RFC 9112 §7.1: not with CR", "1\r\nx\r0\r\n\r\n", .badChunkEnd),
        Case("RFC 9112 §7.1: not with nothing", "1\r\nx0\r\n\r\n", .badChunkEnd),
        Case("RFC 9112 §7.1.1: an extension", "1;a\r\nx\r\n0\r\n\r\n", nil),
        Case("RFC 9112 §7.1.1: with a value", "1;a=b;c=\"d;\\\"e\"\r\nx\r\n0;z\r\n\r\n", nil),
        Case("RFC 9112 §7.1.1: with blanks", "1 \t; a = b\r\nx\r\n0\r\n\r\n", nil),
        Case("RFC 9112 §7.1.1: no bare LF in one", "1;a\nx\r\n0\r\n\r\n", .bareLF),
        Case("RFC 9112 §7.1.1: no bare LF in a quoted one", "1;a=\"\n\"\r\nx\r\n0\r\n\r\n", .bareLF),
        Case("RFC 9112 §7.1.1: no bare CR in one", "1;a\rb\r\nx\r\n0\r\n\r\n", .bareCR),
        Case("RFC 9112 §7.1.1: no NUL in one", "1;a\0\r\nx\r\n0\r\n\r\n", .badChunkSize),
        Case("RFC 9112 §7.1.1: a line of 256 bytes", "1;\(String(repeating: "a", count: 252))\r\nx\r\n0\r\n\r\n", nil),
        Case(
            "RFC 9112 §7.1.1: not 257", "1;\(String(repeating: "a", count: 253))\r\nx\r\n0\r\n\r\n", .chunkLineTooLong),
        Case("RFC 9112 §7.1.2: trailers", "0\r\nA: b\r\nC: d\r\n\r\n", nil),
        Case("RFC 9112 §7.1.2: no folding in them", "0\r\nA: b\r\n c\r\n\r\n", .lineFolding),
        Case("RFC 9112 §7.1.2: no blank before their colon", "0\r\nA : b\r\n\r\n", .spaceBeforeColon),
        Case("RFC 9112 §7.1.2: names are tokens", "0\r\nA(: b\r\n\r\n", .badFieldName),
        Case("RFC 9112 §7.1.2: no colon, no field", "0\r\nA\r\n\r\n", .missingColon),
        Case("RFC 9112 §2.2: no bare LF in them", "0\r\nA: b\n\r\n", .bareLF),
        Case("RFC 9112 §2.2: no bare LF at the end", "0\r\n\n", .bareLF),
        Case("RFC 9112 §2.2: no bare CR at the end", "0\r\n\rX", nil),
        Case("RFC 9110 §5.5: no NUL in them", "0\r\nA: \0\r\n\r\n", .nulByte),
    ]

    @Test(arguments: chunked) func chunks(_ item: Case) {
        let body = decodeEveryWay(octets(item.input), .chunked)
        #expect(body.error == item.error)
        if item.error == nil, !item.input.hasSuffix("X") { #expect(body.consumed == item.input.utf8.count) }
    }

    @Test("RFC 9112 §7.1: payload, trailers, and the next message behind") func payload() {
        let message = "4\r\nWiki\r\n6;x=y\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\n\r\n"
        let body = decodeEveryWay(octets(message + "GET / HTTP/1.1\r\n"), .chunked)
        #expect(body.payload == octets("Wikipedia in \r\n\r\nchunks."))
        #expect(body.trailers == [PlainField("X-Sum", "1")])
        #expect(body.consumed == message.utf8.count)
    }

    @Test("RFC 9110 §6.5.1: trailers that would change the message are taken out") func forbiddenTrailers() {
        let trailers =
            "0\r\nContent-Length: 5\r\nX-Sum: 1\r\ntransfer-encoding: x\r\nHost: b\r\nAuthorization: b\r\n"
            + "Trailer: x\r\nSet-Cookie: a\r\nX-Forwarded-For: 1\r\nContent-Type: a\r\nDigest: d\r\nConnection: X-Sum\r\n"
            + "Cache-Control: a\r\nExpect: a\r\nTE: a\r\nETag: e\r\n\r\n"
        let body = decodeEveryWay(octets(trailers), .chunked)
        #expect(body.trailers == [PlainField("X-Sum", "1"), PlainField("Digest", "d"), PlainField("ETag", "e")])
        #expect(FieldRules.isForbiddenTrailer(.contentLength))
        #expect(!FieldRules.isForbiddenTrailer(.none))
    }

    @Test("trailers are bounded as heads are") func trailerLimits() {
        let limits = HeadLimits(requestLine: 10, head: 40, fields: 2)
        #expect(decodeEveryWay(octets("0\r\nA: b\r\nC: d\r\n\r\n"), .chunked, limits: limits).error == nil)
        let three = octets("0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n")
        #expect(decodeEveryWay(three, .chunked, limits: limits).error == .tooManyFields)
        let long = octets("0\r\nA: \(String(repeating: "b", count: 40))\r\n\r\n")
        #expect(decodeEveryWay(long, .chunked, limits: limits).error == .headTooLarge)
    }

    @Test("RFC 9112 §6.3: a length") func length() {
        let body = decodeEveryWay(octets("helloGET /"), .length(5))
        #expect(body.payload == octets("hello"))
        #expect(body.consumed == 5)
        #expect(decodeEveryWay(octets("GET /"), .length(0)).consumed == 0)
        #expect(decodeEveryWay(octets("GET /"), .none).consumed == 0)
        #expect(decodeEveryWay(octets("hell"), .length(5)).consumed == nil)
    }

    @Test("RFC 9112 §8: a body that ends early is an error, but one until close") func closing() {
        #expect(decodeEveryWay(octets("hell"), .length(5), closing: true).error == .truncatedBody)
        for part in ["", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", "0\r\nA: b\r\n", "0\r\n\r"]
        {
            #expect(decodeEveryWay(octets(part), .chunked, closing: true).error == .truncatedBody)
        }
        let body = decodeEveryWay(octets("hello"), .untilClose, closing: true)
        #expect(body.payload == octets("hello"))
        #expect(body.consumed == 5)
        #expect(decodeEveryWay(octets("hello"), .untilClose).consumed == nil)
        #expect(decodeEveryWay([], .untilClose, closing: true).consumed == 0)
    }

    @Test("a length is complete with its last byte, before the next call") func completeAtOnce() throws {
        var decoder = BodyDecoder(.length(3))
        var offset = 0
        let input = octets("abcd")
        let first = try decoder.next(input.span, from: &offset, trailers: HeaderBlock())
        #expect(first == .payload(start: 0, count: 3))
        #expect(decoder.isComplete)
        #expect(try decoder.next(input.span, from: &offset, trailers: HeaderBlock()) == .end(consumedTo: 3))
        #expect(try decoder.next(input.span, from: &offset, trailers: HeaderBlock()) == .end(consumedTo: 3))
        try decoder.endOfStream()
    }
}
