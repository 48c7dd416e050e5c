import GatewayConfiguration
import GatewayEngine
import Testing

/// Routes as they stand in a file, through the configuration's own reader into a table.
@Suite struct ConfiguredRoutesTests {
    static let yaml = """
        listeners:
          - { name: public, address: "127.0.0.1:0" }
          - { name: internal, address: "127.0.0.1:0" }
        services:
          users: { endpoints: [ "http://127.0.0.1:3001" ] }
          orders: { endpoints: [ "http://127.0.0.1:3002" ] }
        routes:
          - { name: users, path: "/api/users/**", methods: ANY, service: users, strip_prefix: /api }
          - { name: proxy, path: "/api/orders/{proxy+}", upstream: "http://orders.internal/{proxy}" }
          - { name: base, path: /api/orders, upstream: "http://orders.internal", strip_prefix: /api/orders }
          - { name: versioned, path: "/api/users/**", service: users, headers: { X-Api-Version: "2" } }
          - { name: hosted, path: "/api/users/**", service: orders, hosts: [ "*.Example.org" ] }
          - { name: any, path: "/s/{service}/{path+}", service: "{service}", rewrite: "/{path}" }
          - { name: number, path: { regex: "/n/(?<id>[0-9]+)" }, service: users, rewrite: "/by-number/{id}?full=1" }
          - { name: café, path: /café, service: users, methods: [ GET ], listeners: [ internal ] }
        """

    @Test("A file's routes find their requests and make their targets")
    func file() throws {
        let configuration = try GatewayConfiguration.parse(yaml: Self.yaml)
        let router = try Router(configuration)
        let cases: [(Request, String?, String?)] = [
            (Request("PURGE /api/users/7?x"), "users", "/users/7?x"),
            (Request("GET /api/orders/health"), "proxy", "/health"),
            (Request("GET /api/orders"), "base", "/"),
            (Request("GET /api/users", headers: [("x-api-version", "2")]), "versioned", "/api/users"),
            (Request("GET /api/users", host: "a.example.org"), "hosted", "/api/users"),
            (Request("GET /s/users/a/b"), "any", "/a/b"),
            (Request("GET /n/42?y=2"), "number", "/by-number/42?full=1&y=2"),
            (Request("GET /n/x"), nil, nil),
            (Request("HEAD /caf%C3%A9", listener: 1), "café", "/caf%C3%A9"),
            (Request("HEAD /caf%C3%A9", listener: 0), nil, nil),
        ]
        for (request, name, target) in cases {
            #expect(router.match(request).name == name, "\(request)")
            #expect(router.target(request) == target, "\(request)")
        }
        #expect(router.match(Request("POST /caf%C3%A9", listener: 1)) == .notAllowed(["GET", "HEAD"]))
    }
}
