package import GatewayConfiguration

/// What the gateway would do with a request, and why: what `gatehouse explain` tells.
package struct RequestExplanation: Sendable {
    /// What becomes of the request in the end.
    package enum Verdict: Sendable {
        /// The gateway answers with an error. `reason` is a sentence about this request, where there is one; `allow` is
        /// the `Allow` field of a 405.
        case refused(GatewayError, reason: String?, allow: [String])
        /// One service, or the sides of a split.
        case proxied([Destination])
        case redirected(status: Int, location: String)
        case answered(status: Int, bodySize: Int)
        /// Made of the answers to several calls.
        case aggregated(CompiledAggregate)
    }

    /// A service that may get the request, and what is sent there.
    package struct Destination: Sendable {
        package enum Source: Sendable {
            /// The index in the configuration's services.
            case configured(Int)
            /// The route's `upstream` URL.
            case upstream
        }

        package let source: Source
        package let service: String
        /// Of a split; 1 without one.
        package let weight: Int
        /// Those of a service take turns, by their weights.
        package let endpoints: [EndpointConfiguration]
        /// Path and query as they are sent.
        package let target: String
    }

    /// What a split makes of the request.
    package struct SplitDecision: Sendable, Hashable {
        package enum Cause: Sendable, Hashable {
            /// The override at this index of the route's configuration.
            case override(Int)
            /// The request's key.
            case key
            /// The client's address, which is not known here.
            case client
            /// No key: requests take turns.
            case turn
        }

        /// As in the configuration; nil: none.
        package internal(set) var key: String?
        /// The index of the side; nil where the request alone does not decide.
        package internal(set) var side: Int?
        package internal(set) var cause: Cause
    }

    /// Where limits stand.
    package enum LimitSource: Sendable, Hashable {
        case `default`
        /// The index in the configuration.
        case override(Int)
        case route
    }

    package internal(set) var listener: Int
    package internal(set) var host = ""
    /// The path as it came, and the query behind its `?`.
    package internal(set) var receivedPath = ""
    package internal(set) var query: String?
    /// Field names that were taken out before routing: those of the connection, and those with `_`.
    package internal(set) var removedFields: [String] = []
    /// The fields that routing saw.
    package internal(set) var fields: [(name: String, value: String)] = []
    /// nil when the path was refused.
    package internal(set) var normalizedPath: String?
    package internal(set) var features: PathFeatures = []
    /// The stage that was removed.
    package internal(set) var stage: String?
    /// What was matched; nil when it did not come to that.
    package internal(set) var matchedPath: String?
    package internal(set) var candidates: [Explanation.Candidate] = []
    /// The index of the route that takes the request.
    package internal(set) var route: Int?
    package internal(set) var parameters: [Explanation.Parameter] = []
    /// What `strip_prefix` takes away, which goes into `X-Forwarded-Prefix`.
    package internal(set) var removedPrefix = ""
    /// What `Host` says upstream, where it is not each endpoint's own authority.
    package internal(set) var upstreamHost: String?
    /// The limits that hold, all at once, and where they come from.
    package internal(set) var limits: [RateLimitConfiguration] = []
    package internal(set) var limitSource = LimitSource.default
    /// What is done to the request and its response; nil: nothing.
    package internal(set) var transformation: TransformationConfiguration?
    /// What the request and its response must look like; nil: nothing is asked.
    package internal(set) var validation: ValidationConfiguration?
    /// nil: no split answers.
    package internal(set) var split: SplitDecision?
    package internal(set) var verdict = Verdict.refused(.notFound, reason: nil, allow: [])

    init(listener: Int) {
        self.listener = listener
    }
}
