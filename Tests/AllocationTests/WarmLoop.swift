import GatehouseTesting
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Nothing is allocated on the path of a plain request once the loop is warm.
///
/// 1. A gateway with one worker starts with the counter in it, in front of an origin that keeps connections open.
/// 2. Every client's first request is held until all have arrived, so that there are as many upstream connections as
///    there will ever be. Then come the requests that warm it up: buffers, pools and the runtime's own caches.
/// 3. The same requests again, many of them: the count must stand still. It is the count of the whole process, so clocks,
///    the guard of the memory and the log's thread are in it.
///
/// The program is the one that the whole suite runs, GATEHOUSE_BINARY or the debug build, so that nothing else has to
/// be built. A debug build allocates where an optimised one does not, hence what is 0 here is 0 there; `scripts/test` run
/// with GATEHOUSE_BINARY=.build/release/gatehouse measures the optimised program itself.
@Suite(.serialized) struct WarmLoop {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var line: String
        var fields: [String] = []
        var body = ""
        var status = 200
        var answer = ""
        var isLogged = false
        /// `load_balancing` between two endpoints, which are two names for the origin; nil: there is one endpoint.
        var balancing: String?
        /// The keys of `auth`.
        var auth: String?
        /// Keys on top.
        var policies = ""
        /// Further sections of the configuration.
        var more = ""

        var testDescription: String { name }

        var bytes: [UInt8] {
            let all = ["Host: gateway.test", "User-Agent: allocation-test", "Accept: */*"] + fields
            return Array("\(line) HTTP/1.1\r\n\(all.map { $0 + "\r\n" }.joined())\r\n\(body)".utf8)
        }

        /// The same caller, so that it is let through.
        var first: String {
            let credentials = fields.filter { $0.hasPrefix("Authorization") || $0.hasPrefix("X-Api-Key") }.map {
                $0 + "\r\n"
            }.joined()
            return "GET /api/first HTTP/1.1\r\nHost: gateway.test\r\n\(credentials)\r\n"
        }

