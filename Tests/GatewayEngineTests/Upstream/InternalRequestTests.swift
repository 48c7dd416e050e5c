import GatehouseTesting
import HTTPWire
import Reactor
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The gateway's own requests, over real sockets: a worker whose loop is turned by hand, and origins with a script.
@Suite struct InternalRequestTests {
    /// One worker with one service.
    private final class Bench {
        let worker: Worker
        var pool: EndpointPool { worker.services[0].endpoints[0] }

        init(_ url: String, _ keys: String = "") throws {
            let configuration = try GatewayConfiguration.parse(
                yaml: "services: { s: { endpoints: [ \"\(url)\" ]\(keys) } }\nroutes: [ { path: /, service: s } ]")
            let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
            worker = Worker(
                index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
                metrics: metrics, accessLog: nil, log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
        }

        deinit {
            worker.shutDown()
            // What was put off until the end of a turn.
            worker.loop.turn(longest: 0)
        }

        /// How a request ended, in a word or two.
        func ask(
            _ method: HTTPWire.Method = .get, _ target: String = "/a?b=c", body: String = "", limit: Int = 100,
            cutsBody: Bool = false, timeout: Int64 = 20_000_000_000
        ) throws -> String {
            var answer: String?
            let request = InternalRequest(
                worker: worker, method: method, target: target, host: Array("internal.test".utf8),
                fields: [("X-Own", "1")], body: Array(body.utf8), bodyLimit: limit, cutsBody: cutsBody
            ) { _, result in
                #expect(answer == nil, "completed twice")
                answer = Self.describe(result)
            }
            request.send(to: pool, timeout: timeout)
            try turn("the answer") { answer != nil }
            return try #require(answer)
        }

        /// The same for one that only wants a connection.
        func connect(timeout: Int64 = 20_000_000_000) throws -> String {
            var answer: String?
            let request = InternalRequest(connecting: worker) { _, result in answer = Self.describe(result) }
            request.send(to: pool, timeout: timeout)
            try turn("a connection") { answer != nil }
            return try #require(answer)
        }

        func turn(_ what: String, until isDone: () -> Bool) throws {
            let clock = ContinuousClock()
            let end = clock.now + Patience.standard
            while !isDone() {
                if clock.now > end { throw KitFailure(.timeout, "waited in vain for \(what)") }
                worker.loop.turn(longest: 20)
            }
        }

        static func describe(_ result: Result<InternalRequest.Reply, InternalRequest.Failure>) -> String {
            switch result {
            case .success(let reply):
                return "\(reply.status) \(String(decoding: reply.body, as: UTF8.self))\(reply.isCut ? "…" : "")"
            case .failure(.timeout): return "timeout"
            case .failure(.tooLarge): return "too large"
            case .failure(.gateway(let error)): return error.code.description
            case .failure(.upstream(.refused)): return "refused"
            case .failure(.upstream(.connect)): return "no connection"
            case .failure(.upstream(.connectTimeout)): return "no connection in time"
            case .failure(.upstream(.tls)): return "no TLS"
            case .failure(.upstream(.refusedStream)): return "refused stream"
            case .failure(.upstream(.closedEarly)): return "closed early"
            case .failure(.upstream(.incomplete)): return "incomplete"
            case .failure(.upstream(.invalid)): return "invalid"
            }
        }
    }

    @Test func whatIsSent() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let bench = try Bench(origin.url)
        #expect(try bench.ask() == "200 origin GET /a?b=c")
        #expect(try bench.ask(.post, body: "hello") == "200 origin POST /a?b=c")
        #expect(try bench.ask(.post) == "200 origin POST /a?b=c")
        #expect(try bench.ask(.head) == "200 ")
        let requests = origin.requests
        #expect(requests.map(\.method) == ["GET", "POST", "POST", "HEAD"])
        #expect(requests.map(\.bodyText) == ["", "hello", "", ""])
        #expect(requests.map { $0.fields["content-length"] } == [nil, "5", "0", nil])
        #expect(requests.allSatisfy { $0.fields["host"] == "internal.test" && $0.fields["x-own"] == "1" })
        try origin.check()
    }

    /// One connection carries one request after the other.
    @Test func aConnectionIsUsedAgain() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let bench = try Bench(origin.url)
        for _ in 0..<5 { #expect(try bench.ask() == "200 origin GET /a?b=c") }
        #expect(try bench.connect() == "0 ")
        #expect(origin.connectionCount == 1)
        try origin.check()
    }

    /// A connection that was closed while it rested: a new one for what may be repeated.
    @Test func aRestingConnectionThatWasClosed() throws {
        let origin = try ScriptedUpstream { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.respond(body: request.target)
        }
        let bench = try Bench(origin.url)
        for number in 1...4 {
            #expect(try bench.ask(number % 2 == 0 ? .post : .get, "/\(number)", body: "") == "200 /\(number)")
            try origin.waitForClose()
        }
        #expect(origin.connectionCount == 4)
        try origin.check()
    }

