import GatehouseTesting
import Testing

/// Further tries, and above all those that must not happen.
@Suite struct Retries {
    /// A service over several endpoints, in this order by round robin, with its own keys.
    private func pool(_ urls: [String], _ keys: String = "", _ route: String = "") -> String {
        let list = urls.map { "\"\($0)\"" }.joined(separator: ", ")
        return oneListener
            + "services: { pool: { endpoints: [ \(list) ]\(keys.isEmpty ? "" : ", \(keys)") } }\n"
            + "routes: [ { name: all, path: \"/**\", service: pool\(route.isEmpty ? "" : ", \(route)") } ]\n"
    }

    private func answering(_ status: Int, _ name: String) throws -> ScriptedUpstream {
        try ScriptedUpstream { _, connection in try connection.respond(status, body: name) }
    }

    /// Takes a request and closes without a word.
    private func silent() throws -> ScriptedUpstream {
        try ScriptedUpstream { _, connection in connection.close() }
    }

    /// Takes a request and never answers; ends with the connection.
    private func stuck() throws -> ScriptedUpstream {
        try ScriptedUpstream { _, connection in _ = try? connection.waitForClose() }
    }

    private let off = "outlier_detection: { consecutive_5xx: 0, consecutive_gateway_failures: 0 }"

    /// A port where nobody listens.
    private func closedPort() throws -> String {
        let gone = try ScriptedUpstream(named: "gone")
        let url = gone.url
        gone.stop()
        return url
    }

    /// Nothing has left the gateway, so any method goes to the next endpoint, with no configuration at all.
    @Test(arguments: ["GET", "POST", "PATCH"])
    func aRefusedConnectionIsTriedElsewhere(_ method: String) throws {
        let good = try ScriptedUpstream(named: "good")
        try withGateway(pool([try closedPort(), good.url], off), good) { gateway in
            for _ in 0..<6 {
                #expect(gateway.ask("\(method) /x", "Content-Length: 0") == "good \(method) /x")
            }
            #expect(good.requests.count == 6)
        }
    }

