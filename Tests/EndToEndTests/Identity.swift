import GatehouseTesting
import Testing

/// Who asks: tokens over real connections, with a real server for keys.
@Suite struct Identity {
    private let origin: ScriptedUpstream
    private static let secret = "0123456789abcdef0123456789abcdef"

    /// Answers with what it was told about the caller.
    init() throws {
        origin = try ScriptedUpstream { request, connection in
            let fields = request.fields.all.filter { field in
                let name = field.name.lowercased()
                return name.hasPrefix("x") && name.contains("user") || name == "authorization" || name == "cookie"
            }
            let lines = fields.map { "\($0.name)=\($0.name == "Authorization" ? "…" : $0.value)" }.sorted()
            try connection.respond(200, body: "\(request.target) \(lines.joined(separator: " "))")
        }
    }

    private func configuration(_ auth: String, routes: String? = nil, log: Bool = false) -> String {
        """
        listeners: [ { address: "127.0.0.1:0" } ]
        admin: { address: "127.0.0.1:0" }
        workers: 2
        access_log: { enabled: \(log) }
        services: { origin: { endpoints: [ "\(origin.url)" ] } }
        auth: { \(auth) }
        routes: \(routes ?? "[ { name: all, path: \"/**\", service: origin } ]")
        """
    }

    private func bearer(_ token: String) -> String { "Authorization: Bearer \(token)" }

    // MARK: The articles

