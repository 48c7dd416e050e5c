import GatehouseTesting
import Testing

/// Which route takes a request. Fixed responses stand for services here: only the choice is asked about.
@Suite struct Routing {
    /// `name: keys` lines to routes that answer with their name.
    private func routes(_ lines: [String]) -> String {
        oneListener + "routes:\n"
            + lines.map { line in
                let parts = line.split(separator: "|", maxSplits: 1).map { $0.drop { $0 == " " } }
                let name = String(parts[0]).split(separator: " ").joined()
                return "  - { name: \(name), \(parts[1]), respond: { status: 200, body: \(name) } }\n"
            }.joined()
    }

    @Test func pathPatternsTakeWhatTheySay() throws {
        let configuration = routes([
            "exact   | path: /exact",
            "slash   | path: /exact/",
            "tree    | path: \"/tree/**\"",
            "user    | path: \"/user/{id}\"",
            "new     | path: /user/new",
            "books   | path: \"/user/{id}/books\"",
            "proxy   | path: \"/proxy/{proxy+}\"",
            "star    | path: \"/star/*\"",
            "inner   | path: \"/inner/*/end\"",
            "pattern | path: { regex: \"/v[0-9]+/.*\" }",
            "root    | path: /",
        ])
        let table: [(String, String)] = [
            ("/exact", "exact"), ("/exact/", "slash"), ("/exact/x", "404 not_found"), ("/Exact", "404 not_found"),
            ("/tree", "tree"), ("/tree/", "tree"), ("/tree/a", "tree"), ("/tree/a/b/c", "tree"),
            ("/trees", "404 not_found"), ("/tree?x=/y", "tree"),
            ("/user/7", "user"), ("/user/new", "new"), ("/user/", "404 not_found"), ("/user", "404 not_found"),
            ("/user/newer", "user"), ("/user/7/books", "books"), ("/user/new/books", "books"),
            ("/user/7/", "404 not_found"), ("/user/7/books/1", "404 not_found"),
            ("/proxy/a", "proxy"), ("/proxy/a/b/", "proxy"), ("/proxy", "404 not_found"),
            ("/star/a", "star"), ("/star/a/b", "star"), ("/star", "404 not_found"),
            ("/inner/a/end", "inner"), ("/inner/a/b/end", "404 not_found"), ("/inner//end", "404 not_found"),
            ("/v1/x", "pattern"), ("/v27/", "pattern"), ("/vx/1", "404 not_found"), ("/x/v1/x", "404 not_found"),
            ("/", "root"), ("//", "404 not_found"), ("/?q", "root"),
            ("/./tree/../exact", "exact"), ("/%65xact", "exact"), ("/tree/%2e%2e/exact", "exact"),
        ]
        try withGateway(configuration) { gateway in
            for (target, expected) in table {
                #expect(gateway.ask("GET \(target)") == expected, "GET \(target)")
            }
        }
    }

    @Test func segmentsAreRankedFromTheLeft() throws {
        let configuration = routes([
            "everything | path: \"/**\"",
            "pattern    | path: { regex: \"/r/.*\" }",
            "beside     | path: /r/b",
            "deep       | path: \"/a/**\"",
            "rest       | path: \"/a/{rest+}\"",
            "one        | path: \"/a/{x}\"",
            "literal    | path: /a/b",
            "under      | path: \"/a/{x}/c\"",
            "fixed      | path: \"/a/b/{y}\"",
        ])
        let table: [(String, String)] = [
            ("/a/b", "literal"), ("/a/x", "one"), ("/a/x/c", "under"), ("/a/b/c", "fixed"), ("/a/b/c/d", "rest"),
            ("/a/x/y", "rest"), ("/z", "everything"), ("/", "everything"), ("/r/b", "beside"), ("/r/c", "pattern"),
        ]
        try withGateway(configuration) { gateway in
            for (target, expected) in table {
                #expect(gateway.ask("GET \(target)") == expected, "GET \(target)")
            }
        }
    }

    @Test func hostsAreExactThenWildcardThenAny() throws {
        let configuration = routes([
            "any      | path: \"/**\"",
            "exact    | path: \"/**\", hosts: [ api.example.org ]",
            "wildcard | path: \"/**\", hosts: [ \"*.example.org\" ]",
            "longer   | path: \"/**\", hosts: [ \"*.eu.example.org\" ]",
        ])
        let table: [(String, String)] = [
            ("api.example.org", "exact"), ("API.Example.ORG", "exact"), ("api.example.org:8080", "exact"),
            ("www.example.org", "wildcard"), ("a.b.example.org", "wildcard"), ("example.org", "any"),
            ("badexample.org", "any"), ("a.eu.example.org", "longer"), ("eu.example.org", "wildcard"),
            ("127.0.0.1", "any"), ("[::1]:80", "any"),
        ]
        try withGateway(configuration) { gateway in
            for (host, expected) in table {
                #expect(gateway.ask("GET /x", "Host: \(host)") == expected, "Host: \(host)")
            }
            #expect(gateway.ask("GET http://api.example.org/x", "Host: other.test") == "exact")
        }
    }

