/// How an endpoint of a service is picked.
package struct LoadBalancingConfiguration: Sendable, Hashable {
    package enum Policy: String, Sendable, CaseIterable {
        case roundRobin = "round_robin"
        case leastRequest = "least_request"
        case peakEWMA = "peak_ewma"
        case consistentHash = "consistent_hash"
        case random
    }

    package var policy: Policy = .roundRobin
    /// What `consistent_hash` goes by; nil with every other policy.
    package var key: HashKey?
    package var sticky: StickyConfiguration?
    /// How long an endpoint that came, or came back, ramps up from a tenth of its weight; nil: not at all.
    package var slowStart: Duration? = .seconds(10)
    /// Below this share of endpoints that are not ejected, ejected ones are used again; 0 to 1.
    package var panicThreshold = 0.5

    package init() {}
}

/// What of a request decides where it goes, so that equal ones go to the same place. A request without it goes by the
/// client's address.
package enum HashKey: Sendable, Hashable, CustomStringConvertible {
    case clientAddress
    /// The path that was matched, without the query.
    case path
    case header(String)
    case cookie(String)
    /// A query parameter, decoded.
    case query(String)
    /// The name of the consumer.
    case consumer
    /// A claim of the token that was verified.
    case claim(String)

    /// nil for text that is no key.
    init?(_ text: String) {
        guard (try? PolicyText.hashKey(text)) != nil else { return nil }
        let name = String(text.drop { $0 != ":" }.dropFirst())
        switch text.prefix(while: { $0 != ":" }) {
        case "client_ip": self = .clientAddress
        case "path": self = .path
        case "header": self = .header(name)
        case "cookie": self = .cookie(name)
        case "query": self = .query(name)
        case "consumer": self = .consumer
        case "claim": self = .claim(name)
        default: return nil
        }
    }

    /// As it is written.
    package var description: String {
        switch self {
        case .clientAddress: "client_ip"
        case .path: "path"
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .query(let name): "query:\(name)"
        case .consumer: "consumer"
        case .claim(let name): "claim:\(name)"
        }
    }
}

/// Keeps a client on the endpoint that answered it first, by a cookie of the gateway's.
package struct StickyConfiguration: Sendable, Hashable {
    package var cookie: String
    /// nil: until the browser is closed.
    package var maxAge: Duration?
    /// What keys the cookie's value; nil: chosen at random by each process.
    package var secret: String?

    package init(cookie: String, maxAge: Duration? = nil, secret: String? = nil) {
        self.cookie = cookie
        self.maxAge = maxAge
        self.secret = secret
    }
}
