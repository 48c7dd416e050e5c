/// `rate_limiting`: how much clients may ask.
package struct RateLimitingConfiguration: Sendable, Hashable {
    /// For every request that nothing nearer limits; all of them hold at once.
    package var defaults: [RateLimitConfiguration] = []
    package var overrides: [LimitOverrideConfiguration] = []
    /// nil: requests are counted in this process.
    package var store: LimitStoreConfiguration?

    package init() {}
}

/// Limits in place of the default, for some requests.
package struct LimitOverrideConfiguration: Sendable, Hashable {
    /// nil: any path.
    package var path: PathPattern?
    /// Empty: any method.
    package var methods: [String] = []
    /// nil: any route.
    package var route: String?
    /// nil: anybody.
    package var consumer: String?
    package var group: String?
    package var limit: RateLimitConfiguration
    @NotCompared package var location: SourceLocation = .none

    package init(limit: RateLimitConfiguration) {
        self.limit = limit
    }
}

/// One limit: how many requests, in what time, and who shares the count.
package struct RateLimitConfiguration: Sendable, Hashable {
    package enum Algorithm: String, Sendable {
        case tokenBucket = "token_bucket"
        case slidingWindow = "sliding_window"
        case quota
    }

    package enum Period: Int, Sendable {
        case second = 1
        case minute = 60
        case hour = 3_600
        case day = 86_400
        /// A calendar month.
        case month = 2_419_200
    }

    package var requests = 1
    package var period: Period = .second
    /// nil: the rate's number.
    package var burst: Int?
    package var algorithm: Algorithm = .tokenBucket
    /// Never empty; several together make one key.
    package var keys: [LimitKey] = [.clientAddress]
    package var isDryRun = false
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}

/// What of a request decides whose count it is.
package enum LimitKey: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 address, or the /64 of an IPv6 address.
    case clientAddress
    case route
    case header(String)
    case cookie(String)
    /// A query parameter, decoded.
    case query(String)
    /// A parameter of the path: of the override's pattern, else of the route's.
    case path(String)
    /// The name of the consumer that asks.
    case consumer
    /// What the caller's token says.
    case claim(String)

    /// nil for text that is no key.
    init?(_ text: String) {
        guard (try? PolicyText.limitKey(text)) != nil else { return nil }
        let name = String(text.drop { $0 != ":" }.dropFirst())
        switch text.prefix(while: { $0 != ":" }) {
        case "client_ip": self = .clientAddress
        case "route": self = .route
        case "header": self = .header(name)
        case "cookie": self = .cookie(name)
        case "query": self = .query(name)
        case "path": self = .path(name)
        case "consumer": self = .consumer
        case "claim": self = .claim(name)
        default: return nil
        }
    }

    /// As it is written.
    package var description: String {
        switch self {
        case .clientAddress: "client_ip"
        case .route: "route"
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .query(let name): "query:\(name)"
        case .path(let name): "path:\(name)"
        case .consumer: "consumer"
        case .claim(let name): "claim:\(name)"
        }
    }
}
