import GatehouseTesting
import Synchronization
import Testing

/// An authorization server for opaque tokens.
private final class TokenAuthority: Sendable {
    /// Shared with the server's threads.
    private final class Book: Sendable {
        struct State {
            var answers: [String: String] = [:]
            var status = 200
            /// nil: answers at once.
            var gate: Gate?
        }
        let state = Mutex(State())
    }
    private let book = Book()
    let server: ScriptedUpstream

    init() throws {
        let book = self.book
        server = try ScriptedUpstream { request, connection in
            let token = String(request.bodyText.dropFirst("token=".count).prefix { $0 != "&" })
            try book.state.withLock { $0.gate }?.wait()
            let (answer, status) = book.state.withLock { ($0.answers[token] ?? #"{"active":false}"#, $0.status) }
            try connection.respond(status, fields: "Content-Type: application/json\r\n", body: answer)
        }
    }

    func set(_ token: String, _ answer: String) { book.state.withLock { $0.answers[token] = answer } }
    func setStatus(_ status: Int) { book.state.withLock { $0.status = status } }

    /// Reads requests, and answers them when this is over.
    func setSilent(_ isSilent: Bool) {
        let old = book.state.withLock { state in
            let old = state.gate
            state.gate = isSilent ? Gate("leave to answer") : nil
            return old
        }
        old?.open()
    }
}

/// Tokens that whoever issued them judges.
@Suite struct Introspection {
    private let kit: CallerKit
    private let authority: TokenAuthority
    init() throws {
        kit = try CallerKit()
        authority = try TokenAuthority()
    }

    private func auth(_ more: String = "") -> String {
        """
        type: introspection, url: "\(authority.server.url)/introspect?x=1", client_id: "gate way", client_secret: "a:b/ü",
          claims_to_headers: { sub: X-User-Id, plan.name: X-Plan }\(more)
        """
    }

    private func bearer(_ token: String) -> String { "Authorization: Bearer \(token)" }

    @Test func activeAndInactive() throws {
        authority.set("good", #"{"active":true,"sub":"ada","scope":"read write","plan":{"name":"gold"}}"#)
        authority.set("service", #"{"active":true,"client_id":"cron"}"#)
        authority.set("odd%2B%2F%3D", #"{"active":true}"#)
        authority.set("old", #"{"active":true,"sub":"ada","exp":1}"#)
        authority.set("early", #"{"active":true,"sub":"ada","nbf":99999999999}"#)
        authority.set("line", #"{"active":true,"sub":"ada\r\nX-Root: 1"}"#)
        authority.set("twice", #"{"active":false,"active":true}"#)
        authority.set("text", #"{"active":"true"}"#)
        authority.set("none", "no JSON")
        let routes = """

              - { path: /admin, service: origin, auth: { scopes: [ admin ] } }
              - { path: "/**", service: origin }
            """
        let text = kit.configuration(
            auth(", forward_token: false"), consumers: "{ cron: { subjects: [ cron ] } }", routes: routes)
        try withGateway(text, kit.origin, authority.server, admin: true) { gateway in
            for _ in 0..<5 {
                #expect(gateway.ask("GET /a", bearer("good"), "X-Plan: forged") == "/a X-Plan=gold X-User-Id=ada")
            }
            #expect(gateway.ask("GET /a", bearer("service")) == "/a X-Consumer-Name=cron")
            #expect(gateway.ask("GET /a", bearer("odd+/=")) == "/a")
            for bad in ["old", "early", "line", "unknown"] {
                #expect(gateway.ask("GET /a", bearer(bad)) == "401 invalid_token", "\(bad)")
            }
            for broken in ["twice", "text", "none"] {
                #expect(gateway.ask("GET /a", bearer(broken)) == "503 auth_unavailable", "\(broken)")
            }
            #expect(gateway.ask("GET /admin", bearer("good")) == "403 insufficient_scope")
            #expect(gateway.ask("GET /a") == "401 unauthorized")
            #expect(gateway.ask("GET /a", bearer(String(repeating: "t", count: 20_000))) == "401 invalid_token")
            let asked = authority.server.requests
            let first = try #require(asked.first)
            #expect(first.method == "POST" && first.target == "/introspect?x=1")
            #expect(first.fields["content-type"] == "application/x-www-form-urlencoded")
            #expect(first.bodyText == "token=good&token_type_hint=access_token")
            // printf 'gate%%20way:a%%3Ab%%2F%%C3%%BC' | base64
            #expect(first.fields["authorization"] == "Basic Z2F0ZSUyMHdheTphJTNBYiUyRiVDMyVCQw==")
            // Known ones are not asked about again, by any worker; /admin is another policy of the same authority.
            #expect(asked.filter { $0.bodyText.contains("token=good&") }.count == 1)
            // Nor are those that are known to be bad.
            #expect(gateway.ask("GET /a", bearer("unknown")) == "401 invalid_token")
            #expect(authority.server.requests.filter { $0.bodyText.contains("token=unknown&") }.count == 1)
        }
    }

    /// All who ask about one token at once wait for one call.
    @Test func oneCallForAll() throws {
        authority.set("good", #"{"active":true,"sub":"ada"}"#)
        authority.setSilent(true)
        try withGateway(kit.configuration(auth()), kit.origin, authority.server, admin: true) { gateway in
            let clients = try (0..<30).map { _ in try gateway.connect() }
            for client in clients { try client.send(request("GET /a", bearer("good"))) }
            try authority.server.waitForHead()
            authority.setSilent(false)
            for client in clients { #expect(try client.readResponse().bodyText.hasSuffix("X-User-Id=ada")) }
            #expect(authority.server.requests.count == 1)
        }
    }

    @Test func anAuthorityThatIsGone() throws {
        authority.set("good", #"{"active":true,"sub":"ada"}"#)
        let text = kit.configuration(auth(", timeout: 2s"), log: true)
        try withGateway(text, kit.origin, admin: true) { gateway in
            authority.setStatus(500)
            #expect(gateway.ask("GET /a", bearer("good")) == "503 auth_unavailable")
            authority.setStatus(401)
            #expect(gateway.ask("GET /a", bearer("good")) == "503 auth_unavailable")
            authority.setStatus(200)
            // A failure is not remembered.
            #expect(gateway.ask("GET /a", bearer("good")).hasSuffix("X-User-Id=ada"))
            authority.setSilent(true)
            #expect(gateway.ask("GET /a", bearer("slow")) == "503 auth_unavailable")
            authority.setSilent(false)
            authority.server.stop()
            #expect(gateway.ask("GET /a", bearer("other")) == "503 auth_unavailable")
            // What is known holds.
            #expect(gateway.ask("GET /a", bearer("good")).hasSuffix("X-User-Id=ada"))
            _ = try gateway.process.wait(for: "the reasons") { output, errors in
                let reasons = ["authority_broken", "authority_timeout", "authority_unreachable"]
                return reasons.allSatisfy { output.contains("\"reason\":\"\($0)\"") }
                    && errors.contains("credentials could not be checked") ? output : nil
            }
        }
    }

    /// Signed tokens are judged here, all others there.
    @Test func besideSignedTokens() throws {
        authority.set("opaque", #"{"active":true,"sub":"ada"}"#)
        authority.set("a.b.c", #"{"active":true,"sub":"bob"}"#)
        let secret = "0123456789abcdef0123456789abcdef"
        let both = auth(", secret: \"\(secret)\"").replacing(
            "type: introspection", with: "type: [ jwt, introspection ]")
        try withGateway(kit.configuration(both), kit.origin, authority.server, admin: true) { gateway in
            let signed = TokenIssuer.token(secret: secret, #""sub":"eve""#)
            #expect(gateway.ask("GET /", bearer(signed)).hasSuffix("X-User-Id=eve"))
            #expect(gateway.ask("GET /", bearer("opaque")).hasSuffix("X-User-Id=ada"))
            #expect(gateway.ask("GET /", bearer("a.b.c")).hasSuffix("X-User-Id=bob"))
            let forged = TokenIssuer.token(secret: "another secret of thirty-two bytes", #""sub":"eve""#)
            #expect(gateway.ask("GET /", bearer(forged)) == "401 invalid_token")
            #expect(authority.server.requests.count == 2)
        }
    }

    /// `cache_time: 0s` asks each time.
    @Test func withoutMemory() throws {
        authority.set("good", #"{"active":true,"sub":"ada"}"#)
        try withGateway(kit.configuration(auth(", cache_time: 0s")), kit.origin, authority.server, admin: true) {
            gateway in
            for _ in 0..<3 { #expect(gateway.ask("GET /", bearer("good")).hasSuffix("X-User-Id=ada")) }
            #expect(authority.server.requests.count == 3)
        }
    }
}

/// Requests that somebody else decides about.
@Suite struct ForwardAuth {
    private let kit: CallerKit
    init() throws { kit = try CallerKit() }

    private func auth(_ authority: ScriptedUpstream, _ more: String = "") -> String {
        "type: forward, url: \"\(authority.url)/check?by=gate\", response_headers: [ X-User-Id, X-Plan ]\(more)"
    }

    @Test func whatItIsToldAndWhatItTells() throws {
        let authority = try ScriptedUpstream { request, connection in
            try connection.respond(
                200,
                fields:
                    "X-User-Id: ada\r\nX-Plan: gold\r\nX-Plan: plus\r\nX-Other: secret\r\nRemote-User: ada@example.com\r\n",
                body: "ignored")
        }
        let text = kit.configuration(
            auth(authority, ", forward_headers: [ Authorization, X-Tenant ], subject_header: Remote-User"),
            consumers: "{ ada: { subjects: [ ada@example.com ] } }", log: true)
        try withGateway(text, kit.origin, authority, admin: true) { gateway in
            let answer = gateway.ask(
                "POST /a/../b?c=%20d", "Authorization: Secret", "X-Tenant: one", "X-Tenant: two", "X-Nothing: 1",
                "X-User-Id: root", "X-Forwarded-For: 1.2.3.4", "Content-Length: 0")
            #expect(
                answer
                    == "/b?c=%20d Authorization=Secret X-Consumer-Name=ada X-Plan=gold X-Plan=plus X-User-Id=ada")
            let asked = try authority.waitForRequest()
            #expect(asked.method == "GET" && asked.target == "/check?by=gate" && asked.body.isEmpty)
            #expect(asked.fields["host"] == authority.authority)
            #expect(asked.fields["x-forwarded-method"] == "POST")
            #expect(asked.fields["x-forwarded-uri"] == "/b?c=%20d")
            #expect(asked.fields["x-forwarded-host"] == "gateway.test")
            #expect(asked.fields["x-forwarded-proto"] == "http")
            #expect(asked.fields.values("x-forwarded-for") == ["127.0.0.1"])
            #expect(asked.fields["authorization"] == "Secret")
            #expect(asked.fields.values("x-tenant") == ["one", "two"])
            #expect(asked.fields["x-nothing"] == nil && asked.fields["x-user-id"] == nil)
            #expect(asked.fields["x-request-id"] != nil && asked.fields["traceparent"] != nil)
            let line = try gateway.process.wait(for: "the record") { output, _ in
                output.contains("\n") ? output : nil
            }
            let record = try JSON(String(line.split(separator: "\n")[0]))
            #expect(record["subject"]?.text == "ada@example.com" && record["consumer"]?.text == "ada")
        }
    }

    /// Its refusal is the answer: status, fields and body.
    @Test func itsRefusal() throws {
        let authority = try ScriptedUpstream { request, connection in
            switch request.fields["x-forwarded-uri"] {
            case "/login":
                try connection.respond(
                    302,
                    fields: "Location: https://login.example.com/?next=1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
                        + "Connection: X-Hop\r\nX-Hop: 1\r\n")
            case "/denied":
                try connection.respond(
                    401, fields: "WWW-Authenticate: Custom realm=\"x\"\r\nContent-Type: text/plain\r\n",
                    body: "no entry")
            case "/huge": try connection.respond(403, body: String(repeating: "x", count: 2 << 20))
            case "/broken": try connection.respond(500, body: "stack trace")
            case "/cut": connection.close()
            default: try connection.respond(204)
            }
        }
        try withGateway(kit.configuration(auth(authority), log: true), kit.origin, authority, admin: true) { gateway in
            let login = try gateway.exchange(request("GET /login"))
            #expect(login.status == 302 && login.fields["location"] == "https://login.example.com/?next=1")
            #expect(login.fields.values("set-cookie") == ["a=1", "b=2"] && login.fields["x-hop"] == nil)
            let denied = try gateway.exchange(request("GET /denied"))
            #expect(denied.status == 401 && denied.bodyText == "no entry")
            #expect(denied.fields["www-authenticate"] == "Custom realm=\"x\"")
            #expect(denied.fields["content-type"] == "text/plain" && denied.fields["proxy-status"] == nil)
            let head = try gateway.connect()
            try head.send(request("HEAD /denied"))
            #expect(try head.readResponse(to: "HEAD").fields["content-length"] == "8")
            for path in ["/huge", "/broken", "/cut"] { #expect(gateway.ask("GET \(path)") == "503 auth_unavailable") }
            #expect(gateway.ask("GET /fine") == "/fine")
            #expect(kit.origin.requests.map(\.target) == ["/fine"])
            _ = try gateway.process.wait(for: "the records") { output, _ in
                output.contains("\"reason\":\"denied\"") && output.contains("\"reason\":\"authority_broken\"")
                    ? output : nil
            }
        }
    }

    @Test(arguments: ["deny", "allow"]) func anAuthorityThatIsGone(mode: String) throws {
        let authority = try ScriptedUpstream { request, connection in
            // The gateway gives up; then so does this.
            _ = try connection.waitForClose()
        }
        let routes = """

              - { path: /members, service: origin, auth: { consumers: [ ada ] } }
              - { path: "/**", service: origin }
            """
        let text = kit.configuration(
            auth(authority, ", timeout: 200ms, on_failure: \(mode)"), consumers: "{ ada: {} }", routes: routes)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let expected = mode == "allow" ? "/a" : "503 auth_unavailable"
            #expect(gateway.ask("GET /a", "X-User-Id: root") == expected)
            authority.stop()
            #expect(gateway.ask("GET /a", "X-User-Id: root") == expected)
            // Who may pass cannot be known.
            #expect(gateway.ask("GET /members") == "503 auth_unavailable")
        }
    }

    /// Connections are kept, requests wait for their own answers, and a client that leaves takes nobody along.
    @Test func manyAtOnce() throws {
        let authority = try ScriptedUpstream { request, connection in
            let uri = request.fields["x-forwarded-uri"] ?? ""
            try connection.respond(200, fields: "X-User-Id: \(uri.dropFirst())\r\n")
        }
        try withGateway(kit.configuration(auth(authority)), kit.origin, authority, admin: true) { gateway in
            let clients = try (0..<20).map { _ in try gateway.connect() }
            for round in 0..<10 {
                for (number, client) in clients.enumerated() { try client.send(request("GET /\(round)-\(number)")) }
                let leaver = try gateway.connect()
                try leaver.send(request("GET /leaver"))
                leaver.close()
                for (number, client) in clients.enumerated() {
                    let body = try client.readResponse().bodyText
                    #expect(body == "/\(round)-\(number) X-User-Id=\(round)-\(number)")
                }
            }
            #expect(authority.connectionCount < 80)
        }
    }

    /// A body that is on its way waits for the decision, and goes on after it.
    @Test func bodiesWait() throws {
        let authority = try ScriptedUpstream { _, connection in try connection.respond(200) }
        try withGateway(kit.configuration(auth(authority)), kit.origin, authority, admin: true) { gateway in
            let body = String(repeating: "b", count: 300_000)
            let response = try gateway.exchange(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(response.status == 200)
            #expect(try kit.origin.waitForRequest().body.count == body.utf8.count)
            #expect(authority.requests.allSatisfy { $0.body.isEmpty })
        }
    }
}

/// The same with servers that nobody here wrote: those of Python's standard library.
@Suite struct PythonAuthorities {
    private static let script = """
        import base64, http.server, json, sys, urllib.parse

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body=b"", **fields):
                self.send_response(status)
                for name, value in fields.items(): self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                user = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if user != "gate:secret": return self.answer(401, b"{}")
                active = form["token"] == ["to+ken/1="]
                body = {"active": True, "sub": "ada", "scope": "read"} if active else {"active": False}
                self.answer(200, json.dumps(body).encode(), Content_Type="application/json")

            def do_GET(self):
                if self.headers.get("Cookie") == "session=1": return self.answer(200, X_User_Id="ada")
                where = "https://login.example.com/?" + urllib.parse.urlencode({
                    "next": self.headers["X-Forwarded-Proto"] + "://" + self.headers["X-Forwarded-Host"]
                    + self.headers["X-Forwarded-Uri"]})
                self.answer(302, b"sign in", Location=where)

            def log_message(self, *arguments): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    private static let hasPython: Bool = {
        guard let process = try? ChildProcess("/usr/bin/env", ["python3", "--version"]) else { return false }
        return (try? process.waitForExit()) == .code(0)
    }()

    @Test(.enabled(if: hasPython)) func bothKinds() throws {
        let kit = try CallerKit()
        let server = try ChildProcess("/usr/bin/env", ["python3", "-c", Self.script])
        let port = try server.wait(for: "its port") { output, _ in
            output.contains("\n") ? String(output.dropLast()) : nil
        }
        let url = "http://127.0.0.1:\(port)/"
        let routes = """

              - path: /web
                service: origin
                auth: { type: forward, url: "\(url)", response_headers: [ X-User-Id ] }
              - { path: /read, service: origin, auth: { scopes: [ read ] } }
              - { path: /write, service: origin, auth: { scopes: [ write ] } }
            """
        let text = kit.configuration(
            "type: introspection, url: \"\(url)\", client_id: gate, client_secret: secret", routes: routes)
        try withGateway(text, kit.origin, admin: true) { gateway in
            let token = "Authorization: Bearer to+ken/1="
            #expect(gateway.ask("GET /read", token).hasSuffix("X-User-Id=ada"))
            #expect(gateway.ask("GET /write", token) == "403 insufficient_scope")
            #expect(gateway.ask("GET /read", "Authorization: Bearer other") == "401 invalid_token")
            #expect(gateway.ask("GET /web", "Cookie: session=1") == "/web Cookie=session=1 X-User-Id=ada")
            #expect(
                gateway.ask("GET /web?a=b")
                    == "302 https://login.example.com/?next=http%3A%2F%2Fgateway.test%2Fweb%3Fa%3Db")
        }
        server.send(.kill)
        try server.waitForExit()
    }
}
