import GatehouseTesting
import Testing

/// HTTP/2 over real sockets: frames by hand (`frames.py`, with the packages hyperframe and hpack), and the clients that
/// others use: curl, nghttp, h2load. What is missing is a failure, not a test that is left out; `scripts/setup --tests`
/// brings it.
@Suite struct HTTP2 {
    /// Tells what came, or does what its path says.
    static func origin() throws -> ScriptedUpstream {
        try ScriptedUpstream { connection in
            while !connection.isClosed, let head = try connection.readHead() {
                let body = try connection.readBody()
                if head.target.hasPrefix("/echo/slow") {
                    // Answers late, unless nobody waits for it any more.
                    if (try? connection.waitForClose(within: .seconds(2))) != nil { return }
                } else if head.target.hasPrefix("/echo/cut") {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
                    connection.close()
                    return
                } else if head.target.hasPrefix("/echo/big") {
                    // The client may go away in the middle.
                    guard (try? connection.respond(body: Array(repeating: 0x78, count: 20 << 20))) != nil else {
                        return
                    }
                    continue
                } else if head.target.hasPrefix("/echo/trailers") {
                    try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    try connection.sendChunk("hello")
                    try connection.send("0\r\nGrpc-Status: 0\r\n\r\n")
                    continue
                }
                try connection.respond(body: head.rawHead + body)
            }
        }
    }

    /// - Parameter silent: the port of an endpoint that takes nothing.
    static func configuration(_ origin: ScriptedUpstream, silent: UInt16 = 1) -> String {
        """
        listeners: [ { address: "127.0.0.1:0", http2: true } ]
        admin: { address: "127.0.0.1:0" }
        workers: 1
        access_log: { enabled: true, path: "-" }
        routes:
          - { path: "/echo/**", upstream: "\(origin.url)" }
          - { path: /echo/never, upstream: "http://127.0.0.1:\(silent)" }
        """
    }

    /// Runs a program to its end and gives what it said.
    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = try ChildProcess("/usr/bin/env", [program] + arguments)
        let exit = try process.waitForExit(within: .seconds(180))
        #expect(exit == .code(0), "\(program): \(process.output) \(process.errors)")
        return process.output
    }

    @Test(arguments: ["fields", "floods", "flow", "resets", "streams", "drain", "protocol"])
    func framesByHand(_ group: String) throws {
        let origin = try Self.origin()
        let hole = try BlackholeListener()
        let gateway = try GatewayProcess(
            Self.configuration(origin, silent: hole.port), listeners: 1, admin: true)
        let script = #filePath.replacing("HTTP2.swift", with: "frames.py")
        try Self.run("python3", [script, "\(gateway.port)", "\(gateway.process.id)", group])
        #expect(origin.violations.isEmpty)
        if group != "drain" { try gateway.stop() }
    }

    @Test func curlSpeaksIt() throws {
        let origin = try Self.origin()
        let gateway = try GatewayProcess(Self.configuration(origin), listeners: 1, admin: true)
        let url = "http://127.0.0.1:\(gateway.port)"
        let curl = [
            "--silent", "--show-error", "--http2-prior-knowledge", "--write-out", " %{http_version} %{http_code}",
        ]
        let answer = try Self.run("curl", curl + ["\(url)/echo/a?b=c", "--data", "hello"])
        #expect(answer.hasPrefix("POST /echo/a?b=c HTTP/1.1\r\n"))
        #expect(answer.contains("Via: 2 gatehouse\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nhello 2 200"))
        #expect(try Self.run("curl", curl + ["\(url)/nowhere"]).hasSuffix(" 2 404"))
        #expect(try Self.run("curl", curl + ["--head", "\(url)/echo/a"]).hasSuffix(" 2 200"))
        let admin = try #require(gateway.adminPort)
        #expect(try Self.run("curl", curl + ["http://127.0.0.1:\(admin)/livez"]).hasSuffix(" 2 200"))
        try eventually("the log names the protocol") {
            gateway.process.output.contains("\"protocol\":\"HTTP/2\"")
        }
        try gateway.stop()
        try origin.check()
    }

    @Test func trailersReachTheClient() throws {
        let origin = try Self.origin()
        let gateway = try GatewayProcess(Self.configuration(origin), listeners: 1, admin: true)
        let seen = try Self.run("nghttp", ["-v", "--no-dep", "http://127.0.0.1:\(gateway.port)/echo/trailers"])
        #expect(seen.contains("grpc-status: 0"))
        try gateway.stop()
    }

    @Test func manyRequestsAtOnce() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let gateway = try GatewayProcess(Self.configuration(origin), listeners: 1, admin: true)
        let seen = try Self.run(
            "h2load", ["-n", "5000", "-c", "10", "-m", "100", "http://127.0.0.1:\(gateway.port)/echo/a"])
        #expect(seen.contains("5000 succeeded, 0 failed, 0 errored"))
        try gateway.stop()
        try origin.check()
    }

    /// A listener that was not told to takes HTTP/1 only.
    @Test func inClearOnlyWhenAsked() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(try client.readResponse().status >= 400)
        }
    }

    /// The bytes by which HTTP/2 is told may come one by one, and those of other methods are not lost.
    @Test func theFirstBytesAreNotLost() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let gateway = try GatewayProcess(Self.configuration(origin), listeners: 1, admin: true)
        for method in ["POST", "PRIVATE", "PR", "GET"] {
            let client = try gateway.connect()
            try client.sendByteByByte("\(method) /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.readResponse().bodyText == "origin \(method) /echo/a")
        }
        try gateway.stop()
        try origin.check()
    }
}
