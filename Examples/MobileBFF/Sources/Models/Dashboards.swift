/// What a phone gets: few fields.
public struct MobileDashboard: Codable, Sendable {
    public struct Face: Codable, Sendable {
        public var name: String
        public var avatar: String
    }

    public struct Line: Codable, Sendable {
        public var id: String
        public var total: Double
        public var status: String
    }

    public var user: Face
    public var recentOrders: [Line]

    public init(_ user: User, _ orders: [Order]) {
        self.user = Face(name: user.name, avatar: user.avatarUrl)
        recentOrders = orders.map { Line(id: $0.id, total: $0.total, status: $0.status) }
    }
}

/// What a browser gets: everything, and the product of each order.
public struct WebDashboard: Codable, Sendable {
    public var user: User
    public var orders: [Order]
    /// nil where a product could not be found.
    public var products: [Product?]

    public init(_ user: User, _ orders: [Order], _ products: [Product?]) {
        self.user = user
        self.orders = orders
        self.products = products
    }
}

/// A user in the second version of the API, made of the first.
public struct UserV2: Codable, Sendable {
    public struct Name: Codable, Sendable {
        public var first: String
        public var last: String
    }

    public var id: String
    public var email: String
    public var name: Name
    public var createdAt: String
    public var metadata: [String: String]

    public init(_ old: LegacyUser) {
        id = old.userId
        email = old.emailAddress
        name = Name(first: old.firstName, last: old.lastName)
        createdAt = old.createdDate
        metadata = ["source": "legacy-transform", "version": "2.0"]
    }

    enum CodingKeys: String, CodingKey {
        case id, email, name, metadata
        case createdAt = "created_at"
    }
}
