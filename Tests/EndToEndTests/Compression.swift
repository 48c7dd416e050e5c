import ContentCodings
import GatehouseTesting
import Testing

/// Responses compressed for clients, by negotiation.
@Suite struct Compression {
    /// Text of this many bytes that compresses well, and differs everywhere.
    static func text(_ count: Int) -> String {
        var text = ""
        var number = 0
        while text.utf8.count < count {
            text += "{\"line\":\(number),\"name\":\"Ann \u{E9}\"},\n"
            number += 1
        }
        return String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
    }

    static let body = Self.text(5_000)

    static func configuration(_ origin: ScriptedUpstream, _ keys: String = "", _ more: String = "") -> String {
        everything(to: origin, "compression: { \(keys) }\n" + more)
    }

    static func coding(_ name: String) -> ContentCoding? { ContentCoding.allCases.first { "\($0.name)" == name } }

    static func decoded(_ answer: StrictResponse) throws -> String {
        var coding: ContentCoding?
        if let name = answer.fields["content-encoding"] {
            let named = try #require(Self.coding(name), "\(name)")
            coding = named
        }
        guard let coding else { return answer.bodyText }
        let decoder = try #require(ContentDecoder.make(coding, buffer: CodingBuffer()))
        #expect(decoder.begin(DecodingLimits()))
        var plain: [UInt8] = []
        #expect(
            try decoder.push(answer.body.span) { piece in for index in piece.indices { plain.append(piece[index]) } }
                == answer.body.count)
        try decoder.finish()
        return String(decoding: plain, as: UTF8.self)
    }

    @Test(arguments: [
        ("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, br;q=0.5", "gzip"), ("zstd;q=0, *", "br"), ("identity;q=0, gzip", "gzip"),
        ("deflate", ""), ("identity", ""), ("gzip;q=0", ""), ("", ""),
    ])
    func theClientDecides(_ accepted: String, _ expected: String) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                200, fields: "Content-Type: application/json\r\nETag: \"1\"\r\nAccept-Ranges: bytes\r\nDigest: x\r\n",
                body: Self.body)
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let answer = try gateway.exchange(request("GET /", "Accept-Encoding: \(accepted)"))
            #expect((answer.fields["content-encoding"] ?? "") == expected)
            #expect(try Self.decoded(answer) == Self.body)
            // Whatever was sent, a cache must know that there may be another.
            #expect(answer.fields.values("vary") == ["Accept-Encoding"])
            #expect(answer.fields["etag"] == (expected.isEmpty ? "\"1\"" : "W/\"1\""))
            #expect(answer.fields.contains("accept-ranges") == expected.isEmpty)
            #expect(answer.fields.contains("digest") == expected.isEmpty)
            #expect(answer.framing == (expected.isEmpty ? .length(Self.body.utf8.count) : .chunked))
            #expect(expected.isEmpty || answer.body.count < Self.body.utf8.count / 2)
            // The service is asked for what the client asked for.
            #expect(origin.requests.last?.fields["accept-encoding"] == accepted)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields = "Content-Type: text/plain\r\n"
        var status = 200
        var body = Compression.body
        var asked: [String] = []
        var isCompressed = false
        var keys = ""
        var varies = false
    }

    static let cases: [Case] = [
        Case(testDescription: "text", isCompressed: true, varies: true),
        Case(testDescription: "an error", status: 404, isCompressed: true, varies: true),
        Case(testDescription: "too small", body: text(1_023)),
        Case(testDescription: "large enough", body: text(1_024), isCompressed: true, varies: true),
        Case(
            testDescription: "a limit of its own", body: text(10), isCompressed: true, keys: "min_size: 10",
            varies: true),
        Case(testDescription: "an image", fields: "Content-Type: image/png\r\n"),
        Case(testDescription: "no type", fields: ""),
        Case(
            testDescription: "a suffix", fields: "content-type: Application/HAL+JSON ; charset=utf-8\r\n",
            isCompressed: true, varies: true),
        Case(testDescription: "types of its own", keys: "types: [ image/* ]"),
        Case(
            testDescription: "types of its own, matched", fields: "Content-Type: image/bmp\r\n", isCompressed: true,
            keys: "types: [ image/* ]", varies: true),
        Case(testDescription: "an event stream", fields: "Content-Type: text/event-stream\r\n"),
        Case(
            testDescription: "gRPC", fields: "Content-Type: application/grpc+json\r\n",
            keys: "types: [ \"*/*\" ]"),
        Case(
            testDescription: "encoded already", fields: "Content-Type: text/plain\r\nContent-Encoding: br\r\n"),
        Case(
            testDescription: "no-transform",
            fields: "Content-Type: text/plain\r\nCache-Control: max-age=1, No-Transform\r\n"),
        Case(testDescription: "no-transform, asked", asked: ["Cache-Control: no-transform"]),
        Case(
            testDescription: "a part", fields: "Content-Type: text/plain\r\nContent-Range: bytes 0-4999/9999\r\n",
            status: 206, asked: ["Range: bytes=0-4999"]),
        Case(
            testDescription: "varies already", fields: "Content-Type: text/plain\r\nVary: Origin, accept-encoding\r\n",
            isCompressed: true),
        Case(testDescription: "switched off", keys: "enabled: false"),
        Case(
            testDescription: "as it is will not do", fields: "Content-Type: image/png\r\n", body: text(5),
            asked: ["Accept-Encoding: identity;q=0"], isCompressed: true, varies: true),
        Case(testDescription: "of one algorithm", keys: "algorithms: [ br ]", varies: true),
    ]

    @Test(arguments: cases) func whatIsCompressed(_ test: Case) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(test.status, fields: test.fields, body: test.body)
        }
        try withGateway(Self.configuration(origin, test.keys), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(
                    "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n"
                        + test.asked.map { $0 + "\r\n" }.joined() + "\r\n")
                let answer = try client.readResponse()
                #expect(answer.status == test.status)
                #expect((answer.fields["content-encoding"] == "gzip") == test.isCompressed)
                #expect(answer.fields.values("vary").contains("Accept-Encoding") == test.varies)
                if test.isCompressed {
                    #expect(try Self.decoded(answer) == test.body)
                } else {
                    #expect(answer.bodyText == test.body)
                }
            }
        }
    }

    /// What has no body, or speaks of one that is not there.
    @Test func headAndNotModified() throws {
        let origin = try ScriptedUpstream { request, connection in
            let fields = "Content-Type: text/plain\r\nETag: \"1\"\r\n"
            if request.fields.contains("if-none-match") {
                try connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n")
            } else if request.target == "/204" {
                try connection.send("HTTP/1.1 204 No Content\r\nETag: \"1\"\r\n\r\n")
            } else if request.method == "HEAD" {
                try connection.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(Self.body.utf8.count)\r\n\r\n")
            } else {
                try connection.respond(200, fields: fields, body: request.target == "/empty" ? "" : Self.body)
            }
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let head = try gateway.exchange(request("HEAD /", "Accept-Encoding: gzip"), method: "HEAD")
            let get = try gateway.exchange(request("GET /", "Accept-Encoding: gzip"))
            for name in ["content-encoding", "etag", "vary", "content-type"] {
                #expect(head.fields[name] == get.fields[name], "\(name)")
            }
            #expect(!head.fields.contains("content-length"))
            let unchanged = try gateway.exchange(
                request("GET /", "Accept-Encoding: gzip", "If-None-Match: W/\"1\""))
            #expect(unchanged.status == 304 && unchanged.fields["etag"] == "W/\"1\"")
            #expect(unchanged.fields["vary"] == "Accept-Encoding" && !unchanged.fields.contains("content-encoding"))
            let empty = try gateway.exchange(request("GET /empty", "Accept-Encoding: gzip"))
            #expect(empty.framing == .length(0) && !empty.fields.contains("content-encoding"))
            let nothing = try gateway.exchange(request("GET /204", "Accept-Encoding: gzip"))
            #expect(nothing.status == 204 && !nothing.fields.contains("content-encoding"))
            #expect(nothing.fields["etag"] == "\"1\"")
        }
    }

    /// Each piece of a slow stream reaches the client before the next one is sent.
    @Test(arguments: ["gzip", "br", "zstd"]) func slowStreamsAreNotHeldBack(_ coding: String) throws {
        let seen = Counter("pieces seen")
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<5 {
                try connection.sendChunk("{\"n\":\(number)}\n")
                try seen.wait(for: number + 1)
            }
            try connection.send("0\r\n\r\n")
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /", "Accept-Encoding: \(coding)"))
            let head = try client.readHead()
            #expect(head.fields["content-encoding"] == coding)
            let name = try #require(Self.coding(coding))
            let decoder = try #require(ContentDecoder.make(name, buffer: CodingBuffer()))
            #expect(decoder.begin(DecodingLimits()))
            var plain = ""
            for number in 0..<5 {
                while !plain.hasSuffix("{\"n\":\(number)}\n") {
                    let coded = try #require(try client.readPiece())
                    _ = try decoder.push(coded.span) { piece in
                        for index in piece.indices { plain.unicodeScalars.append(Unicode.Scalar(piece[index])) }
                    }
                }
                seen.add()
            }
            while let coded = try client.readPiece() { _ = try decoder.push(coded.span) { _ in } }
            try decoder.finish()
        }
    }

    /// Ten megabytes in any framing, with a client that takes its time; meanwhile others are served.
    @Test(arguments: ["gzip", "br", "zstd"]) func largeBodies(_ coding: String) throws {
        let text = Self.text(6 << 20)
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/small" { return try connection.respond(200, body: "small") }
            try connection.respond(200, fields: "Content-Type: text/plain\r\n", body: text)
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let client = try gateway.connect(receiveBuffer: 8_192)
            try client.send(request("GET /", "Accept-Encoding: \(coding)"))
            #expect(gateway.ask("GET /small") == "small")
            let answer = try client.readResponse()
            #expect(try Self.decoded(answer) == text)
            // The same connection goes on.
            try client.send(request("GET /small"))
            #expect(try client.readResponse().bodyText == "small")
        }
    }

    /// A service that breaks off leaves a body that the client can tell from a whole one.
    @Test func aBodyCutShort() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9000\r\n\r\n\(Self.body)")
            connection.close()
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /", "Accept-Encoding: gzip"))
            let failure = #expect(throws: KitFailure.self) { try client.readResponse() }
            #expect(failure?.kind == .closed || failure?.kind == .reset)
        }
    }

    /// A fixed response of a route, and the route's own settings.
    @Test func routesAndFixedResponses() throws {
        let text = String(repeating: "word ", count: 400)
        let configuration =
            oneListener + """
                compression: { algorithms: [ gzip ] }
                routes:
                  - { path: /fixed, respond: { headers: { content-type: text/plain }, body: "\(text)" } }
                  - { path: /off, compression: { enabled: false }, respond: { headers: { content-type: text/plain }, body: "\(text)" } }
                  - { path: /own, compression: { algorithms: [ br ] }, respond: { headers: { content-type: text/plain }, body: "\(text)" } }

                """
        try withGateway(configuration) { gateway in
            for (path, coding) in [("/fixed", "gzip"), ("/off", nil), ("/own", "br")] {
                let answer = try gateway.exchange(request("GET \(path)", "Accept-Encoding: gzip, br"))
                #expect(answer.fields["content-encoding"] == coding)
                #expect(try Self.decoded(answer) == text)
                let head = try gateway.exchange(request("HEAD \(path)", "Accept-Encoding: gzip, br"), method: "HEAD")
                #expect(head.fields["content-encoding"] == coding)
            }
        }
    }

    /// While the encoders' memory is used up, responses go as they are.
    @Test func withoutMemory() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: "Content-Type: text/plain\r\n", body: Self.body)
        }
        let configuration =
            withAdmin + "limits: { encoder_memory: 300KiB }\ncompression: {}\n"
            + "routes: [ { name: all, path: \"/**\", upstream: \"\(origin.url)\" } ]\n"
        try withGateway(configuration, origin, admin: true) { gateway in
            // There is room for gzip, not for Brotli.
            let second = try gateway.exchange(request("GET /", "Accept-Encoding: br;q=1, gzip;q=0.5"))
            #expect(second.fields["content-encoding"] == "gzip")
            let none = try gateway.exchange(request("GET /", "Accept-Encoding: br"))
            #expect(!none.fields.contains("content-encoding") && none.bodyText == Self.body)
            #expect(none.fields["vary"] == "Accept-Encoding")
            let page = try RawClient.exchange(port: #require(gateway.adminPort), scrape).bodyText
            #expect(page.contains("gatehouse_compression_skipped_total 1\n"))
            #expect(page.contains("gatehouse_compression_bytes_total{coding=\"gzip\",side=\"in\"} 5000\n"))
        }
    }

    /// By another client, which decodes what it asked for.
    @Test(arguments: ["gzip", "br", "zstd"]) func curlCompressed(_ coding: String) throws {
        let version = try ChildProcess("/usr/bin/env", ["curl", "--version"])
        try version.waitForExit()
        let feature = coding == "gzip" ? "libz" : coding == "br" ? "brotli" : "zstd"
        guard version.output.contains(feature) else { return }
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: "Content-Type: application/json\r\n", body: Self.body)
        }
        try withGateway(Self.configuration(origin, "algorithms: [ \(coding) ]"), origin) { gateway in
            let process = try ChildProcess(
                "/usr/bin/env",
                [
                    "curl", "-sS", "--compressed", "-m", "20", "-w", "\n%{http_code} %header{content-encoding}",
                    "http://127.0.0.1:\(gateway.port)/",
                ])
            #expect(try process.waitForExit() == .code(0))
            #expect(process.output == Self.body + "\n200 \(coding)")
        }
    }
}
