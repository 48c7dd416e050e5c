import GatehouseTesting
import Testing

/// Bodies of responses that are reshaped on their way to the client.
@Suite struct Transformations {
    /// As article 003 has it, in JSON, with routes and a service around it.
    static func articleConfiguration(_ url: String) -> String {
        """
        {
          "listeners": [ { "address": "127.0.0.1:0" } ],
          "workers": 1,
          "access_log": { "enabled": false },
          "services": { "users": { "endpoints": [ "\(url)" ] } },
          "routes": [ { "path": "/api/users/**", "service": "users" }, { "path": "/other", "service": "users" } ],
          "transformations": [
            {
              "path": "/api/users/**",
              "response": {
                "remove_fields": [ "internal_id", "db_shard", "feature_flags", "created_by_admin" ],
                "rename_fields": { "email_address": "email" }
              }
            }
          ]
        }
        """
    }

    static let user = #"""
        {"id": 12345678901234567890, "internal_id": "u-1", "email_address": "ann@example.org",
         "profile": {"db_shard": [1, {"a": "}"}], "name": "Ann \u00e9", "ratio": 1.50},
         "feature_flags": {"beta": true}, "friends": [{"internal_id": 7, "id": 2}], "created_by_admin": null}
        """#

    static let reshaped = #"""
        {"id": 12345678901234567890,"email": "ann@example.org",
         "profile": {"name": "Ann \u00e9", "ratio": 1.50}, "friends": [{"id": 2}]}
        """#

    static let validators =
        "ETag: \"1\"\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\nDigest: x\r\nContent-Digest: x\r\nRepr-Digest: x\r\n"
        + "Content-Type: application/json\r\n"

    /// White space around what is left is no part of the promise.
    static func isReshaped(_ text: String) throws -> Bool { try JSON(text) == JSON(reshaped) }

    @Test func articleThree() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: Self.validators, body: Self.user)
        }
        try withGateway(Self.articleConfiguration(origin.url), origin) { gateway in
            let answer = try gateway.exchange(
                request("GET /api/users/7", "Accept-Encoding: gzip", "Range: bytes=0-5", "If-Range: \"1\""))
            #expect(answer.status == 200)
            #expect(try Self.isReshaped(answer.bodyText), "\(answer.bodyText)")
            #expect(answer.framing == .length(answer.body.count))
            for name in ["etag", "accept-ranges", "content-md5", "digest", "content-digest", "repr-digest"] {
                #expect(!answer.fields.contains(name), "\(name)")
            }
            let seen = try origin.waitForRequest()
            #expect(seen.fields.values("accept-encoding") == ["identity"])
            #expect(!seen.fields.contains("range") && !seen.fields.contains("if-range"))
            // Another path is none of this transformation's business.
            let other = try gateway.exchange(request("GET /other", "Accept-Encoding: gzip"))
            #expect(other.bodyText == Self.user)
            #expect(other.fields.contains("etag") && other.fields.contains("accept-ranges"))
            #expect(origin.requests.last?.fields.values("accept-encoding") == ["gzip"])
        }
    }

    @Test func atEveryByteInAnyFraming() throws {
        let body = Array(Self.user.utf8)
        let origin = try ScriptedUpstream { request, connection in
            let at = Int(request.target.split(separator: "/").last ?? "") ?? 0
            let first = Array(body[..<at])
            let rest = Array(body[at...])
            if request.target.contains("length") {
                try connection.send("HTTP/1.1 200 OK\r\n\(Self.validators)Content-Length: \(body.count)\r\n\r\n")
                try connection.send(first)
                try connection.send(rest)
            } else {
                try connection.send("HTTP/1.1 200 OK\r\n\(Self.validators)Transfer-Encoding: chunked\r\n\r\n")
                if !first.isEmpty { try connection.sendChunk(first) }
                if !rest.isEmpty { try connection.sendChunk(rest) }
                try connection.send("0\r\nDigest: x\r\n\r\n")
            }
        }
        try withGateway(Self.articleConfiguration(origin.url), origin) { gateway in
            let client = try gateway.connect()
            for framing in ["length", "chunks"] {
                for at in 0...body.count {
                    try client.send(request("GET /api/users/\(framing)/\(at)"))
                    let answer = try client.readResponse()
                    guard try Self.isReshaped(answer.bodyText) else {
                        Issue.record("\(framing), split at \(at): \(answer.bodyText)")
                        return
                    }
                    #expect(answer.trailers.names.isEmpty)
                }
            }
            // The connection to the service served them all.
            #expect(origin.connectionCount == 1)
        }
    }

    static let template = """
        transformations: { response: { status: 2xx, body: {
          id: $.userId, email: $.emailAddress, name: { first: $.firstName, last: $.lastName },
          created_at: $.createdDate, metadata: { source: legacy-transform, version: "2.0" } } } }
        """

    static func versions(_ url: String, _ more: String = "") -> String {
        oneListener + more + """

