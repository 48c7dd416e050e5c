import GatehouseTesting
import Testing

/// What the tests of callers have in common: an origin that answers with what it was told about the caller, and
/// credentials made by the program itself.
struct CallerKit {
    let origin: ScriptedUpstream

    init() throws {
        origin = try ScriptedUpstream { request, connection in
            let fields = request.fields.all.filter { field in
                let name = field.name.lowercased()
                return ["x-consumer", "x-user", "x-plan", "x-api-key", "authorization", "cookie"]
                    .contains { name.hasPrefix($0) }
            }
            let lines = fields.map { "\($0.name)=\($0.value)" }.sorted()
            try connection.respond(200, body: ([request.target] + lines).joined(separator: " "))
        }
    }

    func configuration(
        _ auth: String, consumers: String = "{}", routes: String? = nil, more: String = "", log: Bool = false
    ) -> String {
        """
        listeners: [ { address: "127.0.0.1:0" } ]
        admin: { address: "127.0.0.1:0" }
        workers: 2
        access_log: { enabled: \(log) }
        services: { origin: { endpoints: [ "\(origin.url)" ] } }
        auth: { \(auth) }
        consumers: \(consumers)
        routes: \(routes ?? "[ { name: all, path: \"/**\", service: origin } ]")
        \(more)
        """
    }

    /// A key and its hash, as `gatehouse key new` gives them.
    static func key() throws -> (text: String, hash: String) {
        let lines = try run("\"$0\" key new").split(separator: "\n").map(String.init)
        try #require(lines.count == 2)
        return (lines[0], lines[1])
    }

    /// The hash that `gatehouse key COMMAND` gives for a secret on its standard input.
    static func hash(_ command: String, of secret: String) throws -> String {
        String(try run("printf '%s\\n' '\(secret)' | \"$0\" key \(command)").dropLast())
    }

    private static func run(_ line: String) throws -> String {
        let process = try ChildProcess("/bin/sh", ["-c", line, try GatewayProcess.binary()])
        #expect(try process.waitForExit() == .code(0), "\(process.errors)")
        return process.output
    }

    /// `Authorization: Basic …`, by the system's own encoder.
    static func basic(_ user: String, _ password: String) throws -> String {
        let encoded = try run("printf '%s' '\(user):\(password)' | base64 -w0")
        return "Authorization: Basic \(encoded)"
    }
}

/// Consumers and their own credentials.
@Suite struct Callers {
    private let kit: CallerKit
    init() throws { kit = try CallerKit() }

    private static let secret = "0123456789abcdef0123456789abcdef"

    private func bearer(_ claims: String) -> String {
        "Authorization: Bearer \(TokenIssuer.token(secret: Self.secret, claims))"
    }

    // MARK: API keys

