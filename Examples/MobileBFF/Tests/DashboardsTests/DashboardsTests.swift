import Dashboards
import Foundation
import Gatehouse
import GatehouseTesting
import Models
import Testing

/// The handlers beside the same thing in configuration: what they answer is equal.
@Suite struct DashboardsTests {
    static let secret = "0123456789abcdef0123456789abcdef"
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let answers = [
        "/users/u7": #"{"id":"u7","name":"Ann","avatarUrl":"https://cdn/7.png","email":"a@b.c"}"#,
        // As the old service has them.
        "/users/u9":
            #"{"userId":"u9","emailAddress":"a@b.c","firstName":"Ann","lastName":"Lee","createdDate":"2020-02-02"}"#,
        "/users/u7/recent?limit=5":
            #"{"orders":[{"id":"o1","total":12.50,"status":"new","product_id":"p1"}]}"#,
        "/users/u7/recent?limit=20":
            #"{"orders":[{"id":"o1","total":12.50,"status":"new","product_id":"p1"},"#
            + #"{"id":"o2","total":3,"status":"sent","product_id":"p2"}]}"#,
        "/products/p1": #"{"id":"p1","name":"Keyboard","price":79.99}"#,
        "/products/p2": #"{"id":"p2","name":"Hub","price":45}"#,
    ]

    /// A file of the repository, with all its services at one origin and a port of its own.
    static func text(_ file: String, _ origin: ScriptedUpstream) throws -> String {
        var text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        for port in 3001...3004 {
            text = text.replacingOccurrences(of: "http://127.0.0.1:\(port)", with: origin.url)
        }
        text = text.replacingOccurrences(of: "${env:JWT_SECRET}", with: secret)
        return "listeners: [ { address: \"127.0.0.1:0\" } ]\naccess_log: { enabled: false }\n" + text
    }

    static func ask(_ gateway: Gateway, _ path: String) throws -> (status: Int, body: NSDictionary?) {
        let claims = #""sub":"u7","iss":"https://auth.example.com""#
        let answer = try RawClient.exchange(
            port: gateway.addresses[0].port,
            "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(TokenIssuer.token(secret: secret, claims))\r\n\r\n"
        )
        let body = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return (answer.status, body.map { $0 as NSDictionary })
    }

    @Test(arguments: ["/mobile/dashboard", "/web/dashboard"])
    func theSameAnswers(_ path: String) async throws {
        let origin = try ScriptedUpstream { request, connection in
            guard let body = Self.answers[request.target] else { return try connection.respond(404) }
            try connection.respond(200, fields: "Content-Type: application/json\r\n", body: body)
        }
        let coded = try Gateway(text: Self.text("gateway.yaml", origin), program: Dashboards.program)
        let configured = try Gateway(text: Self.text("../dashboards.yaml", origin))
        for gateway in [coded, configured] { try gateway.start() }
        let (one, other) = (try Self.ask(coded, path), try Self.ask(configured, path))
        #expect(one.status == 200 && other.status == 200)
        #expect(one.body != nil && one.body == other.body)
        let user = try Self.ask(coded, "/api/v2/users/u9")
        #expect(user.status == 200 && user.body?["created_at"] as? String == "2020-02-02")
        #expect(try Self.ask(coded, "/api/v2/users/u8").body?["error"] as? String == "user_not_found")
        for gateway in [coded, configured] { #expect(await gateway.stop()) }
        try origin.check()
    }
}
