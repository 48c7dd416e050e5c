import GatehouseTesting
import Testing

/// The fields that cross, those that do not, and those that the gateway adds.
@Suite struct ForwardedFields {
    private let origin: ScriptedUpstream
    init() throws { origin = try ScriptedUpstream(named: "origin") }

    /// What an origin sees of a request sent with these fields.
    private func seen(_ fields: String..., line: String = "GET /", more: String = "") throws -> StrictRequest {
        var found: StrictRequest?
        try withGateway(everything(to: origin, more), origin) { gateway in
            let client = try gateway.connect()
            try client.send("\(line) HTTP/1.1\r\nHost: shop.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
            #expect(try client.readResponse().status == 200)
            found = try origin.waitForRequest(origin.requests.count)
        }
        return try #require(found)
    }

    @Test func hopByHopFieldsOfARequestEndHere() throws {
        let request = try seen(
            "Connection: keep-alive, X-Private, x-second", "Keep-Alive: timeout=9", "X-Private: 1", "X-Second: 2",
            "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eDp5", "TE: trailers, deflate",
            "X-Kept: yes", "Authorization: Bearer t", "Cookie: a=b", "Accept-Encoding: gzip")
        for name in ["keep-alive", "x-private", "x-second", "proxy-connection", "proxy-authorization", "upgrade"] {
            #expect(!request.fields.contains(name), "\(name) crossed")
        }
        #expect(request.fields["x-kept"] == "yes")
        #expect(request.fields["authorization"] == "Bearer t")
        #expect(request.fields["cookie"] == "a=b")
        #expect(request.fields["accept-encoding"] == "gzip")
        #expect(["trailers", nil].contains(request.fields["te"]))
    }

    /// Connection must not make the gateway forget what it relies on or what it adds itself.
    @Test func connectionCannotNameAwayWhatMatters() throws {
        let request = try seen(
            "Connection: close, Host, Content-Length, X-Forwarded-For, X-Request-Id, Via, traceparent, Authorization",
            "Content-Length: 0", "Authorization: Bearer t", line: "POST /")
        for name in ["host", "x-forwarded-for", "x-forwarded-proto", "x-request-id", "via", "traceparent"] {
            #expect(request.fields.contains(name), "\(name) is gone")
        }
    }

    @Test func hopByHopFieldsOfAResponseEndHere() throws {
        let upstream = try ScriptedUpstream { request, connection in
            try connection.respond(
                fields: "Connection: close, X-Private\r\nKeep-Alive: timeout=5\r\nX-Private: 1\r\n"
                    + "Proxy-Authenticate: Basic\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nX-Kept: yes\r\n"
                    + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nWWW-Authenticate: Basic\r\n", body: "hi")
            connection.close()
        }
        try withGateway(everything(to: upstream), upstream) { gateway in
            let client = try gateway.connect()
            try client.send(request())
            let response = try client.readResponse()
            for name in ["keep-alive", "x-private", "proxy-connection", "upgrade", "proxy-status"] {
                #expect(!response.fields.contains(name), "\(name) crossed")
            }
            #expect(response.fields["x-kept"] == "yes")
            #expect(response.fields.values("set-cookie") == ["a=1", "b=2"])
            #expect(response.fields["www-authenticate"] == "Basic")
            #expect(response.fields["connection"]?.lowercased() != "close", "the upstream's close is not the client's")
            try client.send(request("GET /again"))
            #expect(try client.readResponse().bodyText == "hi")
        }
    }

    @Test func caseOrderAndDuplicatesAreKept() throws {
        let upstream = try ScriptedUpstream { request, connection in
            try connection.respond(fields: "x-LOWER: 1\r\nX-Many: c\r\nX-Other: d\r\nx-many:e\r\n", body: "")
        }
        try withGateway(everything(to: upstream), upstream) { gateway in
            let response = try gateway.exchange(
                request(
                    "GET /", "X-mixedCASE: 1", "ACCEPT: a/b", "X-Many: 2", "Accept: c/d", "x-many:  3  ", "X-Empty:"))
            let seen = try upstream.waitForRequest()
            #expect(seen.fields.names.contains("X-mixedCASE"))
            #expect(seen.fields.names.filter { $0.lowercased() == "accept" } == ["ACCEPT", "Accept"])
            #expect(seen.fields.values("accept") == ["a/b", "c/d"])
            #expect(seen.fields.names.filter { $0.lowercased() == "x-many" } == ["X-Many", "x-many"])
            #expect(seen.fields.values("x-many") == ["2", "3"])
            #expect(seen.fields.values("x-empty") == [""])
            #expect(response.fields.names.contains("x-LOWER"))
            #expect(response.fields.names.filter { $0.lowercased() == "x-many" } == ["X-Many", "x-many"])
            #expect(response.fields.values("x-many") == ["c", "e"])
        }
    }

    @Test func bytesAboveASCIIInValuesAreKept() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let client = try gateway.connect()
            try client.send(
                Array("GET / HTTP/1.1\r\nHost: a\r\nX-Raw: ".utf8) + [0xE9, 0x20, 0xFF] + Array("\r\n\r\n".utf8))
            #expect(try client.readResponse().status == 200)
            let head = try origin.waitForRequest().rawHead
            let wanted: [UInt8] = [0xE9, 0x20, 0xFF]
            #expect(head.indices.contains { Array(head[$0...].prefix(3)) == wanted })
        }
    }

