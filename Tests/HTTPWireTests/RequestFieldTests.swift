import HTTPWire
import Testing

/// Field lines: RFC 9112 §5 and RFC 9110 §5.
@Suite struct RequestFieldTests {
    static let lines: [Case] = [
        Case("RFC 9112 §5: a plain field", "X: y\r\n", nil),
        Case("RFC 9112 §5.1: no blank before the colon", "X : y\r\n", .spaceBeforeColon),
        Case("RFC 9112 §5.1: no tab before the colon", "X\t: y\r\n", .spaceBeforeColon),
        Case("RFC 9112 §5.1: nor several", "X \t : y\r\n", .spaceBeforeColon),
        Case("RFC 9112 §5.2: no folding by a space", "X: y\r\n z\r\n", .lineFolding),
        Case("RFC 9112 §5.2: no folding by a tab", "X: y\r\n\tz: a\r\n", .lineFolding),
        Case("RFC 9112 §2.2: no blank in front of the first field", " X: y\r\n", .lineFolding),
        Case("RFC 9112 §5.2: a line of blanks is folding", "X: y\r\n  \r\n", .lineFolding),
        Case("RFC 9112 §2.2: no bare LF", "X: y\nZ: a\r\n", .bareLF),
        Case("RFC 9112 §2.2: no bare LF that ends the head", "X: y\r\n\n", .bareLF),
        Case("RFC 9112 §2.2: no bare CR in a value", "X: y\rZ: a\r\n", .bareCR),
        Case("RFC 9112 §2.2: no bare CR before the line end", "X: y\r\r\n", .bareCR),
        Case("RFC 9112 §2.2: no bare CR in a name", "X\rY: y\r\n", .bareCR),
        Case("RFC 9112 §2.2: no bare CR in front of the colon", "X\r: y\r\n", .bareCR),
        Case("RFC 9112 §2.2: no bare CR in a long value", "X: 0123456789abcdef\r0123456789abcdef\r\n", .bareCR),
        Case("RFC 9110 §5.5: no NUL in a value", "X: y\0z\r\n", .nulByte),
        Case("RFC 9110 §5.5: no NUL in a long value", "Name: 0123456789\u{0}abcdefghijkl\r\n", .nulByte),
        Case("RFC 9110 §5.5: no NUL as a value", "X:\0\r\n", .nulByte),
        Case("RFC 9110 §5.1: no NUL in a name", "X\0: y\r\n", .nulByte),
        Case("RFC 9110 §5.1: a name is not empty", ": y\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no space inside of a name", "X y: z\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no separator in a name", "X(y): z\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no slash in a name", "X/y: z\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no obs-text in a name", "X\u{E9}: z\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no quotation mark in a name", "\"X\": z\r\n", .badFieldName),
        Case("RFC 9110 §5.1: no brackets in a name", "[X]: z\r\n", .badFieldName),
        Case("RFC 9112 §5: a colon must be", "X\r\n", .missingColon),
        Case("RFC 9112 §5: a colon, not a blank", "X y\r\n", .badFieldName),
        Case("RFC 9110 §5.5: an empty value", "X:\r\n", nil),
        Case("RFC 9110 §5.5: no value at all but blanks", "X: \t \r\n", nil),
        Case("RFC 9110 §5.5: a colon in the value", "X::y:\r\n", nil),
        Case("RFC 9110 §5.6.2: any tchar in a name", "!#$%&'*+-.^_`|~09azAZ: y\r\n", nil),
    ]

    @Test(arguments: lines) func line(_ item: Case) {
        let scanned = scanRequestEveryWay(octets("GET / HTTP/1.1\r\n" + item.input + "Host: a\r\n\r\n"))
        #expect(scanned.error == item.error)
        #expect((scanned.consumed != nil) == (item.error == nil))
    }

