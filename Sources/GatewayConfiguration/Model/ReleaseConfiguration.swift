/// `split:` with all that belongs to it: how the requests of one route are shared out between services.
package struct SplitConfiguration: Sendable, Hashable {
    package var sides: [SplitSide]
    /// nil: every request is shared out for itself.
    package var key: SplitKey?
    /// Tried in order, before the weights.
    package var overrides: [SplitOverride] = []
    package var canary: CanaryConfiguration?

    package init(sides: [SplitSide]) { self.sides = sides }
}

package struct SplitSide: Sendable, Hashable {
    package var service: String
    package var weight: Int
    package init(service: String, weight: Int) {
        self.service = service
        self.weight = weight
    }
}

/// What keeps a client on its side.
package enum SplitKey: Sendable, Hashable {
    case client
    case path
    case header(String)
    case cookie(String)
    case query(String)
    /// The name of the consumer.
    case consumer
    /// A claim of the token that was verified.
    case claim(String)
}

/// `{ header: X-Canary, value: always, service: checkout-v2 }`
package struct SplitOverride: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case header(String)
        case cookie(String)
        case query(String)
    }
    package var source: Source
    /// nil: any value.
    package var value: String?
    package var service: String

    package init(source: Source, value: String?, service: String) {
        self.source = source
        self.value = value
        self.service = service
    }
}

/// A release that judges itself.
package struct CanaryConfiguration: Sendable, Hashable {
    package enum Inconclusive: String, Sendable, Hashable {
        case wait
        case goOn = "go_on"
        case rollBack = "roll_back"
    }

    /// One of the split's two services; the other one is the baseline.
    package var candidate: String
    /// Shares from 0 to 1, rising.
    package var steps: [Double] = [0.01, 0.05, 0.25, 0.5]
    package var pause: Duration = .seconds(300)
    package var minRequests = 500
    /// Of all requests: 0.005 allows 1.5 % where the baseline has 1 %.
    package var maxErrorIncrease = 0.005
    /// Of the baseline's latency: 0.2 allows 120 ms where the baseline has 100 ms.
    package var maxLatencyIncrease = 0.2
    package var onInconclusive = Inconclusive.wait
    package var autoStart = true
    package var autoPromote = true

    package init(candidate: String) { self.candidate = candidate }
}

/// `mirror:`: a copy of a share of the requests, whose answers nobody sees.
package struct MirrorConfiguration: Sendable, Hashable {
    package var service: String
    /// From 0 to 1.
    package var share = 1.0
    /// Bytes; a request with a larger body is not copied.
    package var maxBody = 64 << 10

    package init(service: String) { self.service = service }
}
