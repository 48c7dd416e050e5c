import GatehouseTesting
import Testing

/// Each time limit, short, with a real client or origin that is too slow for it. What counts is that the end comes and
/// what it looks like; no test measures when.
@Suite struct Timeouts {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    /// Slow loris: a byte now and then does not buy more time.
    @Test(arguments: [true, false])
    func aHeadThatTakesTooLong(_ isTrickling: Bool) throws {
        try withGateway(everything(to: origin, "timeouts: { head: 300ms }"), origin) { gateway in
            let client = try gateway.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            if isTrickling {
                try eventually("the gateway to lose patience") {
                    if try client.hasInput(within: .milliseconds(20)) { return true }
                    try client.send("a")
                    return false
                }
            }
            let response = try client.readResponse()
            #expect(response.status == 408)
            #expect(errorCode(response) == "request_timeout")
            #expect(response.fields["connection"]?.lowercased() == "close")
            _ = try client.readToEnd()
            #expect(origin.heads.isEmpty)
        }
    }

    /// Also for the second request on a connection.
    @Test func aSecondHeadThatTakesTooLong() throws {
        try withGateway(everything(to: origin, "timeouts: { head: 300ms }"), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request() + "GET /sec")
            #expect(try client.readResponse().status == 200)
            #expect(try client.readResponse().status == 408)
        }
    }

    @Test func aConnectionThatSaysNothing() throws {
        let timeouts = "timeouts: { head: 300ms, keep_alive: 300ms }"
        try withGateway(everything(to: origin, timeouts), origin) { gateway in
            let client = try gateway.connect()
            let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"))
        }
    }

    @Test func anIdleConnectionIsClosedWithoutAWord() throws {
        try withGateway(everything(to: origin, "timeouts: { keep_alive: 2s }"), origin) { gateway in
            let client = try gateway.connect()
            for _ in 0..<2 {
                try client.send(request())
                #expect(try client.readResponse().status == 200)
            }
            #expect(try client.expectClosed() == .closed)
        }
    }

    @Test(arguments: [true, false])
    func aBodyThatStops(_ isChunked: Bool) throws {
        try withGateway(everything(to: origin, "timeouts: { body_idle: 300ms }"), origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                isChunked
                    ? request("POST /", "Transfer-Encoding: chunked") + "5\r\nhe"
                    : request("POST /", "Content-Length: 10") + "he")
            let response = try client.readResponse()
            #expect(response.status == 408)
            #expect(errorCode(response) == "request_timeout")
            _ = try client.readToEnd()
            try origin.waitForClose()
            #expect(origin.requests.isEmpty)
        }
    }

    /// A client that takes nothing is let go, and the origin with it.
    @Test func aClientThatTakesNothing() throws {
        let size = 256 << 20
        let talkative = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            _ = try? connection.sendUntilBlocked([UInt8](repeating: 7, count: 65_536), limit: size, quiet: .seconds(10))
            try connection.waitForClose()
        }
        let timeouts = "timeouts: { send_idle: 300ms, stream_idle: 60s }"
        try withGateway(everything(to: talkative, timeouts), talkative) { gateway in
            let client = try gateway.connect(receiveBuffer: 4096)
            try client.send(request())
            _ = try client.readHead()
            try talkative.waitForClose()
            let failure = #expect(throws: KitFailure.self) { while try client.readPiece() != nil {} }
            #expect([.closed, .reset].contains(failure?.kind))
        }
    }

    @Test func anEndpointThatCannotBeReached() throws {
        let hole = try BlackholeListener()
        let configuration = service(at: "http://127.0.0.1:\(hole.port)", "timeouts: { connect: 300ms }")
        try withGateway(configuration) { gateway in
            let client = try gateway.connect()
            try client.send(request("POST /", "Content-Length: 3") + "abc")
            let response = try client.readResponse()
            #expect(response.status == 504)
            #expect(errorCode(response) == "upstream_connect_timeout")
            #expect(response.fields["proxy-status"]?.contains("connection_timeout") == true)
        }
    }

    @Test func anEndpointThatDoesNotAnswer() throws {
        let silent = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        try withGateway(service(at: silent.url, "timeouts: { request: 300ms }"), silent) { gateway in
            let client = try gateway.connect()
            for number in 1...2 {
                try client.send(request("GET /\(number)"))
                let response = try client.readResponse()
                #expect(response.status == 504)
                #expect(errorCode(response) == "upstream_timeout")
            }
            try silent.waitForClose()
        }
    }

    @Test func aRouteMayHaveItsOwnTimeLimit() throws {
        let silent = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        let configuration =
            oneListener + """
                routes: [ { path: "/**", upstream: "\(silent.url)", timeouts: { request: 300ms } } ]

                """
        try withGateway(configuration, silent) { gateway in
            #expect(gateway.ask("GET /") == "504 upstream_timeout")
        }
    }

    /// The limit is for the head: a download that takes longer lives.
    @Test func aLongDownloadIsNotATimeOut() throws {
        let read = Counter("pieces read")
        let slow = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 0..<8 {
                try connection.sendChunk("piece")
                try read.wait(for: number + 1)
            }
            try connection.send("0\r\n\r\n")
        }
        try withGateway(service(at: slow.url, "timeouts: { request: 1s }"), slow) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            _ = try client.readHead()
            for _ in 0..<8 {
                _ = try client.readBody(atLeast: 5)
                // Nothing comes while the origin waits: this is the time that passes, and nothing more.
                #expect(try client.hasInput(within: .milliseconds(200)) == false)
                read.add()
            }
            #expect(try client.readPiece() == nil)
        }
    }

    @Test func aStreamThatFallsSilent() throws {
        let silent = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            try connection.waitForClose()
        }
        try withGateway(everything(to: silent, "timeouts: { stream_idle: 300ms }"), silent) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            _ = try client.readHead()
            _ = try client.readBody(atLeast: 5)
            let failure = #expect(throws: KitFailure.self) { while try client.readPiece() != nil {} }
            #expect([.closed, .reset].contains(failure?.kind), "never a clean end")
            try silent.waitForClose()
        }
    }
}