    @Test("RFC 9110 §5.5: blanks around a value are not part of it, and names keep their case")
    func blanks() {
        let scanned = scanRequestEveryWay(
            octets(
                "GET / HTTP/1.1\r\nhOsT:a\r\nA:  b\r\nC:\td \r\nE: f \t\r\nG: h  i\r\nJ:\r\nK: \r\nL:  \r\n"
                    + "M: \tn\to\t\r\nLong-Name-Here:   a value of some length   \r\n\r\n"))
        #expect(
            scanned.fields == [
                PlainField("hOsT", "a"), PlainField("A", "b"), PlainField("C", "d"), PlainField("E", "f"),
                PlainField("G", "h  i"), PlainField("J", ""), PlainField("K", ""), PlainField("L", ""),
                PlainField("M", "n\to"), PlainField("Long-Name-Here", "a value of some length"),
            ])
    }

    @Test("RFC 9110 §5.5: each byte, at each place of a value, is let through or not")
    func valueBytes() {
        for byte in UInt8.min...UInt8.max {
            let allowed = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            for length in [1, 5, 8, 9, 15, 16, 17, 30] {
                for place in 0..<length {
                    var value = [UInt8](repeating: UInt8(ascii: "v"), count: length)
                    value[place] = byte
                    let scanned = scanRequest(octets("GET / HTTP/1.1\r\nHost: a\r\nX: ") + value + octets("\r\n\r\n"))
                    if (scanned.error == nil) != allowed { Issue.record("byte \(byte) at \(place) of \(length)") }
                }
            }
        }
    }

    @Test("RFC 9110 §5.5: bytes behind obs-text are judged by themselves")
    func pairs() {
        for second in UInt8.min...UInt8.max {
            let allowed = second == 0x09 || second >= 0x20 && second != 0x7F
            let value = octets("abc") + [0xFF, second] + octets("defghijkl")
            let input = octets("GET / HTTP/1.1\r\nHost: a\r\nName: ") + value + octets("\r\nX: y\r\n\r\n")
            let scanned = scanRequest(input)
            #expect((scanned.error == nil) == allowed, "byte \(second)")
            #expect(scanned == scanRequest(input, cuts: Array(0..<input.count)), "byte \(second)")
            if allowed {
                #expect(scanned.fields[1].value == String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) })))
            }
        }
    }

    @Test("RFC 9110 §5.1: each byte of a name is a tchar or an error")
    func nameBytes() {
        let others = Set("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: ":") {
            let isTchar =
                others.contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte)
            let scanned = scanRequest(octets("GET / HTTP/1.1\r\nHost: a\r\nX") + [byte] + octets("y: z\r\n\r\n"))
            #expect((scanned.error == nil) == isTchar, "byte \(byte)")
            #expect(FieldRules.isToken([0x58, byte].span) == isTchar, "byte \(byte)")
        }
    }

    @Test("a pipelined request stays in the input, and the scanner is ready for it")
    func pipelining() throws {
        let first = "GET /1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
        let second = "GET /2 HTTP/1.0\r\n\r\n"
        let input = octets(first + second)
        let head = RequestHead()
        var scanner = RequestScanner()
        let one = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        #expect(one == .complete(consumed: first.utf8.count))
        #expect(scanner.isIdle)
        let two = try scanner.scan(input.span, from: first.utf8.count, into: head, limits: HeadLimits())
        #expect(two == .complete(consumed: second.utf8.count))
        let block = head.fields
        #expect(text(block.bytes(head.path)) == "/2")
        #expect(block.count == 0)
        #expect(head.minorVersion == 0)
        #expect(try scanner.scan(input.span, from: input.count, into: head, limits: HeadLimits()) == .needMore)
        #expect(scanner.isIdle)
    }

    @Test("no more than a window of the body behind a head is copied")
    func bodyIsNotCopied() throws {
        let head = RequestHead()
        var scanner = RequestScanner()
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
        let input = octets(request) + [UInt8](repeating: 0x62, count: 1_000_000)
        let outcome = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
        #expect(outcome == .complete(consumed: request.utf8.count))
        #expect(head.fields.capacity < 16 * 1024)
    }
}
