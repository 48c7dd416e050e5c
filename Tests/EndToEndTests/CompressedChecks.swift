import GatehouseTesting
import Testing

/// Compressed bodies that are only looked at: checked, or put into another answer.
@Suite struct CompressedChecks {
    static let good = #"{"name":"\u00e9t\u00e9","count":2}"#
    static let bad = #"{"name":"x","count":2}"#

    static func fields(_ coding: String) -> String {
        "Content-Type: application/json\r\nContent-Encoding: \(coding)\r\n"
    }

    static func post(_ body: [UInt8], _ coding: String, _ path: String = "/t/1", to client: RawClient) throws
        -> StrictResponse
    {
        try client.send(
            "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields(coding))Content-Length: \(body.count)\r\n\r\n")
        try client.send(body)
        return try client.readResponse()
    }

    /// What fits passes as it came: the service gets the client's own bytes.
    @Test(arguments: ["gzip", "br", "zstd", "x-gzip"]) func requests(_ coding: String) throws {
        let name = coding == "x-gzip" ? "gzip" : coding
        let good = try CompressedBodies.encoded(Self.good, name)
        let origin = try ScriptedUpstream { request, connection in
            #expect(request.fields["content-encoding"] == coding)
            try connection.respond(200, body: request.body == good ? "as it came" : "changed")
        }
        try withGateway(Validating.configuration(origin.url, Validating.order), origin) { gateway in
            let client = try gateway.connect()
            #expect(try Self.post(good, coding, to: client).bodyText == "as it came")
            let refused = try Self.post(try CompressedBodies.encoded(Self.bad, name), coding, to: client)
            #expect(refused.status == 400 && errorCode(refused) == "request_invalid")
            #expect(refused.bodyText.contains(#""pointer":"/name""#))
            let cut = try Self.post(Array(good.dropLast()), coding, to: client)
            #expect(cut.status == 400 && errorCode(cut) == "request_body_undecodable")
            #expect(origin.requests.count == 1)
        }
    }

    @Test func bombsAndStrangers() throws {
        let origin = try ScriptedUpstream { _, connection in try connection.respond(200, body: "reached") }
        try withGateway(Validating.configuration(origin.url, Validating.order), origin) { gateway in
            let bomb = try CompressedBodies.encoded("[" + String(repeating: " ", count: 4 << 20) + "]", "gzip")
            let refused = try Self.post(bomb, "gzip", to: try gateway.connect())
            #expect(refused.status == 413 && errorCode(refused) == "request_expansion_limit")
            let strange = try Self.post(Array("x".utf8), "compress", to: try gateway.connect())
            #expect(strange.status == 415 && errorCode(strange) == "request_body_encoded")
            #expect(origin.requests.isEmpty)
        }
    }

    /// Services compress although they were asked not to.
    @Test(arguments: ["gzip", "br", "zstd"]) func responses(_ coding: String) throws {
        let bodies = [
            "/t/good": try CompressedBodies.encoded(Self.good, coding),
            "/t/bad": try CompressedBodies.encoded(Self.bad, coding),
            "/t/cut": Array(try CompressedBodies.encoded(Self.good, coding).dropLast()),
        ]
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: Self.fields(coding), body: bodies[request.target] ?? [])
        }
        let rules = "response: { schema: { properties: { name: { minLength: 2 } } } }"
        try withGateway(Validating.configuration(origin.url, rules), origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /t/good"))
            let passed = try client.readResponse()
            #expect(passed.body == bodies["/t/good"] && passed.fields["content-encoding"] == coding)
            #expect(gateway.ask("GET /t/bad") == "502 response_invalid")
            #expect(gateway.ask("GET /t/cut") == "502 response_undecodable")
        }
        let watched = rules + ", report_only: true"
        try withGateway(Validating.configuration(origin.url, watched), origin) { gateway in
            for target in bodies.keys {
                let client = try gateway.connect()
                try client.send(request("GET \(target)"))
                #expect(try client.readResponse().body == bodies[target])
            }
        }
    }

    @Test(arguments: ["gzip", "br", "zstd"]) func parts(_ coding: String) throws {
        let body = try CompressedBodies.encoded(Self.good, coding)
        let plain = Self.good
        let origin = try ScriptedUpstream { request, connection in
            if request.method == "POST" {
                return try connection.respond(200, fields: "Content-Type: application/json\r\n", body: request.bodyText)
            }
            if request.target == "/error" {
                return try connection.respond(418, fields: Self.fields(coding), body: body)
            }
            try connection.respond(200, fields: Self.fields(coding), body: body)
        }
        let routes = """
              - { path: /whole, aggregate: { parts: { a: { service: s, path: /a }, b: { service: s, path: /b, pick: $.count } } } }
              - { path: /error, aggregate: { parts: { a: { service: s, path: /error, on_error: pass } } } }
              - path: /sent
                methods: [ POST ]
                validate: { \(Validating.order) }
                aggregate: { parts: { a: { service: s, path: /x, method: POST, body: { got: $request.body.name } } } }
              - path: /unchecked
                methods: [ POST ]
                aggregate: { parts: { a: { service: s, path: /x, method: POST, body: { got: $request.body.name } } } }

            """
        try withGateway(Aggregation.configuration(["s": origin], routes), origin) { gateway in
            #expect(gateway.ask("GET /whole") == "{\"a\":\(plain),\"b\":2}")
            #expect(gateway.ask("GET /error") == "418 \(plain)")
            let client = try gateway.connect()
            for path in ["/sent", "/unchecked"] {
                #expect(try Self.post(body, coding, path, to: client).bodyText == #"{"a":{"got":"\u00e9t\u00e9"}}"#)
                let cut = try Self.post(Array(body.dropLast()), coding, path, to: try gateway.connect())
                #expect(cut.status == 400 && errorCode(cut) == "request_body_undecodable")
            }
        }
    }
}
