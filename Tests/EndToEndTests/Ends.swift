import GatehouseTesting
import Testing

/// Connections that end where they should not, and connections that are used again.
@Suite struct Ends {
    // MARK: The client goes

    @Test(arguments: [true, false])
    func aClientThatGoesTakesTheUpstreamWithIt(_ byReset: Bool) throws {
        let gone = Gate("the client to go")
        let event = Array("6\r\nevent\n\r\n".utf8)
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            try gone.wait()
            if !byReset {
                // A FIN alone may be a half-close: that nobody is there shows when the next bytes go out.
                _ = try? connection.sendUntilBlocked(event, limit: 1 << 30, quiet: .seconds(5))
            }
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            _ = try client.readHead()
            _ = try client.readBody(atLeast: 5)
            if byReset { client.reset() } else { client.close() }
            gone.open()
            try origin.waitForClose()
        }
    }

    @Test func aClientThatResetsBeforeTheAnswerTakesTheUpstreamWithIt() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            try origin.waitForRequest()
            client.reset()
            try origin.waitForClose()
        }
    }

    /// Half a body is no request: the origin must not take what it got for the whole.
    @Test(arguments: [true, false])
    func aRequestCutShortIsNotCompleted(_ isChunked: Bool) throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                isChunked
                    ? request("POST /", "Transfer-Encoding: chunked") + "5\r\nhello\r\n"
                    : request("POST /", "Content-Length: 10") + "hello")
            try origin.waitForHead()
            client.finishSending()
            let rest = try client.readToEnd()
            #expect(rest.isEmpty || rest.starts(with: Array("HTTP/1.1 4".utf8)))
            try origin.waitForClose()
            #expect(origin.requests.isEmpty)
        }
    }

    // MARK: The upstream goes

    enum Break: String, CaseIterable, Sendable {
        case refuses, closesAtOnce, closesAfterRequest, resetsAfterRequest, closesInHead, garbage, twoLengths, oldLF
    }

    @Test(arguments: Break.allCases)
    func anUpstreamThatBreaksBeforeTheHeadIsA502(_ kind: Break) throws {
        let origin = try ScriptedUpstream(connection: { connection in
            if kind == .closesAtOnce { return }
            guard try connection.readRequest() != nil else { return }
            switch kind {
            case .refuses, .closesAtOnce, .closesAfterRequest: return
            case .resetsAfterRequest: connection.reset()
            case .closesInHead: try connection.send("HTTP/1.1 200 OK\r\nContent-Le")
            case .garbage: try connection.send("220 mail.test ESMTP\r\n\r\n")
            case .twoLengths:
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
            case .oldLF: try connection.send("HTTP/1.1 200 OK\nContent-Length: 0\n\n")
            }
        })
        if kind == .refuses { origin.stop() }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            // POST, as a GET might be tried again once that is built.
            try client.send(request("POST /", "Content-Length: 2") + "ab")
            let response = try client.readResponse()
            #expect(response.status == 502)
            #expect(errorCode(response)?.isEmpty == false)
            #expect(response.fields["proxy-status"]?.hasPrefix("gatehouse") == true)
            // The client's connection is not to blame.
            if response.fields["connection"]?.lowercased() != "close" {
                try client.send(request("POST /", "Content-Length: 0"))
                #expect(try client.readResponse().status == 502)
            }
        }
    }

    static let brokenResponses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u{0}b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
        "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]

    @Test(arguments: brokenResponses)
    func aBrokenResponseHeadIsA502(_ text: String) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(text)
            try connection.waitForClose()
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let response = try gateway.exchange(request("POST /", "Content-Length: 0"))
            #expect(response.status == 502)
            #expect(errorCode(response) == "upstream_invalid_response")
            try origin.waitForClose()
        }
    }

    /// After the head the only honest thing is to break off: never a clean end.
    @Test(arguments: ["length", "chunked", "badChunk", "reset"])
    func anUpstreamThatBreaksInTheBodyAborts(_ kind: String) throws {
        let read = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                kind == "length" || kind == "reset"
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
                    : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            try read.wait()
            if kind == "badChunk" { try connection.send("xyz\r\nhello\r\n0\r\n\r\n") }
            if kind == "reset" { connection.reset() } else { connection.close() }
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request() + request("GET /second"))
            #expect(try client.readHead().status == 200)
            #expect(try client.readBody(atLeast: 5) == Array("hello".utf8))
            read.open()
            let failure = #expect(throws: KitFailure.self) { while try client.readPiece() != nil {} }
            #expect([.closed, .reset].contains(failure?.kind))
        }
    }

    /// An answer before the request's body is through is passed on; the connections are not used again by mistake.
    @Test func anEarlyAnswerIsPassedOn() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readHead() != nil else { return }
            try connection.respond(413, fields: "Connection: close\r\n", body: "too much")
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /", "Content-Length: 1000000") + "start")
            let response = try client.readResponse()
            #expect(response.status == 413)
            #expect(response.bodyText == "too much")
            #expect(!response.fields.contains("proxy-status"))
        }
    }

    // MARK: Connections used again

    @Test func upstreamConnectionsAreUsedAgain() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            for number in 0..<10 { #expect(gateway.ask("GET /\(number)") == "origin GET /\(number)") }
            #expect(origin.connectionCount == 1)
        }
    }

    /// The origin closes an idle connection, as Node does after 5 s: the next request must not notice. A GET may be
    /// sent again where the end was not seen in time; a POST may not, so for it the gateway must have seen it.
    @Test(arguments: ["GET", "POST"])
    func aClosedIdleConnectionIsNoErrorForTheClient(_ method: String) throws {
        let closed = Counter("idle connections closed")
        let origin = try ScriptedUpstream(connection: { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.respond(body: "\(request.method) \(request.target)")
            closed.add()
        })
        let configuration = service(at: origin.url, "", "admin: { address: \"127.0.0.1:0\" }")
        try withGateway(configuration, origin, admin: true) { gateway in
            let admin = try RawClient(port: try #require(gateway.adminPort))
            let client = try gateway.connect()
            for number in 0..<20 {
                try client.send(
                    method == "GET"
                        ? request("GET /\(number)") : request("POST /\(number)", "Content-Length: 2") + "ab")
                let response = try client.readResponse()
                #expect(response.status == 200)
                #expect(response.bodyText == "\(method) /\(number)")
                try closed.wait(for: number + 1)
                // The FIN of a script that has ended is on its way once its thread has left.
                try origin.waitForClose()
                if method == "GET" { continue }
                try eventually("the gateway to see the end") {
                    try admin.send(scrape)
                    let page = try PrometheusPage(try admin.readResponse().bodyText)
                    return page.sum("gatehouse_upstream_connections", ["service": "origin"]) == 0
                }
            }
            #expect(origin.connectionCount == 20)
        }
    }

    @Test func theUpstreamsConnectionCloseIsHeeded() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.respond(fields: "Connection: close\r\n", body: "once")
            #expect(try connection.waitForClose() == .closed)
        })
        try withGateway(everything(to: origin), origin) { gateway in
            #expect(gateway.ask("GET /1") == "once")
            #expect(gateway.ask("GET /2") == "once")
            #expect(origin.connectionCount == 2)
            try origin.waitForClose()
        }
    }

    /// Bytes on an idle connection are nobody's answer: it is closed and not used again.
    @Test func anUnaskedResponseIsNotTheNextOnes() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream(connection: { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.respond(body: "answer to \(request.target)")
            guard connection.number == 0 else { return }
            try gate.wait()
            try connection.respond(body: "poison")
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            #expect(gateway.ask("GET /1") == "answer to /1")
            gate.open()
            try origin.waitForClose()
            #expect(gateway.ask("GET /2") == "answer to /2")
        }
    }

    /// More bytes than Content-Length says, in the same packet: the surplus is nobody's answer.
    @Test func aResponseWithSurplusBytesPoisonsNothing() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<3 {
                try client.send(request())
                #expect(try client.readResponse().bodyText == "ok")
            }
        }
    }

    @Test func anIdleUpstreamConnectionIsClosedInTime() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(service(at: origin.url, "timeouts: { keep_alive: 200ms }"), origin) { gateway in
            #expect(gateway.ask("GET /1") == "origin GET /1")
            try origin.waitForClose()
            #expect(gateway.ask("GET /2") == "origin GET /2")
            #expect(origin.connectionCount == 2)
        }
    }

    /// A response to HEAD, 204 and 304 leave the connection usable; one cut by its client does not.
    @Test func aConnectionWithAnUnreadRestIsNotUsedAgain() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            while let request = try connection.readRequest() {
                if request.target == "/long" {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
                    try connection.waitForClose()
                    return
                }
                try connection.respond(body: request.target)
            }
        })
        try withGateway(everything(to: origin), origin) { gateway in
            #expect(gateway.ask("GET /a") == "/a")
            let client = try gateway.connect()
            try client.send(request("GET /long"))
            _ = try client.readHead()
            client.reset()
            try origin.waitForClose()
            #expect(gateway.ask("GET /b") == "/b")
            #expect(origin.connectionCount == 2)
        }
    }
}
