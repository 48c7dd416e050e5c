import Gatehouse
import GatehouseTesting
import Testing

/// Article 004's dashboards and its v1→v2 users, in Swift: the same answers as in configuration, by one gateway that
/// has both.
@Suite(.timeLimit(.minutes(2))) struct ArticleTests {
    static let secret = "0123456789abcdef0123456789abcdef"

    struct User: Codable, Sendable {
        var name: String
        var avatarUrl: String
    }

    struct Order: Codable, Sendable {
        var id: String
        var total: Double
        var status: String
    }

    struct Orders: Codable, Sendable {
        var orders: [Order]
    }

    struct MobileDashboard: Codable, Sendable {
        struct Face: Codable, Sendable {
            var name: String
            var avatar: String
        }

        var user: Face
        var recentOrders: [Order]
    }

    struct LegacyUser: Codable, Sendable {
        var userId: String
        var emailAddress: String
        var firstName: String
        var lastName: String
        var createdDate: String
    }

    struct UserV2: Codable, Sendable {
        struct Name: Codable, Sendable {
            var first: String
            var last: String
        }

        var id: String
        var email: String
        var name: Name
        var createdAt: String
        var metadata = ["source": "legacy-transform", "version": "2.0"]

        enum CodingKeys: String, CodingKey {
            case id, email, name, metadata
            case createdAt = "created_at"
        }
    }

    static let program: GatewayProgram = {
        var program = GatewayProgram()
        program.route("/swift/mobile/dashboard", .get) { _, context in
            let id = context.caller?.subject ?? ""
            async let user = context.service("users").get("/users/\(id)", as: User.self)
            async let orders = context.service("orders").get("/users/\(id)/recent?limit=5", as: Orders.self)
            return try await MobileDashboard(
                user: .init(name: user.name, avatar: user.avatarUrl), recentOrders: orders.orders)
        }
        program.route("/swift/v2/users/{user_id}", .get) { request, context in
            let id = try request.parameters.require("user_id")
            let old = try await context.service("legacy").get("/users/\(id)", as: LegacyUser.self)
            return UserV2(
                id: old.userId, email: old.emailAddress, name: .init(first: old.firstName, last: old.lastName),
                createdAt: old.createdDate)
        }
        return program
    }()

    static let configuration = """
        auth: { type: jwt, secret: "\(secret)" }
        routes:
          - path: /mobile/dashboard
            aggregate:
              parts:
                user: { service: users, path: "/users/{claims.sub}" }
                orders: { service: orders, path: "/users/{claims.sub}/recent?limit=5" }
              body:
                user: { name: $user.name, avatar: $user.avatarUrl }
                recentOrders: { each: $orders.orders, map: { id: $.id, total: $.total, status: $.status } }
          - path: /v2/users/{user_id}
            service: legacy
            strip_prefix: /v2
            transformations:
              response:
                body:
                  id: $.userId
                  email: $.emailAddress
                  name: { first: $.firstName, last: $.lastName }
                  created_at: $.createdDate
                  metadata: { source: legacy-transform, version: "2.0" }
        """

    @Test(arguments: ["/mobile/dashboard", "/v2/users/u7"])
    func theSameAnswers(_ path: String) async throws {
        let origin = try ScriptedUpstream { request, connection in
            let answers = [
                "/users/u7":
                    #"{"name":"Ann","avatarUrl":"https://cdn/7.png","email":"a@b.c","userId":"u7","emailAddress":"#
                    + #""a@b.c","firstName":"Ann","lastName":"Lee","createdDate":"2020-02-02","db_shard":3}"#,
                "/users/u7/recent?limit=5":
                    #"{"orders":[{"id":"o1","total":12.50,"status":"new","lines":[1,2]}],"next":null}"#,
            ]
            guard let body = answers[request.target] else { return try connection.respond(404) }
            try connection.respond(200, fields: ServiceTests.json, body: body)
        }
        let services = ServiceTests.services(["users": origin.url, "orders": origin.url, "legacy": origin.url])
        try await withGateway(Self.program, services + Self.configuration) { (gateway: Running) async throws in
            let bearer = "Authorization: Bearer \(TokenIssuer.token(secret: Self.secret, #""sub":"u7""#))"
            let configured = try gateway.ask("GET \(path)", bearer)
            let coded = try gateway.ask("GET /swift\(path)", bearer)
            #expect(configured.status == 200 && coded.status == 200)
            #expect(try Value(configured.bodyText) == Value(coded.bodyText))
            #expect(try gateway.ask("GET /swift\(path)").status == 401)
        }
        try origin.check()
    }
}
