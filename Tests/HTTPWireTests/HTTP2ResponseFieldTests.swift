import HTTPWire
import Testing

/// Fields of responses that come by HTTP/2: which heads there are, and that what passes reads the same in HTTP/1.
@Suite struct HTTP2ResponseFieldTests {
    private typealias Fields = [(String, String)]

    private func read(_ fields: Fields, limits: HeadLimits = HeadLimits()) throws(WireError) -> ResponseHead {
        let head = ResponseHead()
        var reader = ResponseFieldReader()
        for (name, value) in fields {
            let name = Array(name.utf8)
            let value = Array(value.utf8)
            try reader.add(name.span, value.span, to: head, limits: limits)
        }
        try reader.finish(head)
        return head
    }

    private func lines(_ head: ResponseHead) -> String {
        let buffer = WireBuffer(capacity: 256)
        let fields = head.fields
        fields.write(into: buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func aHeadIsPutTogether() throws {
        let head = try read([(":status", "204"), ("x-a", "b"), ("set-cookie", "c"), ("set-cookie", "d")])
        #expect(head.status == 204 && head.isHTTP2 && head.keepAlive)
        #expect(lines(head) == "x-a: b\r\nset-cookie: c\r\nset-cookie: d\r\n")
    }

    @Test func whatIsMalformedIsNamed() {
        let table: [(Fields, WireError)] = [
            ([], .badStatusLine), ([("a", "b")], .badStatusLine), ([(":status", "")], .badStatusLine),
            ([(":status", "20")], .badStatusLine), ([(":status", "2000")], .badStatusLine),
            ([(":status", "2 0")], .badStatusLine), ([(":status", "099")], .badStatusLine),
            ([(":status", "101")], .badStatusLine), ([(":Status", "200")], .badPseudoField),
            ([(":statuS", "200")], .badPseudoField), ([(":path", "/")], .badPseudoField),
            ([(":status", "200"), (":status", "200")], .badPseudoField),
            ([("a", "b"), (":status", "200")], .badPseudoField),
            ([(":status", "200"), ("X", "a")], .uppercaseName), ([(":status", "200"), ("", "a")], .badFieldName),
            ([(":status", "200"), ("a b", "c")], .badFieldName), ([(":status", "200"), ("a:", "c")], .badFieldName),
            ([(":status", "200"), ("a", "b\nc")], .bareLF), ([(":status", "200"), ("a", "b\rc")], .bareCR),
            ([(":status", "200"), ("a", "b\u{0}c")], .nulByte), ([(":status", "200"), ("a", "b ")], .blankAtEnd),
            ([(":status", "200"), ("connection", "close")], .connectionField),
            ([(":status", "200"), ("transfer-encoding", "chunked")], .connectionField),
            ([(":status", "200"), ("upgrade", "websocket")], .connectionField),
            ([(":status", "200"), ("keep-alive", "timeout=5")], .connectionField),
        ]
        for (fields, error) in table {
            #expect(throws: error, "\(fields)") { try read(fields) }
        }
    }

    @Test func limitsHold() {
        let limits = HeadLimits(requestLine: 10, head: 300, fields: 2)
        let many: Fields = [(":status", "200")] + (0..<3).map { ("a\($0)", "") }
        #expect(throws: WireError.tooManyFields) { try read(many, limits: limits) }
        let large: Fields = [(":status", "200"), ("a", String(repeating: "b", count: 300))]
        #expect(throws: WireError.headTooLarge) { try read(large, limits: limits) }
    }

    @Test func theEndIsKnownToOtherProtocols() throws {
        let table: [(Method, String, Fields, Bool, BodyFraming)] = [
            (.get, "200", [], false, .chunked), (.get, "200", [], true, .length(0)),
            (.get, "200", [("content-length", "3")], false, .length(3)),
            (.get, "200", [("content-length", "0")], true, .length(0)),
            (.head, "200", [("content-length", "3")], true, .none), (.get, "204", [], true, .none),
            (.get, "304", [("content-length", "3")], true, .none),
        ]
        for (method, status, fields, endsStream, framing) in table {
            let head = try read([(":status", status)] + fields)
            let found = try ResponseFieldReader.framing(of: head, to: method, endsStream: endsStream)
            #expect(found == framing, "\(method) \(status) \(fields) \(endsStream)")
            #expect(head.fields.contains(.contentLength) == (!fields.isEmpty || framing == .length(0)))
        }
        let lies = try read([(":status", "200"), ("content-length", "3")])
        #expect(throws: WireError.wrongLength) {
            try ResponseFieldReader.framing(of: lies, to: .get, endsStream: true)
        }
    }

    /// Names and values of any bytes: refused, or read back unchanged by the scanner of HTTP/1 out of what is passed on.
    @Test func noByteChangesItsMeaning() throws {
        for byte in 0...255 {
            for place in 0..<3 {
                var odd = Array("ab".utf8)
                odd.insert(UInt8(byte), at: place)
                try compare(name: odd, value: Array("v".utf8))
                try compare(name: Array("n".utf8), value: odd)
            }
        }
    }

    private func compare(name: [UInt8], value: [UInt8]) throws {
        let head = ResponseHead()
        var reader = ResponseFieldReader()
        let (status, ok) = (Array(":status".utf8), Array("200".utf8))
        try reader.add(status.span, ok.span, to: head, limits: HeadLimits())
        do {
            try reader.add(name.span, value.span, to: head, limits: HeadLimits())
            try reader.finish(head)
        } catch {
            return
        }
        let buffer = WireBuffer(capacity: 256)
        buffer.append("HTTP/1.1 200 OK\r\n")
        let fields = head.fields
        fields.write(into: buffer)
        buffer.append("\r\n")
        let again = ResponseHead()
        var scanner = ResponseScanner()
        let outcome = try scanner.scan(buffer.span, from: 0, into: again, limits: HeadLimits())
        #expect(outcome == .complete(consumed: buffer.count))
        let read = again.fields
        #expect(read.count == 1)
        let sameName = read.name(0)
        let sameValue = read.value(0)
        #expect(sameName.indices.map { sameName[$0] } == name)
        #expect(sameValue.indices.map { sameValue[$0] } == value)
    }
}