    @Test func chunkedBodiesAndInterimHeads() throws {
        let origin = try ScriptedUpstream { _, connection in
            try connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n")
            try connection.send("Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n")
            try connection.send("4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n")
        }
        let bench = try Bench(origin.url)
        for _ in 0..<3 { #expect(try bench.ask() == "200 abcdefg") }
        #expect(origin.connectionCount == 1)
        try origin.check()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "200 until the end"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 abc"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204 "),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "incomplete"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "incomplete"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "incomplete"),
        ("", "closed early"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "invalid"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "invalid"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "invalid"),
    ])
    func whatComesBack(_ response: String, _ wanted: String) throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send(response)
            connection.finishSending()
            try connection.waitForClose()
        })
        let bench = try Bench(origin.url)
        #expect(try bench.ask() == wanted)
        try bench.turn("its connection to close") { origin.openConnectionCount == 0 }
        try origin.check()
    }

    /// Exactly the limit is not too much; one byte more is, or is cut off; in both cases the connection goes.
    @Test(arguments: [true, false])
    func largeBodies(_ isChunked: Bool) throws {
        let origin = try ScriptedUpstream { request, connection in
            let body = String(repeating: "x", count: request.target.utf8.count - 1)
            if isChunked {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for byte in body { try connection.sendChunk(String(byte)) }
                try connection.send("0\r\n\r\n")
            } else {
                try connection.respond(body: body)
            }
        }
        let bench = try Bench(origin.url)
        #expect(try bench.ask(.get, "/1234567", limit: 7) == "200 xxxxxxx")
        #expect(try bench.ask(.get, "/12345678", limit: 7) == "too large")
        #expect(try bench.ask(.get, "/12345678", limit: 7, cutsBody: true) == "200 xxxxxxx…")
        #expect(try bench.ask(.get, "/1", limit: 0, cutsBody: true) == "200 …")
        #expect(try bench.ask(.get, "/", limit: 0) == "200 ")
        try bench.turn("its connections to close") { origin.openConnectionCount == 1 }
        #expect(origin.connectionCount == 4)
    }

    /// The deadline is for all of it: no head, half a body.
    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"])
    func tooSlow(_ start: String) throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            if !start.isEmpty { try connection.send(start) }
            try connection.waitForClose()
        })
        let bench = try Bench(origin.url)
        #expect(try bench.ask(timeout: 100_000_000) == "timeout")
        try origin.waitForClose()
        try origin.check()
    }

    @Test func noConnection() throws {
        let hole = try BlackholeListener()
        #expect(try Bench("http://127.0.0.1:\(hole.port)").connect(timeout: 100_000_000) == "timeout")
        let impatient = try Bench("http://127.0.0.1:\(hole.port)", ", timeouts: { connect: 100ms }")
        #expect(try impatient.ask() == "no connection in time")
        let gone = try ScriptedUpstream(named: "gone")
        gone.stop()
        #expect(try Bench(gone.url).ask() == "refused")
        #expect(try Bench(gone.url).connect() == "refused")
    }

    /// While another request has the only connection, it waits; its deadline ends the wait, and nobody is left behind.
    @Test func noPlaceInThePool() throws {
        let origin = try ScriptedUpstream(connection: { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.waitForClose()
        })
        let bench = try Bench(origin.url, ", pool: { max_connections: 1, max_pending: 1 }")
        var first: String?
        let holder = InternalRequest(worker: bench.worker, method: .get, target: "/", host: Array("a".utf8)) {
            first = Bench.describe($1)
        }
        holder.send(to: bench.pool, timeout: Deadline.never)
        #expect(try bench.ask(timeout: 50_000_000) == "timeout")
        var second: String?
        let waiting = InternalRequest(worker: bench.worker, method: .get, target: "/", host: Array("a".utf8)) {
            second = Bench.describe($1)
        }
        waiting.send(to: bench.pool, timeout: Deadline.never)
        #expect(try bench.ask() == "overloaded", "one may wait")
        waiting.cancel()
        #expect(try bench.ask(timeout: 50_000_000) == "timeout", "its place is free again")
        holder.cancel()
        try bench.turn("the connection to close") { origin.openConnectionCount == 0 }
        #expect(first == nil && second == nil, "who was cancelled hears nothing")
    }

    /// Where nothing is kept, a connection that is given up while it is made is closed at once.
    @Test func withoutAPool() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let bench = try Bench(origin.url, ", pool: { max_idle: 0 }")
        for number in 1...3 {
            #expect(try bench.ask() == "200 origin GET /a?b=c")
            try origin.waitForClose()
            #expect(origin.connectionCount == number)
        }
        let given = InternalRequest(connecting: bench.worker) { _, _ in Issue.record("cancelled") }
        given.send(to: bench.pool, timeout: Deadline.never)
        given.cancel()
        #expect(try bench.connect() == "0 ")
        try origin.check()
    }
}
