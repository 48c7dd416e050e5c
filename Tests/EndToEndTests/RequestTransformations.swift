import GatehouseTesting
import Testing

/// Requests that are reshaped on their way to the service, and fields of both.
@Suite struct RequestTransformations {
    static func configuration(_ url: String, _ transformation: String, _ keys: String = "") -> String {
        oneListener + """
            services: { s: { endpoints: [ "\(url)" ]\(keys) } }
            routes: [ { path: "/t/{tenant}/{rest+}", strip_prefix: /t, service: s, transformations: { \(transformation) } } ]

            """
    }

    @Test func fieldsAndQuery() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                200, fields: "Server: secret\r\nX-Old: 1\r\nX-Old: 2\r\nX-Trace: t\r\n", body: request.target)
        }
        let configuration = Self.configuration(
            origin.url,
            """
            request: {
              headers: { set: { X-Tenant: "{tenant}", X-Path: "p={rest}", X-Agent: "{{{header.user-agent}", X-None: "{header.x-missing}" },
                         add: { X-Many: c, X-Not: "{header.x-missing}" }, remove: [ x-gone ], rename: { X-From: X-To } },
              query: { set: { tenant: "{tenant}", "a b": "c&d" }, remove: [ debug ] } },
            response: { headers: { remove: [ server ], rename: { x-old: X-New }, set: { X-Api: v2, X-Copy: "{header.x-trace}" } } }
            """)
        try withGateway(configuration, origin) { gateway in
            let answer = try gateway.exchange(
                request(
                    "GET /t/acme/a/b%26?x=1&debug=1&deb%75g=2&tenant=evil", "User-Agent: me", "X-Tenant: evil",
                    "x-none: evil", "X-Many: a", "X-Many: b", "X-Gone: 1", "X-From: f", "X-To: old"))
            let seen = try origin.waitForRequest()
            #expect(seen.target == "/acme/a/b%26?x=1&tenant=acme&a%20b=c%26d")
            #expect(seen.fields.values("x-tenant") == ["acme"])
            #expect(seen.fields.values("x-path") == ["p=a/b%26"])
            #expect(seen.fields.values("x-agent") == ["{me"])
            #expect(
                !seen.fields.contains("x-none") && !seen.fields.contains("x-not") && !seen.fields.contains("x-gone"))
            #expect(seen.fields.values("x-many") == ["a", "b", "c"])
            #expect(seen.fields.values("x-to") == ["f"] && !seen.fields.contains("x-from"))
            #expect(!answer.fields.contains("server") && !answer.fields.contains("x-old"))
            #expect(answer.fields.values("x-new") == ["1", "2"])
            #expect(answer.fields.values("x-api") == ["v2"] && answer.fields.values("x-copy") == ["t"])
            // With nothing left of it, the query goes.
            #expect(try gateway.exchange(request("GET /t/x/y?debug")).bodyText == "/x/y?tenant=x&a%20b=c%26d")
        }
    }

    static let body = #"{"id": 7, "role": "admin", "nested": {"role": 1, "name": "\u00e9"}}"#

    @Test(arguments: [true, false])
    func bodiesAtEveryByte(hasLength: Bool) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: request.bodyText)
        }
        let configuration = Self.configuration(
            origin.url, "request: { remove_fields: [ role ], set_fields: { $.source: gateway } }")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            let bytes = Array(Self.body.utf8)
            for at in 0...bytes.count {
                let framing = hasLength ? "Content-Length: \(bytes.count)" : "Transfer-Encoding: chunked"
                try client.send(
                    "PUT /t/a/b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nDigest: x\r\n\(framing)\r\n\r\n"
                )
                for piece in [Array(bytes[..<at]), Array(bytes[at...])] where !piece.isEmpty {
                    try client.send(
                        hasLength ? piece : Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
                }
                if !hasLength { try client.send("0\r\n\r\n") }
                let text = try client.readResponse().bodyText
                guard try JSON(text) == JSON(#"{"id":7,"nested":{"name":"\u00e9"},"source":"gateway"}"#) else {
                    Issue.record("split at \(at): \(text)")
                    return
                }
            }
            #expect(
                origin.requests.allSatisfy { $0.framing == .length($0.body.count) && !$0.fields.contains("digest") })
        }
    }

    @Test func whatIsRefused() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: request.bodyText)
        }
        let configuration =
            "limits: { buffered_body: 1KiB }\n"
            + Self.configuration(origin.url, "request: { body: { wrapped: $ } }")
        try withGateway(configuration, origin) { gateway in
            func post(_ body: String, _ fields: String..., chunked: Bool = false) -> String {
                do {
                    let client = try gateway.connect()
                    let framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.utf8.count)"
                    let all = (fields.isEmpty ? ["Content-Type: application/json"] : fields) + [framing]
                    try client.send("POST /t/a/b HTTP/1.1\r\nHost: a\r\n\(all.map { $0 + "\r\n" }.joined())\r\n")
                    try client.send(chunked ? "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n" : body)
                    return summary(of: try client.readResponse())
                } catch {
                    return "failed: \(error)"
                }
            }
            #expect(post("[1]") == #"{"wrapped":[1]}"#)
            #expect(post("[1]", chunked: true) == #"{"wrapped":[1]}"#)
            #expect(post("[1") == "400 request_body_malformed")
            #expect(post("[1]]") == "400 request_body_malformed")
            #expect(post("x", "Content-Type: text/plain") == "x")
            #expect(
                post("x", "Content-Type: application/json", "Content-Encoding: gzip") == "400 request_body_undecodable")
            let large = "\"" + String(repeating: "x", count: 1_100) + "\""
            #expect(post(large) == "413 body_too_large")
            #expect(post(large, chunked: true) == "413 body_too_large")
            #expect(post(large, "Content-Type: text/plain") == large)
            // Only what was sound has reached the service.
            #expect(origin.requests.count == 4)
        }
    }

    @Test func aClientThatWaitsForAContinue() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: request.bodyText)
        }
        let configuration = Self.configuration(origin.url, "request: { keep_fields: [ a ] }")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                "POST /t/a/b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                    + "Content-Length: 13\r\n\r\n")
            #expect(try client.readAnyHead().status == 100)
            try client.send(#"{"a":1,"b":2}"#)
            #expect(try client.readResponse().bodyText == #"{"a":1}"#)
            #expect(origin.requests.first?.fields.contains("expect") == false)
        }
    }

    /// What was made of the body is sent again, and the route's parameters survive what happened meanwhile.
    @Test func triesAndOtherRequestsMeanwhile() throws {
        let origin = try ScriptedUpstream { request, connection in
            let isFirst = connection.number == 1 && request.method == "PUT"
            try connection.respond(
                isFirst ? 503 : 200, fields: "Connection: close\r\n", body: request.target + request.bodyText)
            if isFirst { connection.close() }
        }
        let configuration = Self.configuration(
            origin.url, "request: { remove_fields: [ a ] }",
            ", retries: { attempts: 1, retry_on: [ 503 ], backoff: { base: 1ms, max: 1ms } }")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            let head =
                "PUT /t/first/long/path HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
            try client.send(head + #"{"a":1"#)
            // Its head has been read when a later connection is answered by the one worker.
            #expect(gateway.ask("GET /nowhere") == "404 not_found")
            #expect(gateway.ask("GET /t/x/y").hasPrefix("/x/y"))
            try client.send(#","b":2}"#)
            #expect(try client.readResponse().bodyText == #"/first/long/path{"b":2}"#)
        }
    }

    @Test(arguments: [
        ("request: { headers: { set: { Host: a } } }", "\"Host\" decides where the request goes"),
        ("request: { headers: { remove: [ content-length ] } }", "belongs to the connection or the framing"),
        ("response: { headers: { add: { Transfer-Encoding: chunked } } }", "belongs to the connection or the framing"),
        ("request: { headers: { rename: { a: X-Forwarded-For } } }", "is set by the gateway itself"),
        ("request: { headers: { set: { a: \"{nobody}\" } } }", "{nobody} is no parameter of the path"),
        ("request: { query: { set: { a: \"{tenant\" } } }", "a brace is not closed"),
        ("request: { body: { a: \"$claim.x\" } }", "refers to claim"),
        ("response: { body: {}, remove_fields: [ a ] }", "a template makes the whole body"),
        ("response: { remove_fields: [ \"$.a[?]\" ] }", "is no JSONPath"),
    ])
    func mistakesShowAtLoad(_ transformation: String, _ message: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Self.configuration("http://127.0.0.1:1", transformation), to: "g.yaml")
        let check = try ChildProcess(GatewayProcess.binary(), ["check", file])
        #expect(try check.waitForExit() == .code(1))
        #expect(check.output.contains(message) && check.output.contains("g.yaml:"), "\(check.output)")
    }
}
