/// The documents of the articles that users come from, word for word.
enum ArticleText {
    static let routes = """
        {
        "routes": [
        {
        "path": "/api/users/**",
        "upstream": "http://users-service:3001",
        "strip_prefix": "/api",
        "methods": ["GET", "POST", "PUT", "DELETE"]
        },
        {
        "path": "/api/orders/**",
        "upstream": "http://orders-service:3002",
        "strip_prefix": "/api",
        "methods": ["GET", "POST"]
        },
        {
        "path": "/api/products/**",
        "upstream": "http://products-service:3003",
        "strip_prefix": "/api",
        "methods": ["GET"]
        }
        ]
        }
        """

    static let auth = """
        {
        "auth": {
        "type": "jwt",
        "jwks_uri": "https://auth.example.com/.well-known/jwks.json",
        "issuer": "https://auth.example.com",
        "audiences": ["api.example.com"],
        "exclude_paths": [
        "/api/health",
        "/api/auth/login",
        "/api/auth/register"
        ]
        }
        }
        """

    static let rateLimiting = """
        {
        "rate_limiting": {
        "default": {
        "requests_per_second": 100,
        "burst": 20,
        "key": "header:X-User-Id"
        },
        "overrides": [
        {
        "path": "/api/auth/login",
        "requests_per_minute": 10,
        "key": "client_ip"
        },
        {
        "path": "/api/search/**",
        "requests_per_second": 20,
        "key": "header:X-User-Id"
        }
        ]
        }
        }
        """

    static let transformations = """
        {
        "transformations": [
        {
        "path": "/api/users/**",
        "response": {
        "remove_fields": [
        "internal_id",
        "db_shard",
        "feature_flags",
        "created_by_admin"
        ],
        "rename_fields": {
        "email_address": "email"
        }
        }
        }
        ]
        }
        """

    static let blocks = [routes, auth, rateLimiting, transformations]

    /// All blocks in one file: the members of each, in one object.
    static var together: String {
        let members = blocks.map { block in
            String(block[block.index(after: block.startIndex)..<(block.lastIndex(of: "}") ?? block.endIndex)])
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// Two services behind load balancers, each with a base route and a proxy route.
    static let awsRoutes = """
        listeners: [ { address: 127.0.0.1:0, stage: prod } ]
        routes:
          - path: /api/users
            methods: ANY
            upstream: http://user-lb-1148255498.ap-south-1.elb.amazonaws.com
            strip_prefix: /api/users
          - path: "/api/users/{proxy+}"
            upstream: "http://user-lb-1148255498.ap-south-1.elb.amazonaws.com/{proxy}"
          - path: /api/orders
            upstream: http://order-lb-1634505146.ap-south-1.elb.amazonaws.com
            strip_prefix: /api/orders
          - path: "/api/orders/{proxy+}"
            upstream: "http://order-lb-1634505146.ap-south-1.elb.amazonaws.com/{proxy}"
        """

    /// The gateway that takes the service's name from the path.
    static let serviceFromPath = """
        services:
          users: { endpoints: [ http://users-service:8080 ] }
          orders: { endpoints: [ http://orders-service:8080 ] }
        routes:
          - { path: "/{service}/{path+}", methods: [ GET, POST, PUT, DELETE ], service: "{service}", rewrite: "/{path}" }
        """
}