    @Test func strangersCannotSayWhoTheyAre() throws {
        let request = try seen(
            "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: bank.test",
            "X-Forwarded-Port: 443", "X-Forwarded-Prefix: /x", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1")
        #expect(request.fields["x-forwarded-for"] == "127.0.0.1")
        #expect(request.fields["x-forwarded-proto"] == "http")
        #expect(request.fields["x-forwarded-host"] == "shop.test")
        #expect(!request.fields.description.contains("10.0.0.1"))
        #expect(!request.fields.contains("x-forwarded-prefix"))
    }

    @Test func trustedProxiesAreBelieved() throws {
        let request = try seen(
            "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: bank.test",
            more: "trusted_proxies: [ 127.0.0.0/8 ]")
        #expect(request.fields.values("x-forwarded-for").joined(separator: ", ") == "203.0.113.9, 127.0.0.1")
        #expect(request.fields["x-forwarded-proto"] == "https")
        #expect(request.fields["x-forwarded-host"] == "bank.test")
    }

    @Test func requestIDsAreKeptOrMade() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            let kept = try gateway.exchange(request("GET /", "X-Request-Id: req_abc123"))
            #expect(kept.fields["x-request-id"] == "req_abc123")
            #expect(try origin.waitForRequest(1).fields["x-request-id"] == "req_abc123")
            let made = try gateway.exchange(request())
            let id = try #require(made.fields["x-request-id"])
            #expect(id.utf8.count >= 16)
            #expect(try origin.waitForRequest(2).fields["x-request-id"] == id)
            #expect(try gateway.exchange(request()).fields["x-request-id"] != id)
            // What is no valid id is replaced: too long, of odd bytes, or there twice.
            let odd = [
                "X-Request-Id: \(String(repeating: "a", count: 1_000))", "X-Request-Id: a b\"c", "X-Request-Id:",
            ]
            for field in odd {
                let response = try gateway.exchange(request("GET /", field))
                let replaced = try #require(response.fields["x-request-id"])
                #expect(!field.hasSuffix(replaced))
                #expect(!replaced.isEmpty)
            }
            let twice = try gateway.exchange(request("GET /", "X-Request-Id: one", "X-Request-Id: two"))
            #expect(twice.fields.values("x-request-id").count == 1)
            #expect(origin.requests.last?.fields.values("x-request-id").count == 1)
        }
    }

    @Test func traceContextIsKeptOrMade() throws {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        try withGateway(everything(to: origin), origin) { gateway in
            _ = try gateway.exchange(
                request("GET /", "traceparent: 00-\(trace)-00f067aa0ba902b7-01", "tracestate: a=b"))
            let kept = try origin.waitForRequest(1)
            #expect(kept.fields["traceparent"]?.contains(trace) == true)
            #expect(kept.fields["traceparent"]?.hasSuffix("-01") == true)
            #expect(kept.fields["tracestate"] == "a=b")
            _ = try gateway.exchange(request())
            let made = try #require(try origin.waitForRequest(2).fields["traceparent"])
            #expect(made.split(separator: "-").map(\.utf8.count) == [2, 32, 16, 2])
            _ = try gateway.exchange(
                request("GET /", "traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01"))
            let replaced = try #require(try origin.waitForRequest(3).fields["traceparent"])
            #expect(!replaced.contains("00000000000000000000000000000000"))
        }
    }

    @Test func viaIsAddedBothWays() throws {
        let upstream = try ScriptedUpstream { request, connection in
            try connection.respond(fields: "Via: 1.1 inner\r\n", body: "")
        }
        try withGateway(everything(to: upstream), upstream) { gateway in
            let response = try gateway.exchange(request("GET /", "Via: 1.0 outer"))
            let there = try upstream.waitForRequest().fields.values("via").joined(separator: ", ")
            #expect(there == "1.0 outer, 1.1 gatehouse")
            #expect(response.fields.values("via").joined(separator: ", ") == "1.1 inner, 1.1 gatehouse")
        }
    }

    @Test func underscoresInNames() throws {
        let dropped = try seen("X_User: 1", "X-User: 2", "a_b: c")
        #expect(!dropped.fields.names.contains { $0.contains("_") })
        #expect(dropped.fields["x-user"] == "2")
        let kept = try seen("My_Field: 1", more: "limits: { underscores: keep }")
        #expect(kept.fields["my_field"] == "1")
        try withGateway(everything(to: origin, "limits: { underscores: reject }"), origin) { gateway in
            let before = origin.heads.count
            #expect(gateway.ask("GET /", "My_Field: 1").hasPrefix("400 "))
            #expect(gateway.ask("GET /", "My-Field: 1") == "origin GET /")
            #expect(origin.heads.count == before + 1)
        }
    }

    /// `Host` in the request is what the absolute form says (RFC 9112 §3.2.2).
    @Test func absoluteFormReplacesHost() throws {
        try withGateway(everything(to: origin), origin) { gateway in
            #expect(gateway.ask("GET http://real.test:81/a?b", "Host: fake.test") == "origin GET /a?b")
            #expect(origin.requests.first?.fields["x-forwarded-host"] == "real.test:81")
            #expect(gateway.ask("GET http://real.test", "Host: fake.test") == "origin GET /")
            #expect(gateway.ask("GET http://real.test?q", "Host: fake.test") == "origin GET /?q")
        }
    }
}