    /// The host decides before the path does; a candidate that fails gives way to the next.
    @Test func conditionsGiveWayToTheNextCandidate() throws {
        let configuration = routes([
            "short   | path: \"/a/**\", hosts: [ h.test ]",
            "long    | path: /a/b/c",
            "guarded | path: /a/b, headers: { X-Key: k }",
            "open    | path: \"/a/{any}\"",
        ])
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /a/b/c", "Host: h.test") == "short")
            #expect(gateway.ask("GET /a/b/c") == "long")
            #expect(gateway.ask("GET /a/b", "X-Key: k") == "guarded")
            #expect(gateway.ask("GET /a/b", "X-Key: other") == "open")
        }
    }

    @Test func methodsDecideAndRefuseWithAllow() throws {
        let configuration = routes([
            "read   | path: /r, methods: [ GET ]",
            "write  | path: /r, methods: [ PUT, DELETE ]",
            "any    | path: /any, methods: [ ANY ]",
            "absent | path: /absent",
            "head   | path: /head, methods: [ HEAD ]",
            "own    | path: /own, methods: [ PURGE ]",
        ])
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /r") == "read")
            #expect(gateway.ask("PUT /r") == "write")
            for method in ["GET", "POST", "PATCH", "OPTIONS", "BREW"] {
                #expect(gateway.ask("\(method) /any") == "any")
                #expect(gateway.ask("\(method) /absent") == "absent")
            }
            #expect(gateway.ask("PURGE /own") == "own")
            let head = try gateway.exchange(request("HEAD /r"), method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.fields["content-length"] == "4")

            let refused = try gateway.exchange(request("POST /r"))
            #expect(refused.status == 405)
            #expect(refused.fields["allow"] == "DELETE, GET, HEAD, PUT")
            #expect(errorCode(refused) == "method_not_allowed")
            #expect(try gateway.exchange(request("GET /head")).fields["allow"] == "HEAD")
            #expect(try gateway.exchange(request("get /r")).status == 405, "methods are case-sensitive")
            #expect(gateway.ask("POST /nowhere") == "404 not_found")
        }
    }

    /// 405 only where the method was the only reason.
    @Test func anotherFailedConditionIsA404() throws {
        let configuration = routes(["only | path: /a, methods: [ GET ], headers: { X-Key: k }"])
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("POST /a", "X-Key: k") == "405 method_not_allowed")
            #expect(gateway.ask("POST /a") == "404 not_found")
            #expect(gateway.ask("GET /a") == "404 not_found")
        }
    }

    @Test func headersQueryAndCookiesDecide() throws {
        let configuration = routes([
            "value   | path: /h, headers: { X-Api-Version: \"2\" }",
            "pattern | path: /h, headers: { X-Api-Version: { regex: \"3[.][0-9]+\" } }",
            "absent  | path: /h, headers: { X-Api-Version: { present: false } }",
            "there   | path: /h, headers: { X-Other: { present: true } }",
            "both    | path: /h, headers: { X-Api-Version: \"2\", X-Other: { present: true } }",
            "query   | path: /q, query: { version: \"2\" }",
            "flag    | path: /q, query: { debug: { present: true } }",
            "plain   | path: /q",
            "beta    | path: /c, cookies: { group: beta }",
            "stable  | path: /c",
        ])
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /h", "x-api-version: 2") == "value")
            #expect(gateway.ask("GET /h", "X-API-VERSION:   2  ") == "value")
            #expect(gateway.ask("GET /h", "X-Api-Version: 3.14") == "pattern")
            #expect(gateway.ask("GET /h", "X-Api-Version: 3.x") == "404 not_found")
            #expect(gateway.ask("GET /h", "X-Api-Version: 33.1") == "404 not_found", "the whole value must match")
            #expect(gateway.ask("GET /h") == "absent")
            #expect(gateway.ask("GET /h", "X-Api-Version: 9", "X-Other: x") == "there")
            #expect(gateway.ask("GET /h", "X-Api-Version: 2", "X-Other: x") == "both", "more conditions first")
            #expect(gateway.ask("GET /q?version=2") == "query")
            #expect(gateway.ask("GET /q?a=b&version=2&c") == "query")
            #expect(gateway.ask("GET /q?version=%32") == "query")
            #expect(gateway.ask("GET /q?debug") == "flag")
            #expect(gateway.ask("GET /q?debug=1") == "flag")
            #expect(gateway.ask("GET /q?version=3") == "plain")
            #expect(gateway.ask("GET /q") == "plain")
            #expect(gateway.ask("GET /c", "Cookie: a=b; group=beta") == "beta")
            #expect(gateway.ask("GET /c", "Cookie: a=b", "Cookie: group=beta") == "beta")
            #expect(gateway.ask("GET /c", "Cookie: group=betas") == "stable")
            #expect(gateway.ask("GET /c", "Cookie: xgroup=beta") == "stable")
        }
    }

    @Test func versionsByMediaType() throws {
        let configuration = routes([
            "two    | path: /v, headers: { Accept: { media_type: \"application/json;version=2\" } }",
            "vendor | path: /v, headers: { Accept: { media_type: application/vnd.shop.v3+json } }",
            "one    | path: /v",
        ])
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /v", "Accept: application/json;version=2") == "two")
            #expect(gateway.ask("GET /v", "Accept: text/html, application/json; Version=\"2\";q=0.5") == "two")
            #expect(gateway.ask("GET /v", "Accept: application/json") == "one")
            #expect(gateway.ask("GET /v", "Accept: application/json;version=22") == "one")
            #expect(gateway.ask("GET /v", "Accept: Application/VND.shop.v3+json") == "vendor")
            #expect(gateway.ask("GET /v") == "one")
        }
    }

    @Test func stagesAreRemovedBeforeMatching() throws {
        let configuration = """
            listeners:
              - { address: "127.0.0.1:0", stage: [ prod, beta ] }
            workers: 1
            access_log: { enabled: false }
            routes:
              - { name: users, path: "/api/users/**", respond: { body: users } }
              - { name: root, path: /, respond: { body: root } }

            """
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /prod/api/users") == "users")
            #expect(gateway.ask("GET /beta/api/users/1") == "users")
            #expect(gateway.ask("GET /prod") == "root")
            #expect(gateway.ask("GET /prod/") == "root")
            #expect(gateway.ask("GET /prod?x") == "root")
            #expect(gateway.ask("GET /api/users") == "404 stage_not_found")
            #expect(gateway.ask("GET /production/api/users") == "404 stage_not_found")
            #expect(gateway.ask("GET /prod/prod/api/users") == "404 not_found")
            #expect(gateway.ask("GET /prod/../beta/api/users") == "users")
        }
    }

    @Test func routesMayNameTheirListeners() throws {
        let configuration = """
            listeners:
              - { name: outside, address: "127.0.0.1:0" }
              - { name: inside, address: "127.0.0.1:0" }
            workers: 1
            access_log: { enabled: false }
            routes:
              - { name: internal, path: /internal, listeners: [ inside ], respond: { body: internal } }
              - { name: both, path: /both, respond: { body: both } }

            """
        try withGateway(configuration, listeners: 2) { gateway in
            let outside = try #require(gateway.namedPorts["outside"])
            let inside = try #require(gateway.namedPorts["inside"])
            #expect(gateway.ask("GET /internal", on: inside) == "internal")
            #expect(gateway.ask("GET /internal", on: outside) == "404 not_found")
            #expect(gateway.ask("GET /both", on: inside) == "both")
            #expect(gateway.ask("GET /both", on: outside) == "both")
        }
    }

    @Test func redirectsAndFixedResponses() throws {
        let configuration =
            oneListener + """
                routes:
                  - { name: moved, path: /old, redirect: { path: /new } }
                  - { name: kept, path: "/k/{id}", redirect: { status: 308, path: "/items/{id}", host: other.test } }
                  - { name: secure, path: "/s/**", redirect: { status: 301, scheme: https, host: safe.test } }
                  - { name: bare, path: /bare, redirect: { path: /x, keep_query: false } }
                  - name: fixed
                    path: /fixed
                    respond: { status: 503, headers: { Retry-After: "5", X-Two: b }, body: "closed for lunch" }
                  - { name: empty, path: /empty, respond: { status: 204 } }

                """
        try withGateway(configuration) { gateway in
            #expect(gateway.ask("GET /old").hasSuffix("/new"))
            #expect(gateway.ask("GET /old").hasPrefix("302 "))
            #expect(gateway.ask("GET /old?a=b").hasSuffix("/new?a=b"))
            #expect(gateway.ask("GET /bare?a=b").hasSuffix("/x"))
            #expect(gateway.ask("GET /k/7").hasPrefix("308 "))
            #expect(gateway.ask("GET /k/7?z").hasSuffix("//other.test/items/7?z"))
            #expect(gateway.ask("GET /k/%0d%0aSet-Cookie:x").contains("/items/%0D%0ASet-Cookie"))
            #expect(gateway.ask("GET /s/a?b") == "301 https://safe.test/s/a?b")
            let fixed = try gateway.exchange(request("GET /fixed"))
            #expect(fixed.status == 503)
            #expect(fixed.fields["retry-after"] == "5")
            #expect(fixed.fields["x-two"] == "b")
            #expect(fixed.bodyText == "closed for lunch")
            let empty = try gateway.exchange(request("GET /empty"))
            #expect(empty.status == 204)
            #expect(empty.body.isEmpty)
        }
    }
}