            services: { legacy: { endpoints: [ "\(url)" ] } }
            routes:
              - { path: "/api/v2/users/{id}", service: legacy, rewrite: "/users/{id}", \(template) }

            """
    }

    @Test func articleFour() throws {
        let origin = try ScriptedUpstream { request, connection in
            let status = request.target == "/users/404" ? 404 : 200
            try connection.respond(
                status, fields: "Content-Type: application/json; charset=utf-8\r\n",
                body:
                    #"{"userId":"7","emailAddress":"a@b.c","firstName":"A","lastName":"B","createdDate":"2024-01-01"}"#)
        }
        try withGateway(Self.versions(origin.url), origin) { gateway in
            let answer = try gateway.exchange(request("GET /api/v2/users/7"))
            #expect(
                answer.bodyText == #"{"id":"7","email":"a@b.c","name":{"first":"A","last":"B"},"#
                    + #""created_at":"2024-01-01","metadata":{"source":"legacy-transform","version":"2.0"}}"#)
            #expect(answer.framing == .length(answer.body.count))
            #expect(origin.requests.first?.target == "/users/7")
            // Another status is none of the template's.
            #expect(try gateway.exchange(request("GET /api/v2/users/404")).bodyText.hasPrefix(#"{"userId""#))
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var fields: String
        var body: String
        var expected: String
        /// With `require_json`.
        var isStrict = false
    }

    static let json = "Content-Type: application/json\r\n"

    static let refusals = [
        Refusal(
            testDescription: "cut short", fields: json, body: #"{"a":1,"internal_id":"#,
            expected: "502 response_malformed"),
        Refusal(testDescription: "something behind", fields: json, body: "{} {}", expected: "502 response_malformed"),
        Refusal(testDescription: "no JSON", fields: json, body: "<html>", expected: "502 response_malformed"),
        Refusal(
            testDescription: "too deep", fields: json, body: String(repeating: "[", count: 200),
            expected: "502 response_too_large"),
        Refusal(
            testDescription: "compressed in an unknown way", fields: json + "Content-Encoding: compress\r\n", body: "x",
            expected: "502 response_encoded"),
        Refusal(
            testDescription: "compressed twice", fields: json + "Content-Encoding: gzip, br\r\n", body: "x",
            expected: "502 response_encoded"),
        Refusal(
            testDescription: "not what it says", fields: json + "Content-Encoding: gzip\r\n", body: "x",
            expected: "502 response_undecodable"),
        Refusal(testDescription: "another type", fields: "Content-Type: text/html\r\n", body: "x", expected: "x"),
        Refusal(
            testDescription: "another type, strict", fields: "Content-Type: text/html\r\n", body: "x",
            expected: "502 response_not_json", isStrict: true),
        Refusal(
            testDescription: "no type, strict", fields: "", body: "x", expected: "502 response_not_json", isStrict: true
        ),
        Refusal(
            testDescription: "a suffix", fields: "Content-Type: application/hal+json;a=b\r\n",
            body: #"{"internal_id":1}"#,
            expected: "{}", isStrict: true),
        Refusal(testDescription: "empty", fields: json, body: "", expected: "", isStrict: true),
        Refusal(
            testDescription: "identity", fields: json + "Content-Encoding: identity\r\n", body: "[1]", expected: "[1]"),
    ]

    @Test(arguments: refusals)
    func whatIsNoJSON(_ refusal: Refusal) throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: refusal.fields, body: refusal.body)
        }
        let strict = refusal.isStrict ? ", require_json: true" : ""
        let configuration = everything(
            to: origin, "transformations: [ { path: /**, response: { remove_fields: [ internal_id ]\(strict) } } ]")
        try withGateway(configuration, origin) { gateway in
            #expect(gateway.ask("GET /") == refusal.expected)
            #expect(gateway.ask("GET /") == refusal.expected)
        }
    }

    /// What is wrong is found when the head is on its way: the client sees that the body is not whole, and never what
    /// should have been removed.
    @Test(arguments: [true, false])
    func aLargeBodyThatTurnsOutBroken(hasLength: Bool) throws {
        let good = "[" + (0..<4_000).map { "{\"n\":\($0),\"internal_id\":\"secret\"}," }.joined()
        let body = Array((good + "{\"internal_id\":\"secret\",oops}]").utf8)
        let origin = try ScriptedUpstream { request, connection in
            if hasLength {
                try connection.respond(200, fields: Self.json, body: body)
            } else {
                try connection.send("HTTP/1.1 200 OK\r\n\(Self.json)Transfer-Encoding: chunked\r\n\r\n")
                try connection.sendChunk(body)
                try connection.send("0\r\n\r\n")
            }
        }
        let configuration = everything(
            to: origin, "transformations: [ { path: /**, response: { remove_fields: [ internal_id ] } } ]")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            #expect(try client.readHead().framing == .chunked)
            var text = ""
            let failure = #expect(throws: KitFailure.self) {
                while let piece = try client.readPiece() { text += String(decoding: piece, as: UTF8.self) }
            }
            #expect(failure?.kind == .closed)
            #expect(text.hasPrefix("[{\"n\":0},{\"n\":1}") && !text.contains("secret"))
        }
    }

    /// Larger than any buffer on the way, to a client that reads late.
    @Test func aLargeBodyStreams() throws {
        let body = "[" + (0..<60_000).map { "{\"n\":\($0),\"internal_id\":\"secret\"}" }.joined(separator: ",") + "]"
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: Self.json, body: body)
        }
        let configuration = everything(
            to: origin, "transformations: [ { path: /**, response: { remove_fields: [ internal_id ] } } ]")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect(receiveBuffer: 4_096)
            try client.send(request())
            let answer = try client.readResponse()
            #expect(answer.framing == .chunked)
            #expect(answer.bodyText == "[" + (0..<60_000).map { "{\"n\":\($0)}" }.joined(separator: ",") + "]")
            // An old client gets the same up to the end of the connection.
            let old = try gateway.connect()
            try old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            #expect(try old.readResponse().body.count == answer.body.count)
        }
    }

    @Test func aTemplateHoldsWhatIsAllowed() throws {
        let origin = try ScriptedUpstream { request, connection in
            let size = Int(request.target.dropFirst()) ?? 0
            try connection.respond(200, fields: Self.json, body: "\"" + String(repeating: "x", count: size - 2) + "\"")
        }
        let more = "limits: { buffered_body: 16KiB }\ntransformations: [ { path: /**, response: { body: { is: $ } } } ]"
        try withGateway(everything(to: origin, more), origin) { gateway in
            #expect(gateway.ask("GET /16000").hasPrefix(#"{"is":"xxx"#))
            // The body fits, what is made of it does not.
            #expect(gateway.ask("GET /16384") == "502 response_too_large")
            #expect(gateway.ask("GET /16385") == "502 response_too_large")
        }
    }

    @Test func withoutABody() throws {
        let origin = try ScriptedUpstream { request, connection in
            switch request.target {
            case "/304": try connection.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\(Self.json)\r\n")
            case "/204": try connection.send("HTTP/1.1 204 No Content\r\nETag: \"1\"\r\n\r\n")
            case "/206":
                try connection.respond(206, fields: Self.json + "Content-Range: bytes 0-1/9\r\n", body: "{}")
            default: try connection.send("HTTP/1.1 200 OK\r\n\(Self.validators)Content-Length: 20\r\n\r\n")
            }
        }
        let configuration = everything(
            to: origin, "transformations: [ { path: /**, response: { remove_fields: [ a ], require_json: true } } ]")
        try withGateway(configuration, origin) { gateway in
            let head = try gateway.exchange(request("HEAD /"), method: "HEAD")
            #expect(head.status == 200)
            #expect(!head.fields.contains("content-length") && !head.fields.contains("etag"))
            #expect(head.fields["content-type"] == "application/json")
            for status in [204, 304] {
                let answer = try gateway.exchange(request("GET /\(status)"))
                #expect(answer.status == status && answer.fields["etag"] == "\"1\"")
            }
            #expect(gateway.ask("GET /206") == "502 upstream_invalid_response")
        }
    }

    /// A head that was not sent yet is an answer that can still be replaced.
    @Test func aServiceThatBreaksOff() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.send("HTTP/1.1 200 OK\r\n\(Self.json)Content-Length: 100\r\n\r\n{\"a\":")
            if request.target == "/close" { connection.close() } else { try connection.waitForClose() }
        }
        let configuration = service(
            at: origin.url, "timeouts: { request: 2s }, retries: { attempts: 2, retry_on: [ reset ] }",
            "transformations: [ { path: /**, response: { remove_fields: [ a ] } } ]")
        try withGateway(configuration, origin) { gateway in
            #expect(gateway.ask("GET /close") == "502 upstream_incomplete")
            #expect(gateway.ask("GET /silent") == "504 upstream_timeout")
            #expect(origin.heads.count == 2)
        }
    }

    /// Of two answers only the last is reshaped, and the rewriter starts anew.
    @Test func afterARetry() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                request.target == "/good" ? 200 : 503, fields: Self.json, body: #"{"a":1,"b":2}"#)
        }
        let configuration = service(
            at: origin.url, "retries: { attempts: 1, retry_on: [ 503 ], backoff: { base: 1ms, max: 1ms } }",
            "transformations: [ { path: /**, response: { remove_fields: [ a ] } } ]")
        try withGateway(configuration, origin) { gateway in
            #expect(gateway.ask("GET /bad") == #"503 {"b":2}"#)
            #expect(origin.requests.count == 2)
            #expect(gateway.ask("GET /good") == #"{"b":2}"#)
        }
    }

    /// The nearest is a route's own, then the most specific path, then the methods.
    @Test func theNearestWins() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: Self.json, body: #"{"a":1,"b":2,"c":3,"d":4}"#)
        }
        let configuration =
            oneListener + """
                services: { s: { endpoints: [ "\(origin.url)" ] } }
                routes:
                  - { path: "/own", service: s, transformations: { response: { keep_fields: [ a ] } } }
                  - { path: "/**", service: s }
                transformations:
                  - { path: "/**", response: { remove_fields: [ a ] } }
                  - { path: "/x/**", response: [ { status: 404, remove_fields: [ c ] }, { remove_fields: [ b ] } ] }
                  - { path: "/x/**", methods: PUT, response: { set_fields: { a: [ 1, "x" ] }, default_fields: { $.e: null } } }
                """
        try withGateway(configuration, origin) { gateway in
            #expect(gateway.ask("GET /own") == #"{"a":1}"#)
            #expect(gateway.ask("GET /else") == #"{"b":2,"c":3,"d":4}"#)
            #expect(gateway.ask("GET /x/y") == #"{"a":1,"c":3,"d":4}"#)
            #expect(gateway.ask("PUT /x/y") == #"{"a":[1,"x"],"b":2,"c":3,"d":4,"e":null}"#)
        }
    }
}