    @Test func aStatusThatIsNamedIsTriedElsewhere() throws {
        let bad = try answering(503, "bad")
        let good = try answering(200, "good")
        try withGateway(pool([bad.url, good.url], "retries: { retry_on: [503] }, \(off)"), bad, good) { gateway in
            for _ in 0..<6 { #expect(gateway.ask("GET /") == "good") }
            #expect(!bad.requests.isEmpty)
        }
    }

    @Test func theLastAnswerPassesAsItCame() throws {
        let one = try answering(503, "one")
        let other = try answering(503, "other")
        let keys = "retries: { attempts: 1, retry_on: [503] }, \(off)"
        try withGateway(pool([one.url, other.url], keys), one, other) { gateway in
            let answer = gateway.ask("GET /")
            #expect(answer == "503 one" || answer == "503 other")
            #expect(one.requests.count == 1 && other.requests.count == 1)
        }
    }

    /// Whatever is configured: a POST that may have been received is not sent again.
    @Test(arguments: ["reset", "503", "timeout"])
    func aPostIsNeverSentTwice(_ failure: String) throws {
        let bad =
            switch failure {
            case "reset": try silent()
            case "503": try answering(503, "bad")
            default: try stuck()
            }
        let good = try answering(200, "good")
        let keys =
            "retries: { attempts: 3, retry_on: [connect_failure, reset, timeout, 503] }, timeouts: { per_try: 1s }, \(off)"
        try withGateway(pool([bad.url, good.url], keys)) { gateway in
            var answers: Set<String> = []
            for index in 0..<4 { answers.insert(gateway.ask("POST /\(index)", "Content-Length: 0")) }
            #expect(answers.contains("good") && answers.count == 2)
            let all = bad.heads.map(\.target) + good.heads.map(\.target)
            #expect(all.count == 4 && Set(all).count == 4)
        }
    }

    /// The client vouches that doing it twice is doing it once.
    @Test func anIdempotencyKeyAllowsIt() throws {
        let bad = try silent()
        let good = try answering(200, "good")
        let keys = "retries: { attempts: 1, retry_on: [reset] }, \(off)"
        try withGateway(pool([bad.url, good.url], keys), good) { gateway in
            for _ in 0..<4 {
                #expect(gateway.ask("POST /", "Content-Length: 0", "Idempotency-Key: \"8e03978e\"") == "good")
            }
            #expect(!bad.heads.isEmpty)
        }
    }

    /// The second endpoint gets the very same body, with a length or in chunks.
    @Test(arguments: [
        "Content-Length: 11\r\n\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
    ])
    func aBodyIsSentAgain(_ rest: String) throws {
        let bad = try silent()
        let good = try answering(200, "good")
        let keys = "retries: { attempts: 1, retry_on: [reset] }, \(off)"
        try withGateway(pool([bad.url, good.url], keys), good) { gateway in
            for _ in 0..<4 {
                let client = try gateway.connect()
                try client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(rest)")
                #expect(try client.readResponse().bodyText == "good")
            }
            #expect(good.requests.count == 4)
            #expect(good.requests.allSatisfy { $0.bodyText == "hello world" })
        }
    }

    @Test func aBodyThatIsTooLongIsNot() throws {
        let bad = try silent()
        let good = try answering(200, "good")
        let keys = "retries: { attempts: 1, retry_on: [reset], max_body: 10 }, \(off)"
        try withGateway(pool([bad.url, good.url], keys)) { gateway in
            var answers: [String] = []
            for _ in 0..<4 {
                let client = try gateway.connect()
                try client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world")
                answers.append(summary(of: try client.readResponse()))
            }
            #expect(answers.filter { $0 == "good" }.count == 2)
            #expect(answers.filter { $0 == "502 upstream_reset" }.count == 2)
        }
    }

    @Test func aTryThatTakesTooLongIsGivenUp() throws {
        let bad = try stuck()
        let good = try answering(200, "good")
        let keys = "retries: { attempts: 1, retry_on: [timeout] }, timeouts: { per_try: 1s, request: 30s }, \(off)"
        try withGateway(pool([bad.url, good.url], keys), good) { gateway in
            for _ in 0..<4 { #expect(gateway.ask("GET /") == "good") }
            #expect(!bad.heads.isEmpty)
        }
    }

    /// Ten tries of a minute each still end with the request's own limit.
    @Test func oneDeadlineGovernsAllTries() throws {
        let one = try stuck()
        let other = try stuck()
        let keys =
            "retries: { attempts: 10, retry_on: [timeout] }, timeouts: { per_try: 200ms, request: 500ms }, \(off)"
        try withGateway(pool([one.url, other.url], keys)) { gateway in
            #expect(gateway.ask("GET /") == "504 upstream_timeout")
            #expect(one.heads.count + other.heads.count <= 3)
        }
    }

    /// The route's word counts for its requests.
    @Test func aRouteMayDiffer() throws {
        let bad = try answering(503, "bad")
        let good = try answering(200, "good")
        let urls = [bad.url, good.url]
        let keys = "retries: { attempts: 1, retry_on: [503] }, \(off)"
        try withGateway(pool(urls, keys, "retries: { attempts: 0 }"), bad, good) { gateway in
            let answers = (0..<4).map { _ in gateway.ask("GET /") }
            #expect(answers.filter { $0 == "good" }.count == 2)
            #expect(answers.filter { $0 == "503 bad" }.count == 2)
        }
    }

    /// While the first endpoint is silent a second one is asked, and its answer is the answer.
    @Test func aHedgeWins() throws {
        let slow = try stuck()
        let good = try answering(200, "good")
        let keys = "hedge: { after: 50ms }, \(off)"
        try withGateway(pool([slow.url, good.url], keys), good) { gateway in
            for _ in 0..<4 { #expect(gateway.ask("GET /") == "good") }
            #expect(!slow.heads.isEmpty)
            // The connections to the silent one were given up, not left behind.
            try eventually("the silent connections to end") { slow.openConnectionCount == 0 }
        }
    }

    @Test func aPostIsNotHedged() throws {
        let slow = try stuck()
        let good = try answering(200, "good")
        let keys = "hedge: { after: 50ms }, timeouts: { request: 2s }, \(off)"
        try withGateway(pool([slow.url, good.url], keys)) { gateway in
            let answers = (0..<2).map { _ in gateway.ask("POST /", "Content-Length: 0") }
            #expect(Set(answers) == ["good", "504 upstream_timeout"])
            #expect(slow.heads.count == 1 && good.heads.count == 1)
        }
    }
}