        var method: String { String(line.prefix { $0 != " " }) }
    }

    static let json = #"{"name": "allocation", "values": [1, 2, 3]}"#

    static let secret = "a secret of the allocation test, long enough"
    static let token = TokenIssuer.token(
        secret: secret, #""sub":"ada","role":"user","email":"ada@example.com","scope":"read write""#,
        expiresIn: Issuer.aDay)

    /// Gives out keys to all cases; and a token that it has signed (ES256).
    static let issuer = Issuer()

    /// An API key that is no secret, and its hash as `printf %s gh_… | sha256sum` gives it.
    static let key = (
        text: "gh_AAAAAAAAAAAA_0000000000000000000000000000000000000000000",
        hash: "sha256:dede8a07080c70af85fc204176bb6949b30b1ab67fa9e60708a16dbcabb3e274"
    )

    static let cases = [
        Case(name: "GET", line: "GET /api/items/7?full=1", answer: json),
        Case(name: "HEAD", line: "HEAD /api/items/7"),
        Case(name: "POST", line: "POST /api/items", fields: ["Content-Length: 11"], body: "hello world", answer: json),
        Case(
            name: "POST in chunks", line: "POST /api/items", fields: ["Transfer-Encoding: chunked"],
            body: "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", answer: json),
        Case(name: "response in chunks", line: "GET /api/chunked", answer: "hello world"),
        Case(name: "404 by the gateway", line: "GET /nowhere", status: 404),
        Case(name: "GET with access log", line: "GET /api/items/7?full=1", answer: json, isLogged: true),
        Case(name: "least_request", line: "GET /api/items/7", answer: json, balancing: "policy: least_request"),
        Case(name: "peak_ewma", line: "GET /api/items/7", answer: json, balancing: "policy: peak_ewma"),
        Case(
            name: "consistent_hash", line: "GET /api/items/7", fields: ["X-Tenant: blue"], answer: json,
            balancing: "policy: consistent_hash, key: \"header:X-Tenant\""),
        Case(
            name: "a transformation elsewhere", line: "GET /api/items/7?full=1", answer: json,
            more: "transformations: [ { path: /else/**, response: { remove_fields: [ name ] } } ]"),
        Case(
            name: "a transformation", line: "GET /api/items/7?full=1", answer: #"{"values": [1, 2, 3]}"#,
            more: "transformations: [ { path: /**, response: { remove_fields: [ name ] } } ]"),
        Case(
            name: "a sticky cookie", line: "GET /api/items/7", fields: ["Cookie: at=0123456789abcdef"], answer: json,
            balancing: "policy: random, sticky: { cookie: at }"),
        Case(
            name: "a token that is known", line: "GET /api/items/7",
            fields: ["Authorization: Bearer \(token)", "X_User-Id: root", "X-User-Role: admin"], answer: json,
            auth: "secret: \"\(secret)\", exclude_paths: [ /open, \"/pages/**\" ], scopes: [ read ], roles: [ user ]"),
        Case(
            name: "a limit", line: "GET /api/items/7", fields: ["X-Tenant: blue"], answer: json,
            policies: "rate_limiting: { default: [ { requests_per_day: 9000000, key: \"header:X-Tenant\" },"
                + " { requests_per_day: 10000000 } ] }"),
        Case(
            name: "a token of a published key, a limit by claim, and a log", line: "GET /api/items/7",
            fields: ["Authorization: Bearer \(issuer.token)"], answer: json, isLogged: true,
            auth: "jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\", scopes: [ read ]",
            policies: "rate_limiting: { default: [ { requests_per_day: 9000000, key: [ \"claim:sub\", route ] },"
                + " { requests_per_day: 9000000, algorithm: sliding_window, key: consumer } ] }"),
        Case(
            name: "an API key, and a limit of its consumer", line: "GET /api/items/7",
            fields: ["X-Api-Key: \(key.text)"],
            answer: json, auth: "type: api_key",
            policies: "rate_limiting: { default: { requests_per_day: 9000000, key: consumer } }",
            more: "consumers: { shop: { groups: [ gold ], api_keys: [ \"\(key.hash)\" ] } }"),
        Case(
            name: "429 by a limit", line: "GET /api/items/7", status: 429,
            policies: "rate_limiting: { overrides: [ { path: \"/api/**\", requests_per_day: 4 } ] }"),
    ]

    static let clients = 4
    static let warmUp = 2_000
    /// The warm-up lasts until the worker's clock, which fires twice a second, has fired too.
    static let clocks: Duration = .milliseconds(1_200)
    static let measured = 10_000
    /// With a log: what the log's thread has not written yet waits in batches, two allocations each, which are kept for
    /// the next use. How many there are depends on how late that thread runs, not on the number of requests.
    static let batches: UInt64 = 2 * 17

    /// Between two endpoints: when all clients meet at one of them for the first time is chance, so connections may still
    /// be made: four for each endpoint at most, with less than sixteen allocations each.
    static let connections: UInt64 = 2 * 4 * 16

    @Test(.enabled(if: isMeasurable, "needs Linux and a program without a sanitizer"), arguments: cases)
    func allocatesNothing(_ what: Case) throws {
        let counter = try AllocationCounter()
        let arrived = Counter("the first requests to arrive")
        let origin = try ScriptedUpstream(connection: { connection in
            while let request = try connection.readRequest() {
                if request.target.hasSuffix("/first") {
                    arrived.add()
                    try arrived.wait(for: WarmLoop.clients)
                }
                try connection.send(WarmLoop.response(to: request))
            }
        })
        let directory = try TemporaryDirectory()
        let log = what.isLogged ? "path: \"\(directory.file("access.log"))\"" : "enabled: false"
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0" } ]
            workers: 1
            access_log: { \(log) }
            services: { origin: { \(WarmLoop.endpoints(origin, what)), timeouts: { keep_alive: 10m } } }
            routes: [ { name: api, path: "/api/**", service: origin } ]
            \(what.auth.map { "auth: { \($0) }" } ?? "")
            \(what.policies)
            \(what.more)
            """, directory: directory, environment: counter.environment)
        let clients = try (0..<WarmLoop.clients).map { _ in try gateway.connect() }

        for client in clients { try client.send(what.first) }
        for client in clients { _ = try client.readResponse() }
        let clock = ContinuousClock()
        let warm = clock.now + WarmLoop.clocks
        repeat { try WarmLoop.send(what, count: WarmLoop.warmUp, over: clients) } while clock.now < warm

        let before = try counter.count()
        try #require(before > 0, "the counter is not in the program")
        try counter.describe(next: 3)
        try WarmLoop.send(what, count: WarmLoop.measured, over: clients)
        let after = try counter.count()
        try counter.describe(next: 0)
        let places = gateway.process.errors
        let allowed = what.isLogged ? WarmLoop.batches : what.balancing == nil ? 0 : WarmLoop.connections
        #expect(after - before <= allowed, "\(places)")
        try gateway.stop()
        try origin.check()
    }

    private static func endpoints(_ origin: ScriptedUpstream, _ what: Case) -> String {
        guard let balancing = what.balancing else { return "endpoints: [ \"\(origin.url)\" ]" }
        let other = "http://[::ffff:127.0.0.1]:\(origin.port)"
        return "load_balancing: { \(balancing) }, endpoints: [ \"\(origin.url)\", \"\(other)\" ]"
    }

    private static func send(_ what: Case, count: Int, over clients: [RawClient]) throws {
        let bytes = what.bytes
        for _ in 0..<count / clients.count {
            for client in clients { try client.send(bytes) }
            for client in clients {
                let response = try client.readResponse(to: what.method)
                guard response.status == what.status, what.status != 200 || response.bodyText == what.answer else {
                    throw KitFailure(.violation, "\(response.status) \(response.bodyText)")
                }
            }
        }
    }

    private static func response(to request: StrictRequest) -> [UInt8] {
        if request.target.hasSuffix("/chunked") {
            return Array(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n".utf8)
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n"
        return Array((request.method == "HEAD" ? head : head + json).utf8)
    }

    /// The counter takes the place of glibc's functions; a sanitizer has taken it already.
    static var isMeasurable: Bool {
        #if canImport(Glibc)
            // SAFETY: only asked whether it is there.
            return unsafe getenv("GATEHOUSE_SANITIZER") == nil
        #else
            return false
        #endif
    }
}

/// An issuer that lives as long as the tests: its keys are fetched by each gateway once.
struct Issuer: Sendable {
    private let issuer: TokenIssuer
    let token: String

    init() {
        do { issuer = try TokenIssuer() } catch { fatalError("no server for keys: \(error)") }
        token = issuer.token(
            #""sub":"ada","role":"user","email":"ada@example.com","scope":"read write""#, expiresIn: Self.aDay)
    }

    /// Tokens are made when the first case is named, and the last one runs when all other tests have: on a slow machine
    /// that may be long after.
    static let aDay: Int64 = 86_400

    var url: String { issuer.url }
    var keysURL: String { issuer.keysURL }
}
