import GatehouseTesting
import Testing

/// The judge judged: a kit that lets a broken message pass would make every other test here worthless.
@Suite struct Kit {
    @Test func aClientAndAnOriginUnderstandOneAnother() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let client = try RawClient(port: origin.port)
        try client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n")
        let response = try client.readResponse()
        #expect(response.status == 200)
        #expect(response.bodyText == "origin GET /a?b=c")
        let request = try origin.waitForRequest()
        #expect(request.fields.values("X-TWICE") == ["1", "2"])
        #expect(request.fields.names == ["Host", "X-Twice", "x-twice"])
        try origin.check()
    }

    @Test func aChunkedRequestIsTakenApart() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let client = try RawClient(port: origin.port)
        try client.sendByteByByte(
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\nX-Sum: 13\r\n\r\n")
        #expect(try client.readResponse().status == 200)
        let request = try origin.waitForRequest()
        #expect(request.bodyText == "abc0123456789")
        #expect(request.chunkSizes == [3, 10, 0])
        #expect(request.chunkExtensions == [";x=y"])
        #expect(request.trailers["x-sum"] == "13")
    }

    @Test(arguments: [
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x@y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x:8a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: \u{7F}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: y\r\n\r\n",
    ])
    func theJudgeRefuses(_ request: String) throws {
        let origin = try ScriptedUpstream(named: "origin")
        let client = try RawClient(port: origin.port)
        try client.send(request)
        client.finishSending()
        _ = try client.readToEnd()
        try origin.waitForClose()
        #expect(origin.violations.count == 1)
        #expect(throws: KitFailure.self) { try origin.check() }
    }

    @Test(arguments: [
        "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
    ])
    func theJudgeRefusesAResponse(_ response: String) throws {
        let origin = try ScriptedUpstream { request, connection in try connection.send(response) }
        let client = try RawClient(port: origin.port)
        try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let failure = #expect(throws: KitFailure.self) { try client.readResponse() }
        #expect(failure?.kind == .violation)
    }

    @Test func aBodyCutShortIsToldFromAWholeOne() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
            connection.close()
        }
        let client = try RawClient(port: origin.port)
        try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let failure = #expect(throws: KitFailure.self) { try client.readResponse() }
        #expect(failure?.kind == .closed)
    }

    @Test func aResetIsToldFromAnEnd() throws {
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/reset" { connection.reset() } else { connection.close() }
        }
        let first = try RawClient(port: origin.port)
        try first.send("GET /reset HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try first.expectClosed() == .reset)
        let second = try RawClient(port: origin.port)
        try second.send("GET /close HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try second.expectClosed() == .closed)
    }

    @Test func aBlackHoleAnswersNobody() throws {
        let hole = try BlackholeListener()
        #expect(hole.port != 0)
    }

    @Test func aSeedReplaysItsWalk() {
        var first = SeededRandom(seed: 7)
        var second = SeededRandom(seed: 7)
        #expect(first.bytes(100) == second.bytes(100))
        #expect(SeededRandom(seed: 8).seed == 8)
    }
}
