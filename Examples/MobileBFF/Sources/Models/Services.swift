/// What the services say, as far as a dashboard needs it.

public struct User: Codable, Sendable {
    public var id: String
    public var name: String
    public var avatarUrl: String
    public var email: String
}

public struct Order: Codable, Sendable {
    public var id: String
    public var total: Double
    public var status: String
    public var productID: String

    enum CodingKeys: String, CodingKey {
        case id, total, status
        case productID = "product_id"
    }
}

/// The orders service's page.
public struct Orders: Codable, Sendable {
    public var orders: [Order]
}

public struct Product: Codable, Sendable {
    public var id: String
    public var name: String
    public var price: Double
}

/// A user as the old service knows it.
public struct LegacyUser: Codable, Sendable {
    public var userId: String
    public var emailAddress: String
    public var firstName: String
    public var lastName: String
    public var createdDate: String
}