    @Test func apiKeys() throws {
        let (shop, app) = (try CallerKit.key(), try CallerKit.key())
        let own = try CallerKit.hash("hash", of: "a key of another gateway")
        let consumers = """
            { shop: { groups: [ partners, gold ], api_keys: [ "\(shop.hash)", "\(own)" ] }, app: { api_keys: [ "\(app.hash)" ] } }
            """
        let text = kit.configuration(
            "type: api_key, header: X-Api-Key, query: key, cookie: key", consumers: consumers, log: true)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let told = "X-Consumer-Groups=partners,gold X-Consumer-Name=shop"
            #expect(gateway.ask("GET /a", "X-Api-Key: \(shop.text)") == "/a \(told)")
            #expect(gateway.ask("GET /a", "x-api-key: a key of another gateway") == "/a \(told)")
            #expect(gateway.ask("GET /a?key=\(app.text)&b=c") == "/a?b=c X-Consumer-Name=app")
            #expect(gateway.ask("GET /a", "Cookie: a=b; key=\(app.text)") == "/a Cookie=a=b X-Consumer-Name=app")
            #expect(gateway.ask("GET /a?key=\(app.text)", "X-Api-Key: \(app.text)") == "/a X-Consumer-Name=app")
            #expect(gateway.ask("GET /a?key=\(app.text)", "X-Api-Key: \(shop.text)") == "401 invalid_credentials")
            #expect(gateway.ask("GET /a", "X-Api-Key: \(shop.text)x") == "401 invalid_credentials")
            #expect(gateway.ask("GET /a", "X-Api-Key: \(shop.hash)") == "401 invalid_credentials")
            #expect(gateway.ask("GET /a", "X-Api-Key: ") == "401 invalid_credentials")
            let long = String(repeating: "k", count: 4_000)
            #expect(gateway.ask("GET /a", "X-Api-Key: \(long)") == "401 invalid_credentials")
            #expect(gateway.ask("GET /a") == "401 unauthorized")
            let refused = try gateway.exchange(request("GET /a", "X-Api-Key: no"))
            #expect(refused.fields["www-authenticate"] == "ApiKey realm=\"gatehouse\"")

            let lines = try gateway.process.wait(for: "the records") { output, _ in
                output.filter { $0 == "\n" }.count >= 12 ? output : nil
            }
            #expect(lines.contains("\"consumer\":\"shop\"") && lines.contains("\"consumer\":\"app\""))
            #expect(lines.contains("\"reason\":\"key_several\"") && lines.contains("\"reason\":\"key_unknown\""))
            for secret in [shop.text, app.text] { #expect(!lines.contains(secret)) }
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_consumer_requests_total{consumer=\"app\",status=\"2xx\"} 3\n"))
            #expect(page.contains("gatehouse_credentials_total{type=\"api_key\",result=\"accepted\"} 5\n"))
        }
    }

    /// Whoever is known stays on one side of a split and on one endpoint: by the consumer's name, and by a claim.
    @Test func keepsCallersOnTheirSide() throws {
        let origins = try (0..<4).map { number in
            try ScriptedUpstream { _, connection in
                try connection.respond(200, fields: "Content-Type: application/json\r\n", body: "\(number)")
            }
        }
        let keys = try (0..<8).map { _ in try CallerKit.key() }
        let consumers = keys.enumerated().map { "c\($0): { api_keys: [ \"\($1.hash)\" ] }" }.joined(separator: ", ")
        let text = """
            listeners: [ { address: "127.0.0.1:0" } ]
            workers: 2
            access_log: { enabled: false }
            auth: { type: [ api_key, jwt ], secret: "\(Self.secret)" }
            consumers: { \(consumers) }
            services:
              a: { endpoints: [ "\(origins[0].url)" ] }
              b: { endpoints: [ "\(origins[1].url)" ] }
              both:
                endpoints: [ "\(origins[2].url)", "\(origins[3].url)" ]
                load_balancing: { policy: consistent_hash, key: "claim:tenant" }
            routes:
              - { path: /consumer, split: [ { service: a, weight: 1 }, { service: b, weight: 1 } ], split_key: consumer }
              - { path: /claim, split: [ { service: a, weight: 1 }, { service: b, weight: 1 } ], split_key: "claim:org.id" }
              - { path: /both, service: both }
              - { path: /home, aggregate: { parts: { one: { service: both, path: /part } } } }
            """
        try withGateway(text, origins[0], origins[1], origins[2], origins[3]) { gateway in
            func sides(_ path: String, _ fields: [String]) -> [String] {
                fields.map { field in
                    let first = gateway.ask("GET \(path)", field)
                    for _ in 0..<3 { #expect(gateway.ask("GET \(path)", field) == first) }
                    return String(first.prefix(1))
                }
            }
            let byKey = sides("/consumer", keys.map { "X-Api-Key: \($0.text)" })
            #expect(Set(byKey) == ["0", "1"])
            let tenants = (0..<12).map { bearer("\"sub\":\"a\",\"org\":{\"id\":\"org-\($0)\"},\"tenant\":\($0)") }
            #expect(Set(sides("/claim", tenants)) == ["0", "1"])
            #expect(Set(sides("/both", tenants)) == ["2", "3"])
            // Parts of an answer go by who asks as well.
            let homes = tenants.map { field in
                let answers = (0..<4).map { _ in gateway.ask("GET /home", field) }
                #expect(Set(answers).count == 1)
                return answers[0]
            }
            #expect(Set(homes).count == 2)
            // Without the claim, requests are shared out one by one.
            let nobody = bearer("\"sub\":\"a\"")
            #expect(Set((0..<8).map { _ in gateway.ask("GET /claim", nobody).prefix(1) }) == ["0", "1"])
        }
    }

    @Test func servicesGetTheKeyOnlyIfAsked() throws {
        let key = try CallerKit.key()
        let consumers = "{ app: { api_keys: [ \"\(key.hash)\" ] } }"
        let routes = """

              - { path: /open, service: origin, auth: none }
              - { path: /forwarded, service: origin, auth: { forward_token: true } }
              - { path: "/**", service: origin }
            """
        let text = kit.configuration(
            "type: api_key, exclude_paths: [ /excluded ]", consumers: consumers, routes: routes)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let field = "X-Api-Key: \(key.text)"
            #expect(gateway.ask("GET /", field) == "/ X-Consumer-Name=app")
            #expect(gateway.ask("GET /excluded", field) == "/excluded")
            #expect(gateway.ask("GET /forwarded", field) == "/forwarded X-Api-Key=\(key.text) X-Consumer-Name=app")
            // Nobody asked for it there: it is not the gateway's.
            #expect(gateway.ask("GET /open", field) == "/open X-Api-Key=\(key.text)")
        }
    }

    /// A header that the configuration logs and that carries keys shows none of them.
    @Test func keysAreNotLogged() throws {
        let key = try CallerKit.key()
        let text = kit.configuration(
            "type: api_key, header: X-Shop-Key", consumers: "{ app: { api_keys: [ \"\(key.hash)\" ] } }", log: true
        ).replacing("{ enabled: true }", with: "{ headers: [ x-shop-key, x-other ] }")
        try withGateway(text, kit.origin, admin: true) { gateway in
            #expect(gateway.ask("GET /", "X-Shop-Key: \(key.text)", "X-Other: seen") == "/ X-Consumer-Name=app")
            #expect(gateway.ask("GET /", "X-Shop-Key: \(key.text)x") == "401 invalid_credentials")
            let lines = try gateway.process.wait(for: "two records") { output, _ in
                output.filter { $0 == "\n" }.count >= 2 ? output : nil
            }
            #expect(!lines.contains(key.text) && lines.contains("\"x-shop-key\":\"***\""))
            #expect(lines.contains("\"x-other\":\"seen\""))
        }
    }

    // MARK: Basic

    @Test func passwords() throws {
        let hash = try CallerKit.hash("password", of: "correct: horse")
        let weak = "$pbkdf2-sha256$i=100000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        let consumers = "{ ada: { password: \"\(hash)\", groups: [ staff ] }, bob: { password: \"\(weak)\" }, eve: {} }"
        try withGateway(kit.configuration("type: basic", consumers: consumers), kit.origin, admin: true) { gateway in
            let good = try CallerKit.basic("ada", "correct: horse")
            // Once slowly on each worker that is met, then remembered.
            for _ in 0..<20 {
                #expect(gateway.ask("GET /", good) == "/ X-Consumer-Groups=staff X-Consumer-Name=ada")
            }
            #expect(gateway.ask("GET /", good.replacing("Basic ", with: "bAsIc   ")).contains("=ada"))
            for (user, password) in [
                ("ada", "wrong"), ("bob", "x"), ("eve", ""), ("nobody", "correct: horse"), ("", ""),
            ] {
                #expect(gateway.ask("GET /", try CallerKit.basic(user, password)) == "401 invalid_credentials")
            }
            for text in ["!", "YTpi=", "YWRh", "", "YTpi\tYTpi", "====", "YQBhOmI="] {
                let answer = gateway.ask("GET /", "Authorization: Basic \(text)")
                #expect(["401 invalid_credentials", "401 unauthorized"].contains(answer), "\(text): \(answer)")
            }
            let missing = try gateway.exchange(request("GET /"))
            #expect(missing.fields["www-authenticate"] == "Basic realm=\"gatehouse\", charset=\"UTF-8\"")
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_credentials_total{type=\"basic\",result=\"accepted\"} 21\n"))
        }
    }

    /// Whoever guesses is held to a few at once; others are served meanwhile, and nobody is answered wrongly.
    @Test func guessingPasswords() throws {
        let hash = try CallerKit.hash("password", of: "secret")
        let routes = "[ { path: /open, service: origin, auth: none }, { path: \"/**\", service: origin } ]"
        let text = kit.configuration(
            "type: basic", consumers: "{ ada: { password: \"\(hash)\" } }", routes: routes)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let clients = try (0..<40).map { _ in try gateway.connect() }
            for (number, client) in clients.enumerated() {
                try client.send(request("GET /", try CallerKit.basic("ada", "guess \(number)")))
            }
            #expect(gateway.ask("GET /open") == "/open")
            let answers = try clients.map { summary(of: try $0.readResponse()) }
            #expect(Set(answers).isSubset(of: ["401 invalid_credentials", "429 concurrency_limit_exceeded"]))
            #expect(answers.contains("401 invalid_credentials"))
            #expect(gateway.ask("GET /", try CallerKit.basic("ada", "secret")) == "/ X-Consumer-Name=ada")
        }
    }

    // MARK: Several kinds

    @Test func theFirstThatIsThereDecides() throws {
        let key = try CallerKit.key()
        let hash = try CallerKit.hash("password", of: "secret")
        let consumers = """
            { app: { api_keys: [ "\(key.hash)" ], subjects: [ app-1 ] }, ada: { password: "\(hash)", subjects: [ ada ] } }
            """
        let text = kit.configuration(
            "type: [ api_key, jwt, basic ], secret: \"\(Self.secret)\", claims_to_headers: { plan: X-Plan }",
            consumers: consumers)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let field = "X-Api-Key: \(key.text)"
            let token = bearer(#""sub":"ada","plan":"gold""#)
            let password = try CallerKit.basic("ada", "secret")
            #expect(gateway.ask("GET /", field) == "/ X-Consumer-Name=app")
            #expect(gateway.ask("GET /", token).hasSuffix(" X-Consumer-Name=ada X-Plan=gold"))
            #expect(gateway.ask("GET /", password) == "/ X-Consumer-Name=ada")
            #expect(gateway.ask("GET /", bearer(#""sub":"app-1""#)).hasSuffix(" X-Consumer-Name=app"))
            // Known, but nobody's subject.
            #expect(gateway.ask("GET /", bearer(#""sub":"zoe""#)).contains("Consumer") == false)
            // A bad one is never made good by another.
            #expect(gateway.ask("GET /", "X-Api-Key: no", token) == "401 invalid_credentials")
            #expect(gateway.ask("GET /", "Authorization: Bearer a.b.c", password) == "401 invalid_token")
            // Of two good ones the first in the list counts; keys and passwords stay here all the same.
            #expect(gateway.ask("GET /", field, password) == "/ X-Consumer-Name=app")
            let missing = try gateway.exchange(request("GET /"))
            #expect(
                missing.fields["www-authenticate"]
                    == "ApiKey realm=\"gatehouse\", Bearer realm=\"gatehouse\", Basic realm=\"gatehouse\", charset=\"UTF-8\""
            )
        }
    }

    @Test func whoMayPass() throws {
        let (shop, app) = (try CallerKit.key(), try CallerKit.key())
        let consumers = """
            { shop: { groups: [ partners ], api_keys: [ "\(shop.hash)" ] }, app: { api_keys: [ "\(app.hash)" ] },
              anonymous: { groups: [ public ] } }
            """
        let routes = """

              - { path: /any, service: origin }
              - { path: /partners, service: origin, auth: { consumers: [ partners ] } }
              - { path: /both, service: origin, auth: { consumers: [ partners, app ] } }
              - { path: /maybe, service: origin, auth: { optional: true } }
              - { path: /public, service: origin, auth: { optional: true, consumers: [ public, app ] } }
              - { path: /members, service: origin, auth: { optional: true, consumers: [ partners ] } }
              - { path: /roles, service: origin, auth: { roles: [ admin ] } }
              - { path: /open, service: origin, auth: none }
            """
        let text = kit.configuration("type: api_key", consumers: consumers, routes: routes)
        try withGateway(text, kit.origin, admin: true) { gateway in
            func ask(_ path: String, _ key: String?) -> String {
                let answer = key.map { gateway.ask("GET \(path)", "X-Api-Key: \($0)") } ?? gateway.ask("GET \(path)")
                return answer.hasPrefix(path) ? String(answer.split(separator: "=").last ?? "") : answer
            }
            #expect(ask("/any", shop.text) == "shop" && ask("/any", app.text) == "app")
            #expect(ask("/any", nil) == "401 unauthorized")
            #expect(ask("/partners", shop.text) == "shop" && ask("/partners", app.text) == "403 forbidden")
            #expect(ask("/both", shop.text) == "shop" && ask("/both", app.text) == "app")
            #expect(ask("/maybe", nil) == "anonymous" && ask("/maybe", app.text) == "app")
            #expect(ask("/maybe", "no") == "401 invalid_credentials")
            #expect(ask("/public", nil) == "anonymous" && ask("/public", shop.text) == "403 forbidden")
            #expect(ask("/members", nil) == "401 unauthorized" && ask("/members", app.text) == "403 forbidden")
            #expect(ask("/roles", app.text) == "403 forbidden")
            #expect(ask("/open", nil) == "anonymous")
        }
    }

    // MARK: Certificates

    @Test func certificates() throws {
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let ada = try certificates.make("ada", "DNS:ada.example.com,URI:spiffe://example.com/ada")
        let bob = try certificates.make("bob", "DNS:bob.example.com")
        let eve = try certificates.make("eve", "DNS:eve.example.com")
        let text = kit.configuration(
            "type: client_certificate",
            consumers: "{ ada: { subjects: [ \"spiffe://example.com/ada\" ] }, bob: { subjects: [ \"CN=bob\" ] } }",
            routes: """

                  - { path: /known, service: origin, auth: { consumers: [ ada, bob ] } }
                  - { path: "/**", service: origin }
                """
        ).replacing(
            "listeners: [ { address: \"127.0.0.1:0\" } ]",
            with: """
                listeners:
                  - address: "127.0.0.1:0"
                    tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ],
                           client_certificates: { mode: optional, ca: \(certificates.authority) } }
                """)
        try withGateway(text, kit.origin, admin: true) { gateway in
            func ask(_ path: String, _ pair: (certificate: String, key: String)?) throws -> String {
                let url = "https://localhost:\(gateway.port)\(path)"
                let own = pair.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
                let process = try ChildProcess(
                    "/usr/bin/env",
                    [
                        "curl", "-sS", "-m", "20", "--http1.1", "--cacert", certificates.authority, "-H",
                        "X-Consumer-Name: root", url, "--resolve", "localhost:\(gateway.port):127.0.0.1",
                    ] + own)
                try process.waitForExit()
                return process.output
            }
            let first = try ask("/", ada)
            #expect(first == "/ X-Consumer-Name=ada")
            #expect(try ask("/known", bob) == "/known X-Consumer-Name=bob")
            #expect(try ask("/", eve) == "/")
            #expect(try ask("/known", eve).contains("\"forbidden\""))
            #expect(try ask("/", nil).contains("\"unauthorized\""))
        }
    }

    // MARK: Headers that cannot be forged

    /// Random spellings of what tells services about consumers and of an authority's answer, on every kind of route, in
    /// heads and in trailers.
    @Test func spellingsOfIdentityHeaders() throws {
        let key = try CallerKit.key()
        let authority = try ScriptedUpstream { _, connection in
            try connection.respond(200, fields: "X-User-Team: blue\r\n")
        }
        let routes = """

              - { path: /open, service: origin, auth: none }
              - { path: /key, service: origin }
              - { path: /excluded, service: origin }
              - { path: /maybe, service: origin, auth: { optional: true } }
              - path: /forward
                service: origin
                auth: { type: forward, url: "\(authority.url)", response_headers: [ X-User-Team ] }
            """
        let text =
            kit.configuration(
                "type: api_key, exclude_paths: [ /excluded ]",
                consumers: "{ app: { groups: [ g ], api_keys: [ \"\(key.hash)\" ] } }", routes: routes,
                more: "limits: { underscores: keep }")
        var random = SeededRandom()
        try withGateway(text, kit.origin, authority, admin: true) { gateway in
            let client = try gateway.connect()
            for round in 0..<400 {
                let name = ["X-Consumer-Name", "X-Consumer-Groups", "X-User-Team", "X-User-Id"]
                    .randomElement(using: &random)!
                let spelled = name.map { character -> String in
                    if character == "-" { return ["-", "_", ".", "~", "-", "_"].randomElement(using: &random)! }
                    return Bool.random(using: &random) ? character.lowercased() : character.uppercased()
                }.joined()
                let path = ["/open", "/key", "/excluded", "/maybe", "/forward"].randomElement(using: &random)!
                let named = Bool.random(using: &random) ? "Connection: \(spelled)\r\n" : ""
                let isTrailer = Bool.random(using: &random)
                let line = "\(spelled): forged\r\n"
                let body = "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\(isTrailer ? line : "")\r\n"
                try client.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nX-Api-Key: \(key.text)\r\n\(named)\(isTrailer ? "" : line)\(body)"
                )
                let response = try client.readResponse()
                #expect(response.status == 200 && !response.bodyText.contains("forged"), "\(round): \(spelled)")
            }
        }
        for request in kit.origin.requests {
            #expect(!request.fields.description.contains("forged") && !request.trailers.description.contains("forged"))
            let (names, groups) = (request.fields.values("x-consumer-name"), request.fields.values("x-consumer-groups"))
            switch request.target {
            case "/key", "/maybe": #expect(names == ["app"] && groups == ["g"])
            case "/forward":
                #expect(names.isEmpty && groups.isEmpty && request.fields.values("x-user-team") == ["blue"])
            default: #expect(names.isEmpty && groups.isEmpty)
            }
        }
        // Whoever is asked is told nothing forged either.
        for request in authority.requests { #expect(!request.fields.description.contains("forged")) }
    }
}
