import HTTPWire
import Testing

/// Fields of HTTP/2: which heads there are, and that what passes reads the same as a head of HTTP/1.
@Suite struct HTTP2FieldTests {
    private typealias Fields = [(String, String)]

    private static let base: Fields = [
        (":method", "GET"), (":scheme", "https"), (":authority", "x.test"), (":path", "/a?b"),
    ]

    private func read(_ fields: Fields, limits: HeadLimits = HeadLimits()) throws(WireError) -> RequestHead {
        let head = RequestHead()
        var reader = RequestFieldReader()
        for (name, value) in fields {
            let name = Array(name.utf8)
            let value = Array(value.utf8)
            try reader.add(name.span, value.span, to: head, limits: limits)
        }
        try reader.finish(head)
        return head
    }

    private func lines(_ head: RequestHead) -> String {
        let buffer = WireBuffer(capacity: 256)
        let fields = head.fields
        fields.write(into: buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    private func text(_ head: RequestHead, _ range: ByteRange) -> String {
        let fields = head.fields
        let bytes = fields.bytes(range)
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    @Test func aRequestIsPutTogether() throws {
        let head = try read(Self.base + [("accept", "*/*"), ("cookie", "a=1"), ("x_y", "z"), ("cookie", "b=2")])
        #expect(head.method == .get)
        #expect(text(head, head.path) == "/a")
        #expect(head.hasQuery && text(head, head.query) == "b")
        #expect(text(head, head.target) == "/a?b")
        #expect(text(head, head.authority) == "x.test")
        #expect(head.isSecureScheme && head.isHTTP2 && head.minorVersion == 1 && head.keepAlive)
        #expect(lines(head) == "accept: */*\r\ncookie: a=1; b=2\r\nx_y: z\r\nHost: x.test\r\n")
    }

    @Test func hostMayStandInForTheAuthority() throws {
        let fields = Self.base.filter { $0.0 != ":authority" } + [("host", "y.test:80")]
        #expect(text(try read(fields), try read(fields).authority) == "y.test:80")
    }

    @Test func whatIsMalformedIsNamed() {
        let table: [(Fields, WireError)] = [
            ([("X", "a")], .uppercaseName), ([("", "a")], .badFieldName), ([("a b", "c")], .badFieldName),
            ([("a:b", "c")], .badFieldName), ([("a\n", "c")], .badFieldName), ([("a", "b\nc")], .bareLF),
            ([("a", "b\rc")], .bareCR), ([("a", "b\u{0}c")], .nulByte), ([("a", "b\u{7F}")], .controlCharacter),
            ([("a", " b")], .blankAtEnd), ([("a", "b\t")], .blankAtEnd), ([("connection", "close")], .connectionField),
            ([("keep-alive", "5")], .connectionField), ([("proxy-connection", "close")], .connectionField),
            ([("transfer-encoding", "chunked")], .connectionField), ([("upgrade", "h2c")], .connectionField),
            ([("te", "gzip")], .connectionField), ([(":method", "GET")], .badPseudoField),
            ([(":other", "a")], .badPseudoField), ([("a", "b"), (":path", "/")], .badPseudoField),
            ([("host", "y.test")], .badHost), ([("host", "x.test"), ("host", "x.test")], .duplicateHost),
            ([("host", "a b")], .badHost),
        ]
        for (more, error) in table {
            #expect(throws: error, "\(more)") { try read(Self.base + more) }
        }
    }

    @Test(arguments: [":method", ":scheme", ":path"])
    func whatMustBeThere(_ name: String) {
        #expect(throws: WireError.badPseudoField) { try read(Self.base.filter { $0.0 != name }) }
    }

    @Test func limitsHold() {
        let limits = HeadLimits(requestLine: 10, head: 400, fields: 3)
        let long: Fields = Self.base.dropLast() + [(":path", "/1234567890")]
        #expect(throws: WireError.requestLineTooLong) { try read(long, limits: limits) }
        let many: Fields = Self.base + (0..<4).map { ("a\($0)", "") }
        #expect(throws: WireError.tooManyFields) { try read(many, limits: limits) }
        let large: Fields = Self.base + [("a", String(repeating: "b", count: 300))]
        #expect(throws: WireError.headTooLarge) { try read(large, limits: limits) }
    }

    /// Names and values of any bytes: refused, or read back unchanged by the scanner of HTTP/1 out of what is forwarded.
    @Test func noByteChangesItsMeaning() throws {
        for byte in 0...255 {
            for place in 0..<3 {
                let filler = Array("ab".utf8)
                let odd = Array(filler[..<min(place, 2)]) + [UInt8(byte)] + Array(filler[min(place, 2)...])
                try compare(name: odd, value: Array("v".utf8))
                try compare(name: Array("n".utf8), value: odd)
            }
        }
    }

    private func compare(name: [UInt8], value: [UInt8]) throws {
        let head = RequestHead()
        var reader = RequestFieldReader()
        for (name, value) in Self.base {
            let name = Array(name.utf8)
            let value = Array(value.utf8)
            try reader.add(name.span, value.span, to: head, limits: HeadLimits())
        }
        do {
            try reader.add(name.span, value.span, to: head, limits: HeadLimits())
            try reader.finish(head)
        } catch {
            return
        }
        let buffer = WireBuffer(capacity: 256)
        buffer.append("GET / HTTP/1.1\r\n")
        let fields = head.fields
        fields.write(into: buffer)
        buffer.append("\r\n")
        let again = RequestHead()
        var scanner = RequestScanner()
        let outcome = try scanner.scan(buffer.span, from: 0, into: again, limits: HeadLimits())
        #expect(outcome == .complete(consumed: buffer.count))
        let read = again.fields
        #expect(read.count == 2)
        let sameName = read.name(0)
        let sameValue = read.value(0)
        #expect(sameName.indices.map { sameName[$0] } == name)
        #expect(sameValue.indices.map { sameValue[$0] } == value)
    }

    @Test func trailersHaveNoPseudoHeaders() throws {
        let block = HeaderBlock()
        var reader = TrailerFieldReader()
        let sum = Array("x-sum".utf8)
        let host = Array("host".utf8)
        let path = Array(":path".utf8)
        let value = Array("5".utf8)
        try reader.add(sum.span, value.span, to: block, limits: HeadLimits())
        // What would change the request that it follows is left out.
        try reader.add(host.span, value.span, to: block, limits: HeadLimits())
        #expect(block.liveCount == 1)
        #expect(throws: WireError.badPseudoField) {
            try reader.add(path.span, value.span, to: block, limits: HeadLimits())
        }
    }
}
