/// The demo's `gateway.yaml`: written to a file that the user can read, change and run.
struct DemoConfiguration {
    var port: UInt16
    var stagedPort: UInt16
    var adminPort: UInt16
    /// By instance: `users-1`, `users-2`, `orders-1`, `posts-1`, `products-v1`, `products-v2`.
    var ports: [String: UInt16]
    /// The public listener speaks TLS, with `demo.pem` and `demo.key` beside the file.
    var isTLS = false

    private func url(_ instance: String) -> String { "http://127.0.0.1:\(ports[instance] ?? 0)" }

    private static let tls = ", tls: { certificates: [ { certificate: demo.pem, key: demo.key } ] }"

    /// The public listener.
    var front: String { "\(isTLS ? "https" : "http")://127.0.0.1:\(port)" }

    var text: String {
        """
        # The configuration of `gatehouse demo`: six small servers on this machine, and the gateway in front of them.

        listeners:
          - { name: public, address: "127.0.0.1:\(port)"\(isTLS ? Self.tls : "") }
          # A stage is the first segment of the path. It is removed before anything is matched.
          - { name: staged, address: "127.0.0.1:\(stagedPort)", stage: prod }

        admin: { address: "127.0.0.1:\(adminPort)" }

        services:
          users:                                   # two endpoints take turns
            endpoints: [ "\(url("users-1"))", "\(url("users-2"))" ]
          orders:
            endpoints: [ "\(url("orders-1"))" ]
          posts:
            endpoints: [ "\(url("posts-1"))" ]
          products-v1:
            endpoints: [ "\(url("products-v1"))" ]
          products-v2:
            endpoints: [ "\(url("products-v2"))" ]

        routes:
          # A base route and a proxy route, behind the stage: /prod/api/users goes to /, /prod/api/users/health to /health.
          - { name: stage-users,        listeners: staged, path: /api/users, service: users, strip_prefix: /api/users }
          - { name: stage-users-proxy,  listeners: staged, path: "/api/users/{proxy+}", upstream: "\(url("users-1"))/{proxy}" }
          - { name: stage-orders,       listeners: staged, path: /api/orders, service: orders, strip_prefix: /api/orders }
          - { name: stage-orders-proxy, listeners: staged, path: "/api/orders/{proxy+}", upstream: "\(url("orders-1"))/{proxy}" }

          # A prefix for each service. The path stays as it is.
          - { name: posts,    listeners: public, path: /api/v1/posts/**, service: posts }
          - { name: users-v1, listeners: public, path: /api/v1/users/**, service: users }

          # A prefix that is stripped, and the methods that are taken: another method is answered 405.
          - { name: users,    listeners: public, path: /api/users/**,    methods: [ GET, POST, PUT, DELETE ], service: users, strip_prefix: /api }
          - { name: orders,   listeners: public, path: /api/orders/**,   methods: [ GET, POST ], service: orders, strip_prefix: /api }
          - { name: products, listeners: public, path: /api/products/**, methods: [ GET ], service: products-v1, strip_prefix: /api }

          # Versions: by header, by media type, by prefix.
          - { name: catalog-by-header, path: /catalog/**, headers: { X-Api-Version: "2" }, service: products-v2, rewrite_prefix: /products }
          - { name: catalog-by-media-type, path: /catalog/**, headers: { Accept: { media_type: "application/json;version=2" } }, service: products-v2, rewrite_prefix: /products }
          - { name: catalog-v2, path: /v2/catalog/**, service: products-v2, rewrite_prefix: /products }
          - { name: catalog, path: /catalog/**, service: products-v1, rewrite_prefix: /products }

          # A canary: 5 of 100 requests go to the new version.
          - name: canary
            path: /shop/**
            rewrite_prefix: /products
            split: [ { service: products-v1, weight: 95 }, { service: products-v2, weight: 5 } ]

          # One route for every service: the first segment names it.
          - { name: by-name, path: "/by-name/{service}/{path+}", service: "{service}", rewrite: "/{path}" }

          # One answer from several services, which are asked at once. The last one fails, and is left out.
          - name: home
            path: "/home/{id}"
            aggregate:
              parts:
                user:   { service: users,       path: "/users/{id}",  pick: $.data }
                order:  { service: orders,      path: "/orders/{id}", pick: $.data }
                titles: { service: products-v1, path: /products/list, pick: $.data }
                news:   { service: posts,       path: /nothing,       on_error: omit }

          # A mistake on purpose: posts are sent to the users service, which answers 405.
          - { name: mistake, path: /mistake/posts/**, service: users, rewrite_prefix: /api/v1/posts }

          # Answers of the gateway itself.
          - { name: moved, path: "/old/{rest+}", redirect: { status: 308, path: "/api/{rest}" } }
          - name: hello
            path: /hello
            respond: { status: 200, headers: { Content-Type: text/plain }, body: "Hello from the gateway.\\n" }

        """
    }
}
