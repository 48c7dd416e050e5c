import HTTPWire

/// Makes random messages that are valid, and knows what they say.
struct MessageMaker {
    var random: Seeded

    init(walk: UInt64) { random = Seeded(walk: walk) }

    private static let tchars = octets("!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz")
    private static let names = [
        "Accept", "cookie", "X-Request-Id", "USER-AGENT", "x_y", "If-None-Match", "Set-Cookie", "Via",
        "Accept-Encoding",
    ]

    mutating func token(_ longest: Int) -> String {
        var token: [UInt8] = []
        for _ in 0...random.below(longest) { token.append(Self.tchars[random.below(Self.tchars.count)]) }
        return text(token.span)
    }

    /// A value without blanks at its ends.
    mutating func value() -> String {
        let length = random.chance(8) ? random.below(300) : random.below(24)
        var value = (0..<length).map { _ in
            random.chance(10) ? UInt8(0x80 + random.below(128)) : UInt8(0x20 + random.below(0x5F))
        }
        if length > 2 && random.chance(5) { value[length / 2] = 0x09 }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        return text(value.span)
    }

    mutating func blanks() -> String { [" ", " ", " ", " ", "", "  ", "\t", " \t "][random.below(8)] }

    /// Field lines, and what they say.
    mutating func fields() -> (lines: String, fields: [PlainField]) {
        var lines = ""
        var fields: [PlainField] = []
        for _ in 0..<random.below(12) {
            let name = random.chance(2) ? Self.names[random.below(Self.names.count)] : "X" + token(20)
            let value = value()
            lines += "\(name):\(blanks())\(value)\(random.chance(5) ? blanks() : "")\r\n"
            fields.append(PlainField(name, value))
        }
        return (lines, fields)
    }

    mutating func request() -> (text: String, expected: ScannedRequest) {
        var expected = ScannedRequest()
        let methods = ["GET", "POST", "PUT", "DELETE", "BREW", "QUERY"]
        expected.methodText = methods[random.below(methods.count)]
        expected.method = Method.lookup(octets(expected.methodText).span)
        expected.path = "/" + token(30).replacing("#", with: "/")
        expected.query = random.chance(2) ? token(30).replacing("#", with: "?") : nil
        expected.target = expected.path + (expected.query.map { "?" + $0 } ?? "")
        expected.version = random.chance(4) ? 0 : 1
        expected.keepAlive = expected.version == 1
        expected.authority = "host-\(random.below(100)).example"
        let (lines, fields) = fields()
        expected.fields = [PlainField("Host", expected.authority)] + fields
        let text =
            "\(random.chance(5) ? "\r\n" : "")\(expected.methodText) \(expected.target) HTTP/1.\(expected.version)\r\n"
            + "Host: \(expected.authority)\r\n\(lines)\r\n"
        expected.consumed = text.unicodeScalars.count
        return (text, expected)
    }

    /// A chunked body, and its payload and trailers.
    mutating func chunkedBody() -> (input: [UInt8], payload: [UInt8], trailers: [PlainField]) {
        var input: [UInt8] = []
        var payload: [UInt8] = []
        for _ in 0..<random.below(6) {
            let chunk = (0...random.below(random.chance(6) ? 5000 : 40)).map { _ in UInt8(random.below(256)) }
            var size = String(chunk.count, radix: 16, uppercase: random.chance(2))
            if random.chance(4) { size = "000" + size }
            if random.chance(4) { size += ";" + token(10) + "=\"" + value() + "\"" }
            guard size.unicodeScalars.count < 250 else { continue }
            input += octets(size + "\r\n") + chunk + octets("\r\n")
            payload += chunk
        }
        var lines = ""
        var trailers: [PlainField] = []
        for _ in 0..<(random.chance(2) ? random.below(4) : 0) {
            let field = PlainField("X-T" + token(8), value())
            lines += "\(field.name): \(field.value)\r\n"
            trailers.append(field)
        }
        return (input + octets("0\r\n\(lines)\r\n"), payload, trailers)
    }
}
