import GatehouseTesting
import Testing

/// Rate limits that know who asks.
@Suite struct CallerLimiting {
    private let kit: CallerKit
    init() throws { kit = try CallerKit() }

    private static let secret = "0123456789abcdef0123456789abcdef"

    private func bearer(_ claims: String) -> String {
        "Authorization: Bearer \(TokenIssuer.token(secret: Self.secret, claims))"
    }

    private func auth(_ more: String = "") -> String { "secret: \"\(Self.secret)\"\(more)" }

    /// How many of so many requests pass, and which limit the client is told of.
    private func admitted(_ gateway: GatewayProcess, _ line: String, _ fields: String..., of count: Int = 6) throws
        -> (count: Int, limit: String?)
    {
        var passed = 0
        var limit: String?
        for _ in 0..<count {
            let head = "\(line) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
            let response = try gateway.exchange(head)
            if response.status == 200 { passed += 1 }
            limit = response.fields["x-ratelimit-limit"]
        }
        return (passed, limit)
    }

    @Test func eachConsumerHasACountOfItsOwn() throws {
        let text = kit.configuration(
            auth(", optional: true"), consumers: "{ shop: { subjects: [ s1, s2 ] }, app: { subjects: [ a1 ] } }",
            more: "rate_limiting: { default: { requests_per_day: 3, key: consumer } }")
        try withGateway(text, kit.origin, admin: true) { gateway in
            let first = try admitted(gateway, "GET /", bearer(#""sub":"s1""#), of: 2)
            #expect(first.count == 2)
            // The same consumer by another subject.
            #expect(try admitted(gateway, "GET /", bearer(#""sub":"s2""#)).count == 1)
            #expect(try admitted(gateway, "GET /", bearer(#""sub":"a1""#)).count == 3)
            // No consumer: by address, all together, whatever they call themselves.
            let strangers = try admitted(gateway, "GET /", bearer(#""sub":"shop""#), of: 2).count
            #expect(try strangers + admitted(gateway, "GET /", "X-Consumer-Name: app").count == 3)
        }
    }

    @Test func claims() throws {
        let text = kit.configuration(
            auth(), more: "rate_limiting: { default: { requests_per_day: 2, key: [ \"claim:org.id\", route ] } }")
        try withGateway(text, kit.origin, admin: true) { gateway in
            let first = try admitted(gateway, "GET /", bearer(#""sub":"a","org":{"id":"one"}"#), of: 1)
            #expect(first.count == 1)
            #expect(try admitted(gateway, "GET /", bearer(#""sub":"b","org":{"id":"one"}"#)).count == 1)
            #expect(try admitted(gateway, "GET /", bearer(#""sub":"a","org":{"id":1}"#)).count == 2)
            let long = String(repeating: "o", count: 300)
            #expect(try admitted(gateway, "GET /", bearer(#""org":{"id":"\#(long)1"}"#)).count == 2)
            #expect(try admitted(gateway, "GET /", bearer(#""org":{"id":"\#(long)2"}"#)).count == 2)
            // Missing, null and empty are the same: the address.
            #expect(try admitted(gateway, "GET /", bearer(#""sub":"a""#), of: 1).count == 1)
            #expect(try admitted(gateway, "GET /", bearer(#""org":{"id":null}"#), of: 1).count == 1)
            #expect(try admitted(gateway, "GET /", bearer(#""org":{"id":""}"#)).count == 0)
        }
    }

    /// Which limit holds: told apart by their numbers.
    @Test func theNearestHolds() throws {
        let consumers = """
            { shop: { subjects: [ shop ], groups: [ partners, gold ], rate_limiting: { requests_per_day: 1001 } },
              mill: { subjects: [ mill ], groups: [ gold, partners ] }, mine: { subjects: [ mine ] },
              pond: { subjects: [ pond ], groups: [ gold ] } }
            """
        let routes = """

              - { name: own, path: /own, service: origin, rate_limiting: { requests_per_day: 1002 } }
              - { name: named, path: /named, service: origin }
              - { name: other, path: "/**", service: origin }
            """
        let limits = """
            rate_limiting:
              default: { requests_per_day: 1003 }
              overrides:
                - { path: "/deep/**", requests_per_day: 1004 }
                - { route: named, requests_per_day: 1005 }
                - { consumer: shop, path: "/deep/**", requests_per_day: 1006 }
                - { consumer: shop, route: named, requests_per_day: 1007 }
                - { group: partners, requests_per_day: 1008 }
                - { group: gold, path: /gold, requests_per_day: 1009 }
                - { group: gold, route: named, requests_per_day: 1010 }
            """
        let text = kit.configuration(auth(), consumers: consumers, routes: routes, more: limits)
        try withGateway(text, kit.origin, admin: true) { gateway in
            func limit(_ path: String, _ who: String) throws -> String? {
                try admitted(gateway, "GET \(path)", bearer("\"sub\":\"\(who)\""), of: 1).limit
            }
            for (path, who, expected) in [
                ("/own", "shop", "1002"), ("/own", "mine", "1002"), ("/deep/a", "shop", "1006"),
                ("/named", "shop", "1007"), ("/a", "shop", "1001"), ("/gold", "shop", "1001"),
                ("/gold", "mill", "1009"), ("/named", "mill", "1010"), ("/a", "mill", "1008"),
                ("/deep/a", "mill", "1008"), ("/gold", "pond", "1009"), ("/named", "pond", "1010"),
                ("/a", "pond", "1003"), ("/deep/a", "pond", "1004"), ("/deep/a", "mine", "1004"),
                ("/named", "mine", "1005"), ("/a", "mine", "1003"), ("/a", "nobody", "1003"),
            ] {
                let found = try limit(path, who)
                #expect(found == expected, "\(who) \(path)")
            }
        }
    }

    /// Limits of consumers and groups count each consumer by itself, without a key that says so.
    @Test func limitsOfConsumersCountConsumers() throws {
        let consumers = """
            { one: { subjects: [ one ], groups: [ g ] }, two: { subjects: [ two ], groups: [ g ] },
              own: { subjects: [ own ], rate_limiting: { requests_per_day: 2 } }, anonymous: { groups: [ g ] } }
            """
        let text = kit.configuration(
            auth(", optional: true"), consumers: consumers,
            more: "rate_limiting: { overrides: [ { group: g, requests_per_day: 3 } ] }")
        try withGateway(text, kit.origin, admin: true) { gateway in
            for (who, count) in [("one", 3), ("two", 3), ("own", 2), ("free", 6)] {
                #expect(try admitted(gateway, "GET /", bearer("\"sub\":\"\(who)\"")).count == count, "\(who)")
            }
            let anonymous = try admitted(gateway, "GET /")
            #expect(anonymous.count == 3)
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_rate_limit_requests_total{limit=\"group g\",result=\"allowed\"} 9\n"))
            #expect(page.contains("gatehouse_rate_limit_requests_total{limit=\"consumer own\",result=\"refused\"} 4\n"))
        }
    }
}
