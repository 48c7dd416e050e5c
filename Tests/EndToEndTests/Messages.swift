import GatehouseTesting
import Testing

/// Methods, versions, interim responses, trailers and the shapes a message can have.
@Suite struct Messages {
    @Test func headGetsTheHeadOnly() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"x\"\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(request("HEAD /a"))
                let response = try client.readResponse(to: "HEAD")
                #expect(response.fields["content-length"] == "1234")
                #expect(response.fields["etag"] == "\"x\"")
            }
            #expect(try origin.waitForRequest(2).method == "HEAD")
        }
    }

    @Test(arguments: [204, 304])
    func statusesWithoutBody(_ status: Int) throws {
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/empty" {
                try connection.send("HTTP/1.1 \(status) X\r\nETag: \"x\"\r\n\r\n")
            } else {
                try connection.respond(body: "next")
            }
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /empty") + request("GET /next"))
            let response = try client.readResponse()
            #expect(response.status == status)
            #expect(response.fields["etag"] == "\"x\"")
            #expect(!response.fields.contains("transfer-encoding"))
            #expect(try client.readResponse().bodyText == "next")
        }
    }

    /// RFC 9110 lets 304 carry the length that a 200 would have.
    @Test func aLengthOnA304IsNoBody() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(request())
                #expect(try client.readResponse().status == 304)
            }
        }
    }

    @Test func expectContinueIsAnsweredBeforeTheBodyIsSent() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard let head = try connection.readHead() else { return }
            if head.fields.contains("expect") { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
            try connection.readBody()
            try connection.respond(body: "thanks")
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /upload", "Expect: 100-continue", "Content-Length: 5"))
            // The client's body stays home until it is asked for.
            let interim = try client.readAnyHead()
            #expect(interim.status == 100)
            try client.send("hello")
            #expect(try client.readResponse().status == 200)
            #expect(try origin.waitForRequest().bodyText == "hello")
        }
    }

    @Test func expectContinueMayBeAnsweredWithTheFinalStatus() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            _ = try connection.readHead()
            try connection.send("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
            try connection.waitForClose()
        })
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /upload", "Expect: 100-continue", "Content-Length: 5"))
            #expect(try client.readResponse().status == 403)
        }
    }

    @Test func anUnknownExpectationIsRefused() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let response = try gateway.exchange(request("GET /", "Expect: the-unexpected"))
            #expect(response.status == 417)
        }
    }

    @Test func interimResponsesPass() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
            try connection.send("HTTP/1.1 103 Early Hints\r\nLink: </script.js>; rel=preload\r\n\r\n")
            try connection.respond(body: "done")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let response = try gateway.exchange(request())
            #expect(response.informational.map(\.status) == [103, 103])
            #expect(response.informational.compactMap { $0.fields["link"] }.count == 2)
            #expect(response.bodyText == "done")
        }
    }

    /// The hint is there before the answer exists.
    @Test func anInterimResponseIsNotHeldBack() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            try gate.wait()
            try connection.respond(body: "done")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            #expect(try client.readAnyHead().status == 103)
            gate.open()
            #expect(try client.readResponse().bodyText == "done")
        }
    }

    /// HTTP/1.0 knows no interim responses and no chunks (RFC 9110 §15.2, RFC 9112 §6.1).
    @Test func clientsOfHTTP10() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.sendChunk("abc")
            try connection.sendChunk("def")
            try connection.send("0\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send("GET /old HTTP/1.0\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.informational.isEmpty)
            #expect(!response.fields.contains("transfer-encoding"))
            #expect(response.framing == .untilClose)
            #expect(response.bodyText == "abcdef")
            let seen = try origin.waitForRequest()
            #expect(seen.version == "HTTP/1.1")
            #expect(seen.fields["host"] == origin.authority)
        }
    }

    @Test func keepAliveOfHTTP10() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let asked = try gateway.connect()
            try asked.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let first = try asked.readResponse()
            #expect(first.bodyText == "origin GET /1")
            #expect(first.fields["connection"]?.lowercased() == "keep-alive")
            try asked.send("GET /2 HTTP/1.0\r\n\r\n")
            #expect(try asked.readResponse().bodyText == "origin GET /2")
            try asked.expectClosed()
        }
    }

    @Test func connectionCloseIsHeeded() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /", "Connection: close"))
            let response = try client.readResponse()
            #expect(response.fields["connection"]?.lowercased() == "close")
            try client.expectClosed()
        }
    }

    @Test func trailersOfARequest() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.sendByteByByte(
                request("POST /", "Transfer-Encoding: chunked", "Trailer: X-Sum")
                    + "3\r\nabc\r\n0\r\nX-Sum: 6\r\nx-LAST: z\r\n\r\n")
            #expect(try client.readResponse().status == 200)
            let seen = try origin.waitForRequest()
            #expect(seen.bodyText == "abc")
            #expect(seen.trailers["x-sum"] == "6")
            #expect(seen.trailers.names.contains("x-LAST"))
        }
    }

    /// What frames, routes or authorises has no business in a trailer section (RFC 9110 §6.5.1).
    @Test func forbiddenTrailersStayBehind() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                request("POST /", "Transfer-Encoding: chunked")
                    + "3\r\nabc\r\n0\r\nX-Fine: 1\r\nContent-Length: 9\r\nHost: evil\r\nAuthorization: x\r\n"
                    + "Transfer-Encoding: chunked\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")
            let status = try client.readResponse().status
            guard status == 200 else {
                #expect(status == 400)
                return
            }
            let trailers = try origin.waitForRequest().trailers
            #expect(trailers.names == ["X-Fine"])
        }
    }

    @Test func trailersOfAResponse() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Server-Timing\r\n\r\n")
            try connection.sendChunk("abc")
            try connection.send("0\r\nServer-Timing: db;dur=53\r\n\r\n")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(request("GET /", "TE: trailers", "Connection: TE"))
                let response = try client.readResponse()
                #expect(response.bodyText == "abc")
                #expect(response.trailers["server-timing"] == "db;dur=53")
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            var requests = ""
            for number in 0..<40 {
                requests +=
                    number % 3 == 0
                    ? request("POST /\(number)", "Content-Length: 3") + "abc" : request("GET /\(number)")
            }
            try client.send(requests)
            for number in 0..<40 {
                let method = number % 3 == 0 ? "POST" : "GET"
                #expect(try client.readResponse().bodyText == "origin \(method) /\(number)")
            }
            #expect(origin.requests.map(\.target) == (0..<40).map { "/\($0)" })
        }
    }

    /// A client that has said all it will say still gets its answers.
    @Test func halfClose() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            try gate.wait()
            try connection.respond(body: "late \(request.target)")
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /1") + request("GET /2"))
            client.finishSending()
            try origin.waitForRequest(1)
            gate.open()
            #expect(try client.readResponse().bodyText == "late /1")
            #expect(try client.readResponse().bodyText == "late /2")
            try client.expectClosed()
        }
    }

    /// Also when the gateway answers by itself, before the next turn of its loop: request and FIN in one packet.
    @Test(arguments: ["/fixed", "/none", "/fixed%00"])
    func halfCloseAndAnAnswerOfTheGateway(_ target: String) throws {
        let configuration = oneListener + "routes: [ { path: /fixed, respond: { body: hello } } ]\n"
        try withGateway(configuration) { gateway in
            for _ in 0..<5 {
                let client = try gateway.connect()
                try client.send(request("GET \(target)"))
                client.finishSending()
                let response = try client.readResponse()
                #expect([200, 404, 400].contains(response.status))
                try client.expectClosed()
            }
        }
    }

    /// To WebSocket they are: `WebSockets`.
    @Test func otherUpgradesAreNotMade() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            for fields in [
                ["Connection: Upgrade", "Upgrade: irc/6.9, h2c"],
                ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"],
            ] {
                let text = "GET /chat HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
                let response = try gateway.exchange(text)
                #expect(response.informational.isEmpty)
                #expect([200, 501].contains(response.status))
            }
            for seen in origin.heads {
                #expect(!seen.fields.contains("upgrade"))
                #expect(!seen.fields.contains("http2-settings"))
                #expect(!seen.fields.values("connection").joined().lowercased().contains("upgrade"))
            }
        }
    }

    /// A 101 that nobody asked for must not turn the connection into a tunnel.
    @Test func anUnaskedSwitchIsABrokenUpstream() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nHTTP/1.1 200 OK\r\n")
            try connection.waitForClose()
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let response = try gateway.exchange(request())
            #expect(response.status == 502)
            #expect(response.informational.isEmpty)
        }
    }

    @Test func connectAndTraceAreRefused() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let connect = try gateway.exchange("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n")
            #expect(connect.status == 501)
            let trace = try gateway.exchange(request("TRACE /"))
            #expect(trace.status == 405)
            #expect(trace.fields.contains("allow"))
            #expect(origin.heads.isEmpty)
        }
    }

    @Test func optionsForTheServerAsAWhole() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let response = try gateway.exchange(request("OPTIONS *"))
            #expect(response.status == 204)
            #expect(origin.heads.isEmpty)
            #expect(gateway.ask("OPTIONS /a") == "origin OPTIONS /a")
        }
    }

    @Test func oneEmptyLineBeforeARequestIsIgnored() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send("\r\n" + request("GET /1"))
            #expect(try client.readResponse().bodyText == "origin GET /1")
            try client.send("\r\n" + request("GET /2"))
            #expect(try client.readResponse().bodyText == "origin GET /2")
        }
    }

    /// Byte by byte and all at once it is the same request.
    @Test func everyByteByItself() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let text =
                request("POST /a?b=c", "X-One: 1", "X-Two:2", "Transfer-Encoding: chunked")
                + "5;x=y\r\nhello\r\n00006\r\n world\r\n0\r\nX-T: 1\r\n\r\n"
            let whole = try gateway.connect()
            try whole.send(text)
            #expect(try whole.readResponse().status == 200)
            let split = try gateway.connect()
            try split.sendByteByByte(text)
            #expect(try split.readResponse().status == 200)
            let seen = origin.requests
            try #require(seen.count == 2)
            #expect(seen[0].body == seen[1].body)
            #expect(seen[0].bodyText == "hello world")
            #expect(seen[0].target == seen[1].target)
            #expect(seen[0].fields.names == seen[1].fields.names)
            #expect(seen[0].trailers == seen[1].trailers)
            #expect(seen.allSatisfy { $0.chunkExtensions.isEmpty })
        }
    }
}
