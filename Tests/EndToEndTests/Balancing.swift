import GatehouseTesting
import Testing

/// How endpoints are chosen, as clients see it.
@Suite struct Balancing {
    /// Origins by name, each of which answers with its name in a header.
    private func origins(_ names: String...) throws -> [ScriptedUpstream] {
        try names.map { name in
            try ScriptedUpstream { request, connection in
                try connection.send("HTTP/1.1 200 OK\r\nX-Origin: \(name)\r\nContent-Length: 0\r\n\r\n")
            }
        }
    }

    private func configuration(_ origins: [ScriptedUpstream], _ balancing: String, last priority: Int = 0) -> String {
        let urls = origins.enumerated().map { index, origin in
            "{ url: \"\(origin.url)\", priority: \(index == origins.count - 1 ? priority : 0) }"
        }
        return oneListener + """
            trusted_proxies: [ 127.0.0.1 ]
            services:
              pool: { load_balancing: \(balancing), endpoints: [ \(urls.joined(separator: ", ")) ] }
            routes: [ { name: all, path: "/**", service: pool } ]

            """
    }

    private func get(_ gateway: GatewayProcess, _ fields: String..., path: String = "/") throws -> StrictResponse {
        let lines = (["Host: gateway.test"] + fields).map { $0 + "\r\n" }.joined()
        return try RawClient.exchange(port: gateway.port, "GET \(path) HTTP/1.1\r\n\(lines)\r\n")
    }

    private func origin(_ response: StrictResponse) -> String { response.fields["x-origin"] ?? "none" }

    @Test func aClientStaysWhereItWas() throws {
        let origins = try origins("a", "b", "c")
        let text = configuration(origins, "{ sticky: { cookie: at, max_age: 1h } }")
        try withGateway(text, origins[0], origins[1], origins[2]) { gateway in
            var cookies: [String: String] = [:]
            for _ in 0..<3 {
                let first = try get(gateway)
                let line = try #require(first.fields["set-cookie"])
                let pair = String(line.prefix { $0 != ";" })
                #expect(line == pair + "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax")
                for origin in origins { #expect(!line.contains("\(origin.port)")) }
                cookies[origin(first)] = pair
            }
            #expect(cookies.count == 3)
            for (name, pair) in cookies {
                for _ in 0..<4 {
                    let again = try get(gateway, "Cookie: theme=dark; \(pair)")
                    #expect(origin(again) == name && !again.fields.contains("set-cookie"))
                }
            }
            // Made up: as without one.
            #expect(try get(gateway, "Cookie: at=0123456789abcdef").fields.contains("set-cookie"))
        }
    }

    /// The cookie comes over TLS only where it was given over TLS, as a trusted proxy says.
    @Test func aCookieIsSecureBehindTLS() throws {
        let origins = try origins("a", "b")
        try withGateway(configuration(origins, "{ sticky: { cookie: at } }"), origins[0], origins[1]) { gateway in
            let secure = try get(gateway, "X-Forwarded-Proto: https").fields["set-cookie"] ?? ""
            #expect(secure.hasSuffix("; Path=/; HttpOnly; SameSite=Lax; Secure"))
            let plain = try get(gateway, "X-Forwarded-Proto: http").fields["set-cookie"] ?? ""
            #expect(plain.hasSuffix("; SameSite=Lax"))
        }
    }

    @Test(arguments: [
        ("header:X-Tenant", ["X-Tenant: 1", "X-Tenant: 2", "X-Tenant: 3", "X-Tenant: 4", "X-Tenant: 5"]),
        ("cookie:id", ["Cookie: id=1", "Cookie: id=2", "Cookie: id=3", "Cookie: id=4", "Cookie: id=5"]),
        ("client_ip", ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"].map { "X-Forwarded-For: \($0)" }),
    ])
    func equalKeysGoTogether(key: String, fields: [String]) throws {
        let origins = try origins("a", "b", "c")
        let text = configuration(origins, "{ policy: consistent_hash, key: \"\(key)\" }")
        try withGateway(text, origins[0], origins[1], origins[2]) { gateway in
            var seen = Set<String>()
            for field in fields {
                let first = origin(try get(gateway, field))
                seen.insert(first)
                for _ in 0..<3 { #expect(origin(try get(gateway, field)) == first) }
            }
            // Five keys on one of three endpoints would be one chance in eighty for a port, so try more of them.
            var number = 0
            while seen.count < 2 && number < 100 {
                let value = fields[0].dropLast() + "\(number)"
                seen.insert(origin(try get(gateway, String(value))))
                number += 1
            }
            #expect(seen.count > 1)
        }
    }

    @Test(arguments: ["round_robin", "least_request", "peak_ewma", "random"])
    func everyEndpointGetsItsShare(policy: String) throws {
        let origins = try origins("a", "b", "spare")
        let text = configuration(origins, "{ policy: \(policy) }", last: 1)
        try withGateway(text, origins[0], origins[1], origins[2]) { gateway in
            var seen = Set<String>()
            var count = 0
            while seen.count < 2 && count < 200 {
                seen.insert(origin(try get(gateway)))
                count += 1
            }
            #expect(seen == ["a", "b"])
            #expect(origins[2].requests.isEmpty)
        }
    }
}
