import GatehouseTesting
import Testing

/// Clients that speak HTTP/1.0: no chunks, no interim responses, and connections that end unless they ask otherwise.
@Suite struct OldClients {
    private let origin: ScriptedUpstream

    init() throws {
        origin = try ScriptedUpstream { request, connection in
            switch request.target {
            case "/chunks":
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.sendChunk("abc")
                try connection.send("0\r\nX-Sum: 3\r\n\r\n")
            case "/nothing": try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            default:
                let body = "\(request.method) \(request.bodyText)"
                let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                try connection.send(request.method == "HEAD" ? head : head + body)
            }
        }
    }

    struct Case: Sendable {
        var request: String
        var status = 200
        var body: String
        /// The connection serves another request.
        var isKept: Bool
    }

    static let cases: [Case] = [
        Case(request: "GET /a HTTP/1.0\r\n\r\n", body: "GET ", isKept: false),
        Case(request: "GET /a HTTP/1.0\r\nConnection: close\r\n\r\n", body: "GET ", isKept: false),
        Case(request: "GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", body: "GET ", isKept: true),
        Case(request: "GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", body: "GET ", isKept: false),
        Case(
            request: "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", body: "POST abc",
            isKept: true),
        Case(request: "POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", body: "POST abc", isKept: false),
        Case(request: "HEAD /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", body: "", isKept: true),
        // A body that ends with the connection: whatever was asked, the connection cannot be kept.
        Case(request: "GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", body: "abc", isKept: false),
        Case(request: "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", status: 204, body: "", isKept: true),
        // An expectation means nothing (RFC 9110 §10.1.1).
        Case(
            request: "POST /a HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
            body: "POST a", isKept: true),
        // `Host` is not needed, and an absolute form names one.
        Case(request: "GET http://a.example/a HTTP/1.0\r\n\r\n", body: "GET ", isKept: false),
    ]

    @Test(arguments: cases) func answersAndConnections(_ test: Case) throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(test.request)
            let response = try client.readResponse(to: String(test.request.prefix { $0 != " " }))
            #expect(response.status == test.status && response.bodyText == test.body)
            #expect(!response.fields.contains("transfer-encoding") && response.informational.isEmpty)
            #expect(response.trailers.names.isEmpty)
            #expect(response.fields["connection"]?.lowercased() == (test.isKept ? "keep-alive" : "close"))
            if test.isKept {
                try client.send("GET /last HTTP/1.0\r\n\r\n")
                #expect(try client.readResponse().bodyText == "GET ")
            }
            try client.expectClosed()
        }
    }

    /// Errors that the gateway makes are framed as well as any answer.
    @Test func errorsOfTheGateway() throws {
        let text =
            oneListener + "routes: [ { path: /a, respond: { body: a } }, { path: /b, methods: POST, respond: {} } ]\n"
        try withGateway(text) { gateway in
            let client = try gateway.connect()
            for (line, status) in [("GET /none", 404), ("GET /b", 405), ("GET /a", 200)] {
                try client.send("\(line) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == status && response.fields["connection"]?.lowercased() == "keep-alive")
                #expect(!response.fields.contains("transfer-encoding"))
            }
            // What could be read in two ways ends the connection.
            try client.send("POST /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n")
            let refused = try client.readResponse()
            #expect(refused.status == 400 && refused.fields["connection"]?.lowercased() == "close")
            try client.expectClosed()
        }
    }

    /// What a service breaks off must not look whole: a length tells, and where there is none, the connection ends by a reset
    /// and not by the end that would have been the body's.
    @Test(arguments: ["length", "chunked"]) func whatIsBrokenOffLooksSo(kind: String) throws {
        let hasRead = Gate("the client to have read the first part")
        let origin = try ScriptedUpstream { _, connection in
            try connection.send(
                kind == "length"
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart"
                    : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
            try hasRead.wait()
            connection.close()
        }
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send("GET / HTTP/1.0\r\n\r\n")
            let head = try client.readHead()
            #expect(head.framing == (kind == "length" ? .length(1_000) : .untilClose))
            // The part is taken before the service goes, so that no reset can overtake it.
            #expect(try client.readBody(atLeast: 4) == Array("part".utf8))
            hasRead.open()
            let failure = #expect(throws: KitFailure.self) { while try client.readPiece() != nil {} }
            #expect(kind == "length" ? [.closed, .reset].contains(failure?.kind) : failure?.kind == .reset)
        }
    }

    /// WebSocket is of HTTP/1.1 (RFC 6455 §4.1).
    @Test func nothingIsUpgraded() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                "GET /a HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
            #expect(try client.readResponse().status == 501)
            #expect(origin.connectionCount == 0)
        }
    }
}
