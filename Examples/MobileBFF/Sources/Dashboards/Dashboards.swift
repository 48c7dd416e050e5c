import Gatehouse
import Models

/// The handlers that `gateway.yaml` names: one request of a client, several of the gateway.
public enum Dashboards {
    public static var program: GatewayProgram {
        var program = GatewayProgram()
        program.handler("mobile-dashboard", mobile)
        program.handler("web-dashboard", web)
        program.handler("user-v2", userV2)
        return program
    }

    /// Two calls at once; the answer is there when the slower one is.
    @Sendable static func mobile(_ request: Request, _ context: RequestContext) async throws -> MobileDashboard {
        let id = try userID(context)
        async let user = context.service("users").get("/users/\(id)", as: User.self)
        async let recent = context.service("orders").get("/users/\(id)/recent?limit=5", as: Orders.self)
        return try await MobileDashboard(user, recent.orders)
    }

    /// The products are asked for by the orders that were found, four at a time; one that fails leaves its place empty.
    @Sendable static func web(_ request: Request, _ context: RequestContext) async throws -> WebDashboard {
        let id = try userID(context)
        async let user = context.service("users").get("/users/\(id)", as: User.self)
        let recent = try await context.service("orders").get("/users/\(id)/recent?limit=20", as: Orders.self)
        let products = try await withThrowingTaskGroup(of: (Int, Product?).self) { group in
            var products = [Product?](repeating: nil, count: recent.orders.count)
            for (index, order) in recent.orders.enumerated() {
                if index >= 4, let (place, product) = try await group.next() { products[place] = product }
                group.addTask {
                    do {
                        return (index, try await context.service("products").get("/products/\(order.productID)"))
                    } catch is ServiceError {
                        return (index, nil)
                    }
                }
            }
            for try await (place, product) in group { products[place] = product }
            return products
        }
        return try await WebDashboard(user, recent.orders, products)
    }

    /// The second version of the API over the first one's service.
    @Sendable static func userV2(_ request: Request, _ context: RequestContext) async throws -> UserV2 {
        let id = try request.parameters.require("user_id")
        let answer = try await context.service("legacy").get("/users/\(id)")
        if answer.status == 404 { throw Refusal(404, "user_not_found", "There is no such user.") }
        return UserV2(try answer.decode(LegacyUser.self))
    }

    /// `auth` of the configuration has verified the token; without one nobody comes here.
    private static func userID(_ context: RequestContext) throws -> String {
        guard let subject = context.caller?.subject else {
            throw Refusal(401, "unauthorized", "This resource needs credentials.")
        }
        return subject
    }
}
