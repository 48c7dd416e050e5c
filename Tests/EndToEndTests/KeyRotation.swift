import GatehouseTesting
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keys over time, with a real server that publishes them and counts who asks.
@Suite struct KeyRotation {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    private func configuration(_ auth: String, workers: Int = 2) -> String {
        """
        listeners: [ { address: "127.0.0.1:0" } ]
        admin: { address: "127.0.0.1:0" }
        workers: \(workers)
        access_log: { enabled: false }
        auth: { \(auth) }
        routes: [ { name: all, path: "/**", upstream: "\(origin.url)" } ]
        """
    }

    /// Clients that send one new token after the other, each signed a moment before.
    private final class Callers: Sendable {
        private let answers: [Counter]
        private let failures: Counter
        private let isOver = Gate("the load to end")
        private let running: Counter

        init(_ count: Int, of gateway: GatewayProcess, by issuer: TokenIssuer) throws {
            answers = (0..<count).map { Counter("answers of client \($0)") }
            failures = Counter("refusals")
            running = Counter("clients that ended")
            for answered in answers {
                let client = try gateway.connect()
                try WorkerThread.start { [failures, isOver, running] in
                    while (try? isOver.wait(within: .zero)) == nil {
                        let token = issuer.token("\"sub\":\"ada\",\"jti\":\"\(answered.value)\"")
                        do {
                            try client.send(request("GET /", "Authorization: Bearer \(token)"))
                            if try client.readResponse().status != 200 { failures.add() }
                        } catch { failures.add() }
                        answered.add()
                        if failures.value > 0 { break }
                    }
                    running.add()
                }
            }
        }

        /// Each client has so many more answers: what it had made before has been judged.
        func wait(more count: Int) throws {
            for answered in answers { try answered.wait(for: answered.value + count) }
        }

        func stop() throws -> Int {
            isOver.open()
            try running.wait(for: answers.count)
            return failures.value
        }
    }

    /// An issuer that signs with a new key again and again, while clients go on sending: nobody is refused, and each new
    /// key costs one question, whoever asks for it first.
    @Test func keysThatRotateUnderLoad() throws {
        let issuer = try TokenIssuer()
        let auth = "jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\", refetch_interval: 0s"
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let callers = try Callers(4, of: gateway, by: issuer)
            try callers.wait(more: 5)
            #expect(issuer.fetches == 1)
            for round in 1...8 {
                // The old key stays published for those whose tokens are on their way.
                issuer.rotate(keeping: 2)
                try callers.wait(more: 5)
                #expect(issuer.fetches == 1 + round)
            }
            #expect(try callers.stop() == 0)
        }
        try issuer.check()
    }

    /// A flood of tokens whose keys nobody has: the issuer is not asked before the interval has passed, whatever they are
    /// called, and who has a key goes on.
    @Test func aFloodOfUnknownKeys() throws {
        let issuer = try TokenIssuer()
        let auth = "jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\", refetch_interval: 1h"
        let (batch, batches) = (100, 100_000 / 100 / Flood.share)
        var random = SeededRandom()
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let good = request("GET /", "Authorization: Bearer \(issuer.token("\"sub\":\"ada\""))")
            let parts = issuer.token("\"sub\":\"eve\"").split(separator: ".")
            let client = try gateway.connect()
            try client.send(good)
            #expect(try client.readResponse().status == 200)
            for _ in 0..<batches {
                var bytes: [UInt8] = []
                for _ in 0..<batch {
                    let header = TokenIssuer.header(keyID: "no \(random.next())")
                    bytes += Array(request("GET /", "Authorization: Bearer \(header).\(parts[1]).\(parts[2])").utf8)
                }
                try client.send(bytes)
                for _ in 0..<batch {
                    #expect(try client.readResponse().status == 401, "seed \(random.seed)")
                }
            }
            try client.send(good)
            #expect(try client.readResponse().status == 200)
            #expect(issuer.fetches == 1)
        }
        try issuer.check()
    }

    /// By a switch the program does not start without keys: it says whose, and why.
    @Test func doesNotStartWithoutKeys() throws {
        let issuer = try TokenIssuer()
        issuer.setDown(true)
        let text = configuration("jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\", require_keys: true")
        let directory = try TemporaryDirectory()
        let file = try directory.write(text, to: "gateway.yaml")
        let process = try ChildProcess(
            GatewayProcess.binary(), ["run", file, "--control-socket", directory.file("control")])
        guard case .code(let code) = try process.waitForExit(), code > 0 else {
            Issue.record("it started, or crashed: \(process.errors)")
            return
        }
        #expect(process.errors.contains("the keys of \(issuer.keysURL) cannot be had (bad_status)"))
        #expect(process.errors.contains("require_keys"))
        issuer.setDown(false)
        try withGateway(text, origin, admin: true) { gateway in
            #expect(gateway.ask("GET /", "Authorization: Bearer \(issuer.token("\"sub\":\"ada\""))") == "origin GET /")
        }
    }
}

/// How much of a flood is sent: all of it by an optimised program (GATEHOUSE_BINARY), a part by one for debugging.
enum Flood {
    // SAFETY: only asked whether it is there.
    static let share = unsafe getenv("GATEHOUSE_BINARY") == nil ? 10 : 1
}