    /// Article 003: keys by URL, an audience, excluded paths, and the three headers that services get.
    @Test func keysByURL() throws {
        let issuer = try TokenIssuer()
        let auth = """
            type: jwt, jwks_uri: "\(issuer.keysURL)", issuer: "\(issuer.url)", audiences: [ api.example.com ],
              exclude_paths: [ /api/health, /api/auth/login ]
            """
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let claims = #""sub":"usr_8a3f","role":"customer","aud":"api.example.com""#
            let good = bearer(issuer.token(claims))
            for _ in 0..<3 {
                #expect(
                    gateway.ask("GET /orders/ord_x7k9", good)
                        == "/orders/ord_x7k9 Authorization=… X-User-Id=usr_8a3f X-User-Role=customer")
            }
            #expect(gateway.ask("GET /orders/1") == "401 unauthorized")
            #expect(gateway.ask("GET /api/health", "X-User-Id: root") == "/api/health ")
            #expect(gateway.ask("GET /api/health/x") == "401 unauthorized")
            #expect(
                gateway.ask("GET /", bearer(issuer.token(#""sub":"a","aud":"other""#))) == "401 invalid_token")
            #expect(gateway.ask("GET /", bearer(issuer.token(claims, expiresIn: -600))) == "401 invalid_token")
            #expect(issuer.fetches == 1)
        }
        try issuer.check()
    }

    /// Article 004: a shared secret, X-User-ID and X-User-Email.
    @Test func sharedSecret() throws {
        let auth = "secret: \"\(Self.secret)\", claims_to_headers: { sub: X-User-ID, email: X-User-Email }"
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let token = TokenIssuer.token(secret: Self.secret, #""sub":"42","email":"ada@example.com""#)
            #expect(
                gateway.ask("GET /a", bearer(token)) == "/a Authorization=… X-User-Email=ada@example.com X-User-ID=42")
            #expect(gateway.ask("GET /a", "authorization: bEARER  \(token)").hasPrefix("/a "))
            let other = TokenIssuer.token(secret: "another secret of thirty-two bytes", #""sub":"42""#)
            #expect(gateway.ask("GET /a", bearer(other)) == "401 invalid_token")
        }
    }

    // MARK: Refusals

    @Test func challenges() throws {
        try withGateway(configuration("secret: \"\(Self.secret)\""), origin, admin: true) { gateway in
            func challenge(_ fields: String...) -> String? {
                let all = fields.map { $0 + "\r\n" }.joined()
                let response = try? gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\n\(all)\r\n")
                return response?.fields["www-authenticate"]
            }
            let plain = "Bearer realm=\"gatehouse\""
            #expect(challenge() == plain)
            #expect(challenge("Authorization: Basic YTpi") == plain)
            let expired = TokenIssuer.token(secret: Self.secret, "\"sub\":\"a\"", expiresIn: -100)
            let invalid = plain + ", error=\"invalid_token\", error_description=\"The token has expired\""
            #expect(challenge(bearer(expired)) == invalid)
            #expect(gateway.ask("GET /", bearer("")) == "401 invalid_token")
            #expect(gateway.ask("GET /", bearer("a.b")) == "401 invalid_token")
            #expect(gateway.ask("GET /", bearer(String(repeating: "a", count: 20_000))) == "401 invalid_token")
            #expect(origin.requests.isEmpty)
        }
    }

    /// A published key is no secret, `none` is no algorithm, and a good signature under another name none either.
    @Test func confusedTokens() throws {
        let issuer = try TokenIssuer()
        let auth = "jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\""
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let claims = "\"iss\":\"\(issuer.url)\",\"sub\":\"root\""
            let good = issuer.token(#""sub":"ada""#)
            #expect(gateway.ask("GET /", bearer(good)).hasPrefix("/ "))
            let signature = String(good.split(separator: ".")[2])
            let payload = good.split(separator: ".")[1]
            for bad in [
                TokenIssuer.unsigned(header: #"{"alg":"none"}"#, claims),
                TokenIssuer.unsigned(header: #"{"alg":"none"}"#, claims, signature: signature),
                TokenIssuer.unsigned(header: #"{"alg":"HS256","kid":"key-1"}"#, claims, signature: signature),
                TokenIssuer.unsigned(header: #"{"alg":"ES256","kid":"key-1"}"#, claims, signature: signature),
                TokenIssuer.token(secret: issuer.publishedKey, claims),
                issuer.token(#""sub":"ada""#, keyID: "../../../dev/null"),
                good + "=", good + "A", String(good.dropLast()), "\(payload).\(payload).\(signature)",
            ] {
                #expect(gateway.ask("GET /", bearer(bad)) == "401 invalid_token", "\(bad)")
            }
        }
        try issuer.check()
    }

    @Test func differentTokensInSeveralPlaces() throws {
        let auth = "secret: \"\(Self.secret)\", token: { header: Authorization, cookie: session, query: access_token }"
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let one = TokenIssuer.token(secret: Self.secret, #""sub":"one""#)
            let two = TokenIssuer.token(secret: Self.secret, #""sub":"two""#)
            #expect(gateway.ask("GET /?access_token=\(one)", bearer(one), "Cookie: session=\(one)").contains("Id=one"))
            #expect(gateway.ask("GET /", "Cookie: a=b; session=\(two)").contains("Id=two"))
            #expect(gateway.ask("GET /?access_token=\(two)", bearer(one)) == "401 invalid_token")
            #expect(gateway.ask("GET /", bearer(one), bearer(two)) == "401 invalid_token")
            #expect(gateway.ask("GET /", "Cookie: session=\(one); session=\(two)") == "401 invalid_token")
            #expect(gateway.ask("GET /?access_token=\(one)&access_token=\(two)") == "401 invalid_token")
        }
    }

    @Test func theTokenIsTakenOut() throws {
        let auth = """
            secret: "\(Self.secret)", forward_token: false,
              token: { header: Authorization, cookie: session, query: access_token }
            """
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let token = TokenIssuer.token(secret: Self.secret, #""sub":"ada""#)
            #expect(gateway.ask("GET /", bearer(token)) == "/ X-User-Id=ada")
            #expect(
                gateway.ask("GET /?a=1&access_token=\(token)&b=2", "Cookie: x=1; session=\(token); y=2")
                    == "/?a=1&b=2 Cookie=x=1; y=2 X-User-Id=ada")
            #expect(gateway.ask("GET /?access_token=\(token)", "Cookie: session=\(token)") == "/ X-User-Id=ada")
        }
    }

    // MARK: Routes

    @Test func routesOfTheirOwn() throws {
        let routes = """

              - { path: /open, service: origin, auth: none }
              - { path: /maybe, service: origin, auth: { optional: true } }
              - { path: /read, service: origin, auth: { scopes: [ read ] } }
              - { path: /any, service: origin, auth: { any_scope: [ read, write ] } }
              - { path: /admin, service: origin, auth: { roles: [ admin, owner ] } }
              - { path: /gold, service: origin, auth: { claims: { tier: [ gold, platinum ], level: 3 } } }
            """
        try withGateway(configuration("secret: \"\(Self.secret)\"", routes: routes), origin, admin: true) { gateway in
            func ask(_ path: String, _ claims: String) -> String {
                let answer = gateway.ask(
                    "GET \(path)", bearer(TokenIssuer.token(secret: Self.secret, #""sub":"a","# + claims)))
                return answer.hasPrefix(path) ? "passed" : answer
            }
            #expect(gateway.ask("GET /open", "X-User-Id: root") == "/open ")
            #expect(gateway.ask("GET /maybe", "X-User-Id: root") == "/maybe ")
            #expect(gateway.ask("GET /maybe", bearer("x.y.z")) == "401 invalid_token")
            #expect(gateway.ask("GET /read") == "401 unauthorized")
            #expect(ask("/read", #""scope":"read write""#) == "passed")
            #expect(ask("/read", #""scope":"write""#) == "403 insufficient_scope")
            #expect(ask("/any", #""scp":["write"]"#) == "passed")
            #expect(ask("/admin", #""role":"admin""#) == "passed")
            #expect(ask("/admin", #""roles":["user","owner"]"#) == "passed")
            #expect(ask("/admin", #""roles":["user"]"#) == "403 forbidden")
            #expect(ask("/gold", #""tier":"gold","level":3"#) == "passed")
            #expect(ask("/gold", #""tier":"gold","level":2"#) == "403 forbidden")
            let token = TokenIssuer.token(secret: Self.secret, #""scope":"write""#)
            let response = try gateway.exchange("GET /read HTTP/1.1\r\nHost: a\r\n\(bearer(token))\r\n\r\n")
            let wanted = "Bearer realm=\"gatehouse\", error=\"insufficient_scope\", scope=\"read\""
            #expect(response.fields["www-authenticate"] == wanted)
        }
    }

    // MARK: Headers that cannot be forged

    /// Random spellings of the names, on every kind of route, in heads and in trailers: services never see one that the
    /// gateway did not set.
    @Test func spellingsOfIdentityHeaders() throws {
        let routes = """

              - { path: /open, service: origin, auth: none }
              - { path: /excluded, service: origin }
              - { path: /closed, service: origin }
              - { path: /other, service: origin, auth: { optional: true, claims_to_headers: { tenant: X-Tenant-User } } }
            """
        var text = configuration("secret: \"\(Self.secret)\", exclude_paths: [ /excluded ]", routes: routes)
        text += "\nlimits: { underscores: keep }\n"
        let token = bearer(TokenIssuer.token(secret: Self.secret, #""sub":"ada","tenant":"blue""#))
        var random = SeededRandom()
        try withGateway(text, origin, admin: true) { gateway in
            let client = try gateway.connect()
            for round in 0..<400 {
                let name = ["X-User-Id", "X-User-Role", "X-User-Email", "X-Tenant-User"].randomElement(using: &random)!
                let spelled = name.map { character -> String in
                    if character == "-" { return ["-", "_", ".", "~", "-", "_"].randomElement(using: &random)! }
                    return Bool.random(using: &random) ? character.lowercased() : character.uppercased()
                }.joined()
                let path = ["/open", "/excluded", "/closed", "/other"].randomElement(using: &random)!
                let named = Bool.random(using: &random) ? "Connection: \(spelled)\r\n" : ""
                let isTrailer = Bool.random(using: &random)
                let body =
                    "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\(isTrailer ? "\(spelled): forged\r\n" : "")\r\n"
                let forged = isTrailer ? "" : "\(spelled): forged\r\n"
                try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\n\(token)\r\n\(named)\(forged)\(body)")
                let response = try client.readResponse()
                #expect(!response.bodyText.contains("forged"), "\(round): \(spelled)")
                #expect(response.status == 200)
            }
        }
        for request in origin.requests { #expect(!request.trailers.description.contains("forged")) }
        let closed = origin.requests.filter { $0.target == "/closed" }
        #expect(!closed.isEmpty && closed.allSatisfy { $0.fields.values("x-user-id") == ["ada"] })
        let other = origin.requests.filter { $0.target == "/other" }
        #expect(!other.isEmpty && other.allSatisfy { $0.fields.values("x-tenant-user") == ["blue"] })
    }

    /// The same over HTTP/2, with frames by hand, since no client sends such names.
    @Test func spellingsOverHTTP2() throws {
        let routes = """

              - { path: /open, service: origin, auth: none }
              - { path: /excluded, service: origin }
              - { path: /closed, service: origin }
              - { path: /other, service: origin, auth: { optional: true, claims_to_headers: { tenant: X-Tenant-User } } }
            """
        var text = configuration("secret: \"\(Self.secret)\", exclude_paths: [ /excluded ]", routes: routes)
            .replacing("\"127.0.0.1:0\" } ]\nadmin", with: "\"127.0.0.1:0\", http2: true } ]\nadmin")
        text += "\nlimits: { underscores: keep }\n"
        let token = TokenIssuer.token(secret: Self.secret, #""sub":"ada","tenant":"blue""#)
        let seed = SeededRandom().seed
        try withGateway(text, origin, admin: true) { gateway in
            let script = #filePath.replacing("Identity.swift", with: "HTTP2/frames.py")
            try HTTP2.run(
                "python3", [script, "\(gateway.port)", "\(gateway.process.id)", "identity", token, "\(seed)"])
        }
        for request in origin.requests {
            #expect(!request.fields.description.contains("forged"), "\(request.fields), seed \(seed)")
            #expect(!request.trailers.description.contains("forged"), "\(request.trailers), seed \(seed)")
        }
        let closed = origin.requests.filter { $0.target == "/closed" }
        #expect(!closed.isEmpty && closed.allSatisfy { $0.fields.values("x-user-id") == ["ada"] })
        let other = origin.requests.filter { $0.target == "/other" }
        #expect(!other.isEmpty && other.allSatisfy { $0.fields.values("x-tenant-user") == ["blue"] })
    }

    // MARK: Keys over time

    @Test func keysThatRotate() throws {
        let issuer = try TokenIssuer()
        let auth = "discovery: true, issuer: \"\(issuer.url)\""
        try withGateway(configuration(auth), origin, admin: true) { gateway in
            let old = bearer(issuer.token(#""sub":"old""#))
            #expect(gateway.ask("GET /", old).contains("Id=old"))
            // The document, then the keys.
            #expect(issuer.fetches == 2)
            // Names that nobody has cost nothing: the interval between fetches has not passed.
            for round in 0..<50 {
                let token = issuer.token(#""sub":"x""#, keyID: "no-\(round)")
                #expect(gateway.ask("GET /", bearer(token)) == "401 invalid_token")
            }
            #expect(issuer.fetches == 2)
            #expect(gateway.ask("GET /", old).contains("Id=old"))
        }
        try issuer.check()
    }

    /// Without keys the gateway runs, says so, and answers 503 with a code of its own; it goes on by itself when they come.
    @Test func anIssuerThatIsDownAtTheStart() throws {
        let issuer = try TokenIssuer()
        issuer.setDown(true)
        let routes = #"[ { path: /open, service: origin, auth: none }, { path: "/**", service: origin } ]"#
        let text = configuration("jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\"", routes: routes)
        try withGateway(text, origin, admin: true) { gateway in
            let token = bearer(issuer.token(#""sub":"ada""#))
            try eventually("a fetch to fail") { issuer.fetches >= 1 }
            #expect(gateway.ask("GET /open") == "/open ")
            #expect(gateway.ask("GET /", token) == "503 keys_unavailable")
            #expect(gateway.ask("GET /") == "401 unauthorized")
            issuer.setDown(false)
            try eventually("the keys to come") { gateway.ask("GET /", token).contains("Id=ada") }
            #expect(gateway.process.errors.contains("the keys of an issuer could not be fetched"))
            let page = try RawClient.exchange(
                port: #require(gateway.adminPort), scrape
            ).bodyText
            #expect(page.contains("gatehouse_key_fetches_total{result=\"ok\"} 1\n"))
            #expect(page.contains("gatehouse_issuer_keys{issuer=\"\(issuer.keysURL)\"} 1\n"))
            #expect(page.contains("gatehouse_tokens_total{result=\"verified\"} 1\n"))
        }
    }

    /// Requests that come while the first keys are on their way wait for them.
    @Test func requestsWaitForTheFirstKeys() throws {
        let issuer = try TokenIssuer()
        let token = bearer(issuer.token(#""sub":"ada""#))
        issuer.setSilent(true)
        let text = configuration("jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\"")
        try withGateway(text, origin, admin: true) { gateway in
            try eventually("the fetch") { issuer.fetches == 1 }
            let client = try gateway.connect()
            try client.send(request("GET /a", token))
            #expect(try !client.hasInput(within: .milliseconds(100)))
            issuer.setSilent(false)
            #expect(try client.readResponse().bodyText.contains("Id=ada"))
            #expect(issuer.fetches == 1)
        }
    }

    /// While one request waits for keys, others find their routes: each goes where its own path says.
    @Test func whoeverWaitsKeepsItsRoute() throws {
        let issuer = try TokenIssuer()
        let token = bearer(issuer.token(#""sub":"ada""#))
        issuer.setSilent(true)
        let routes = """
            [ { path: "/users/{id}/{part}", service: origin, rewrite: "/{part}/of/{id}" },
              { path: "/open/{first}/{second}/{third}", service: origin, rewrite: "/{third}/{first}", auth: none } ]
            """
        let text = configuration("jwks_uri: \"\(issuer.keysURL)\", issuer: \"\(issuer.url)\"", routes: routes)
            .replacing("workers: 2", with: "workers: 1")
        try withGateway(text, origin, admin: true) { gateway in
            try eventually("the fetch") { issuer.fetches == 1 }
            let client = try gateway.connect()
            try client.send(request("GET /users/7/cart", token))
            #expect(try !client.hasInput(within: .milliseconds(100)))
            let long = String(repeating: "x", count: 300)
            #expect(gateway.ask("GET /open/a/\(long)/b") == "/b/a ")
            issuer.setSilent(false)
            let answer = try client.readResponse()
            #expect(answer.bodyText.hasPrefix("/cart/of/7 "), "\(answer.status) \(answer.bodyText)")
        }
    }

    // MARK: What is seen

    @Test func theRecordNamesTheCaller() throws {
        try withGateway(configuration("secret: \"\(Self.secret)\"", log: true), origin, admin: true) { gateway in
            _ = gateway.ask("GET /", bearer(TokenIssuer.token(secret: Self.secret, #""sub":"ada \"L\"""#)))
            _ = gateway.ask("GET /", bearer(TokenIssuer.token(secret: Self.secret, #""sub":"ada""#, expiresIn: -99)))
            let text = try gateway.process.wait(for: "two records") { output, _ in
                output.filter { $0 == "\n" }.count >= 2 ? output : nil
            }
            // Two connections may belong to two workers, whose lines come in either order.
            let lines = try text.split(separator: "\n").map { try JSON(String($0)) }
            let records = lines.filter { $0["error"] == nil } + lines.filter { $0["error"] != nil }
            #expect(records[0]["subject"]?.text == #"ada "L""#)
            #expect(records[1]["subject"] == nil)
            #expect(records[1]["error"]?.text == "invalid_token")
            #expect(records[1]["reason"]?.text == "token_expired")
        }
    }
}
