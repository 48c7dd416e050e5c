import GatehouseTesting
import Testing

/// Each limit on what a client may send, with a client that goes over it.
@Suite struct Limits {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    /// A request head of exactly so many bytes.
    private func head(of size: Int) -> String {
        let empty = request("GET /", "X-Fill: ")
        return request("GET /", "X-Fill: " + String(repeating: "a", count: size - empty.utf8.count))
    }

    @Test func defaultsOfTheHead() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let fields = { (count: Int) in
                "GET / HTTP/1.1\r\nHost: a\r\n" + (1..<count).map { "X-\($0): 1\r\n" }.joined() + "\r\n"
            }
            let line = { (size: Int) in "/" + String(repeating: "a", count: size - 1) }
            #expect(try gateway.exchange(head(of: 60_000)).status == 200)
            #expect(try gateway.exchange(head(of: 62_000)).status == 431)
            #expect(try gateway.exchange(fields(100)).status == 200)
            let tooMany = try gateway.exchange(fields(101))
            #expect(tooMany.status == 431)
            #expect(errorCode(tooMany) == "request_headers_too_large")
            #expect(try gateway.exchange(request("GET \(line(8_000))")).status == 200)
            let tooLong = try gateway.exchange(request("GET \(line(8_300))"))
            #expect(tooLong.status == 414)
            #expect(errorCode(tooLong) == "uri_too_long")
            #expect(origin.heads.count == 3)
        }
    }

    @Test func configuredLimitsOfTheHead() throws {
        let limits = "limits: { request_head: 2048, request_line: 512, request_fields: 10 }"
        try withGateway(everything(to: origin, limits), origin) { gateway in
            let statuses = try [2_000, 2_100].map { try gateway.exchange(head(of: $0)).status }
            #expect(statuses == [200, 431])
            #expect(gateway.ask("GET /\(String(repeating: "b", count: 600))") == "414 uri_too_long")
            #expect(gateway.ask("GET /?\(String(repeating: "b", count: 600))") == "414 uri_too_long")
            #expect(gateway.ask("\(String(repeating: "B", count: 600)) /").hasPrefix("4"))
        }
    }

    /// A route may be narrower than the general limits.
    @Test func limitsOfARoute() throws {
        let routes = """
            routes:
              - { path: /narrow, upstream: "\(origin.url)", limits: { request_head: 600, request_line: 64, request_body: 10 } }
              - { path: "/**", upstream: "\(origin.url)" }
            """
        try withGateway(oneListener + routes, origin) { gateway in
            let fill = "X-Fill: " + String(repeating: "a", count: 500)
            for path in ["/narrow", "/wide"] {
                let isNarrow = path == "/narrow"
                #expect(gateway.ask("GET \(path)") == "origin GET \(path)")
                // Method, target and version with their blanks: 64 bytes, and one more.
                let room = 64 - "GET \(path)? HTTP/1.1".utf8.count
                let longest = "\(path)?" + String(repeating: "q", count: room)
                #expect(gateway.ask("GET \(longest)") == "origin GET \(longest)")
                #expect(gateway.ask("GET \(longest)q") == (isNarrow ? "414 uri_too_long" : "origin GET \(longest)q"))
                #expect(gateway.ask("GET \(path)", fill).hasPrefix("origin"))
                #expect(
                    gateway.ask("GET \(path)", fill, fill)
                        == (isNarrow ? "431 request_headers_too_large" : "origin GET \(path)"))
                let body = try gateway.exchange(
                    request("POST \(path)", "Content-Length: 11") + "hello world", method: "POST")
                #expect(body.status == (isNarrow ? 413 : 200))
            }
            // What is counted is what came, not what the gateway adds.
            let line = "GET /narrow HTTP/1.1\r\nHost: gateway.test\r\nX-Fill: "
            let rest = 600 - line.utf8.count - 4
            for (more, status) in [(0, 200), (1, 431)] {
                let text = line + String(repeating: "a", count: rest + more) + "\r\n\r\n"
                #expect(try gateway.exchange(text).status == status)
            }
        }
    }

    /// A head without end must be refused when it is too long, not kept until it ends.
    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\nX: ", "GET / HTTP/1.1\r\nHost: a\r\n", "GET /", "\r\n\r\n\r\n"])
    func aHeadWithoutEnd(_ start: String) throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let idle = gateway.process.residentBytes
            let client = try gateway.connect()
            try client.send(start)
            let filler = start.hasSuffix("\r\n") ? "X: abcdefgh\r\n" : "abcdefgh"
            let bytes = Array(String(repeating: start == "\r\n\r\n\r\n" ? "\r\n" : filler, count: 8_192).utf8)
            // The gateway may close while more is under way: that is what is asked for.
            let sent = (try? client.sendUntilBlocked(bytes, limit: 8 << 20)) ?? 0
            #expect(sent < 8 << 20)
            let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
            if let idle, let now = gateway.process.residentBytes { #expect(now - idle < 8 << 20) }
            #expect(origin.heads.isEmpty)
        }
    }

    @Test func aBodyTooLargeByItsLength() throws {
        let limits = "limits: { request_body: 1000 }"
        try withGateway(everything(to: origin, limits), origin) { gateway in
            let fine = try gateway.connect()
            try fine.send(request("POST /", "Content-Length: 1000") + String(repeating: "a", count: 1_000))
            #expect(try fine.readResponse().status == 200)
            // Refused by the head alone, before a byte of the body.
            let response = try gateway.exchange(request("POST /", "Content-Length: 1001"))
            #expect(response.status == 413)
            #expect(errorCode(response) == "body_too_large")
            let expecting = try gateway.exchange(request("POST /", "Content-Length: 1001", "Expect: 100-continue"))
            #expect(expecting.status == 413)
            #expect(expecting.informational.isEmpty)
            #expect(origin.heads.count == 1)
        }
    }

    @Test func aChunkedBodyThatGrowsTooLarge() throws {
        let limits = "limits: { request_body: 1000 }"
        try withGateway(everything(to: origin, limits), origin) { gateway in
            let client = try gateway.connect()
            let chunk = "64\r\n" + String(repeating: "a", count: 100) + "\r\n"
            try client.send(request("POST /", "Transfer-Encoding: chunked"))
            try origin.waitForHead()
            try client.send(String(repeating: chunk, count: 11))
            let response = try client.readResponse()
            #expect(response.status == 413)
            #expect(errorCode(response) == "body_too_large")
            _ = try client.readToEnd()
            // The origin must not take the part for the whole.
            try origin.waitForClose()
            #expect(origin.requests.isEmpty)
        }
    }

    @Test func aRouteMayHaveItsOwnBodyLimit() throws {
        let configuration =
            oneListener + """
                limits: { request_body: 10 }
                routes:
                  - { path: /small, upstream: "\(origin.url)" }
                  - { path: /large, upstream: "\(origin.url)", limits: { request_body: 1KiB } }

                """
        try withGateway(configuration, origin) { gateway in
            let statuses = try ["/small", "/large"].map { path in
                try gateway.exchange(request("PUT \(path)", "Content-Length: 11") + "hello world").status
            }
            #expect(statuses == [413, 200])
        }
    }

    @Test func requestsPerConnection() throws {
        try withGateway(everything(to: origin, "limits: { requests_per_connection: 3 }"), origin) { gateway in
            let client = try gateway.connect()
            for number in 1...3 {
                try client.send(request("GET /\(number)"))
                let response = try client.readResponse()
                #expect(response.status == 200)
                #expect((response.fields["connection"]?.lowercased() == "close") == (number == 3))
            }
            try client.expectClosed()
        }
    }

    @Test func connectionsAreCapped() throws {
        try withGateway(everything(to: origin, "limits: { connections: 4 }"), origin) { gateway in
            var clients: [RawClient] = []
            for _ in 0..<4 {
                let client = try gateway.connect()
                try client.send(request())
                #expect(try client.readResponse().status == 200)
                clients.append(client)
            }
            let surplus = try gateway.connect()
            // It may be closed before the request is through.
            try? surplus.send(request())
            let answer = String(decoding: try surplus.readToEnd(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503"))
            // Those within the cap are not disturbed, and room that is given back is used.
            try clients[0].send(request())
            #expect(try clients[0].readResponse().status == 200)
            clients[1].close()
            try eventually("a place to be free again") {
                let next = try gateway.connect()
                try? next.send(request())
                return (try? next.readResponse())?.status == 200
            }
        }
    }

    @Test func aListenerMayHaveItsOwnCap() throws {
        let configuration = """
            listeners: [ { address: "127.0.0.1:0", max_connections: 1 } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", upstream: "\(origin.url)" } ]

            """
        try withGateway(configuration, origin) { gateway in
            let first = try gateway.connect()
            try first.send(request())
            #expect(try first.readResponse().status == 200)
            let second = try gateway.connect()
            try? second.send(request())
            let answer = String(decoding: try second.readToEnd(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test func responseHeadsAreLimited() throws {
        let talkative = try ScriptedUpstream { request, connection in
            if request.target == "/endless" {
                try connection.send("HTTP/1.1 200 OK\r\n")
                let line = Array("X-Line: 0123456789\r\n".utf8)
                _ = try connection.sendUntilBlocked(line, limit: 64 << 20)
                return
            }
            let size = Int(request.target.dropFirst()) ?? 0
            try connection.respond(fields: "X-Fill: \(String(repeating: "a", count: size))\r\n", body: "ok")
        }
        try withGateway(everything(to: talkative, "limits: { response_head: 2048 }"), talkative) { gateway in
            #expect(gateway.ask("GET /1500") == "ok")
            #expect(gateway.ask("GET /3000") == "502 upstream_headers_too_large")
            #expect(gateway.ask("GET /endless") == "502 upstream_headers_too_large")
            #expect(gateway.ask("GET /10") == "ok")
        }
    }

    /// A response head of 200 interim responses a second for ever is no way around the limits.
    @Test func interimResponsesAreLimitedByTime() throws {
        let chatty = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            let hint = Array("HTTP/1.1 102 Processing\r\n\r\n".utf8)
            _ = try? connection.sendUntilBlocked(hint, limit: 1 << 30, quiet: .seconds(5))
        })
        let configuration = service(at: chatty.url, "timeouts: { request: 500ms }")
        try withGateway(configuration, chatty) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /", "Connection: close"))
            let answer = try client.readToEnd()
            #expect(!answer.isEmpty)
            try chatty.waitForClose()
        }
    }
}
