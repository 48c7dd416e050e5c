import GatehouseTesting
import Testing

/// Bodies of every framing and size, compared byte by byte at the other end.
@Suite struct Bodies {
    enum Shape: String, CaseIterable, Sendable { case length, chunked, close }

    static let sizes = [0, 1, 2, 1_000, 16_383, 16_384, 16_385, 65_536, 100_003, 1_048_576, 5_242_880]

    private static let random = SeededRandom()

    private static func content(_ size: Int) -> [UInt8] {
        var random = SeededRandom(seed: random.seed &+ UInt64(size))
        return random.bytes(size)
    }

    /// Cuts into chunks of odd sizes.
    private static func chunked(_ body: [UInt8]) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(body.count) &+ 1)
        var text: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...max(1, min(70_000, body.count)), using: &random))
            text += Array((String(piece.count, radix: 16, uppercase: Bool.random(using: &random)) + "\r\n").utf8)
            text += piece + [13, 10]
            rest = rest.dropFirst(piece.count)
        }
        return text + Array("0\r\n\r\n".utf8)
    }

    @Test(arguments: [Shape.length, .chunked])
    func requests(_ shape: Shape) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(body: "\(request.body.count)")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for (index, size) in Bodies.sizes.enumerated() {
                let body = Bodies.content(size)
                switch shape {
                case .length: try client.send(Array(request("PUT /", "Content-Length: \(size)").utf8) + body)
                default:
                    try client.send(Array(request("PUT /", "Transfer-Encoding: chunked").utf8) + Bodies.chunked(body))
                }
                #expect(try client.readResponse().bodyText == "\(size)")
                let seen = try origin.waitForRequest(index + 1)
                #expect(seen.body == body, "\(size) bytes, seed \(Bodies.random.seed)")
                #expect(shape == .chunked ? seen.framing == .chunked : seen.framing == .length(size))
            }
        }
    }

    @Test(arguments: Shape.allCases)
    func responses(_ shape: Shape) throws {
        let origin = try ScriptedUpstream { request, connection in
            let body = Bodies.content(Int(request.target.dropFirst()) ?? 0)
            switch shape {
            case .length: try connection.respond(body: body)
            case .chunked:
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.send(Bodies.chunked(body))
            case .close:
                try connection.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body)
                connection.close()
            }
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for size in Bodies.sizes {
                try client.send(request("GET /\(size)"))
                let response = try client.readResponse()
                #expect(response.body == Bodies.content(size), "\(size) bytes, seed \(Bodies.random.seed)")
                if shape == .length { #expect(response.framing == .length(size)) }
                // What ended with the upstream's connection must end without the client's, told from a cut.
                if shape == .close { #expect(response.framing == .chunked) }
            }
        }
    }

    /// Many clients at once, each with its own content: nothing of one may turn up at another.
    @Test func nothingLeaksBetweenRequests() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(fields: "X-Tag: \(request.fields["x-tag"] ?? "")\r\n", body: request.body)
        }
        let configuration = everything(to: origin)
        try withGateway(configuration, origin) { gateway in
            let clients = try (0..<16).map { _ in try gateway.connect() }
            var random = SeededRandom()
            for round in 0..<12 {
                var bodies: [[UInt8]] = []
                for (index, client) in clients.enumerated() {
                    let body = random.bytes(Int.random(in: 0...20_000, using: &random))
                    bodies.append(body)
                    let head = request("POST /", "Content-Length: \(body.count)", "X-Tag: \(round)-\(index)")
                    try client.send(Array(head.utf8) + body)
                }
                for (index, client) in clients.enumerated() {
                    let response = try client.readResponse()
                    #expect(response.fields["x-tag"] == "\(round)-\(index)", "seed \(random.seed)")
                    #expect(response.body == bodies[index], "seed \(random.seed)")
                }
            }
        }
    }

    @Test func chunkSizesThatAreValid() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let table: [(String, String)] = [
            ("0\r\n\r\n", ""), ("1\r\na\r\n0\r\n\r\n", "a"), ("01\r\na\r\n00\r\n\r\n", "a"),
            ("000000000000001\r\na\r\n000\r\n\r\n", "a"), ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("1;x\r\na\r\n0;y\r\n\r\n", "a"),
            ("1;x=1;y=\"2\"\r\na\r\n0\r\n\r\n", "a"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
            ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"), ("1\r\na\r\n0\r\nX: y\r\n\r\n", "a"),
            ("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "abc"),
        ]
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for (index, (body, content)) in table.enumerated() {
                try client.send(request("POST /\(index)", "Transfer-Encoding: chunked") + body)
                #expect(try client.readResponse().bodyText == "origin POST /\(index)")
                let seen = try origin.waitForRequest(index + 1)
                #expect(seen.bodyText == content)
                #expect(seen.chunkExtensions.isEmpty, "extensions belong to one hop (RFC 9112 §7.1.1)")
            }
        }
    }
}
