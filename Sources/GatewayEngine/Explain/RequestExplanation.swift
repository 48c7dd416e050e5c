package import GatewayConfiguration

/// What the gateway would do with a request, and why: what `gatehouse explain` tells.
package struct RequestExplanation: Sendable {
    /// Bytes of the head as it came.
    var headSize = 0
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
        /// Made by Swift code of the program, which is known by this name.
        case handled(String)
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

    /// Whether the request is a call of gRPC, and what becomes of it.
    package enum CallDecision: Sendable, Hashable {
        /// gRPC itself: passes.
        case plain
        /// gRPC-Web on a route that does not translate it: a request like others.
        case webUntouched
        /// gRPC-Web, translated; whether the request is in base64, and whether the answer is to be.
        case webTranslated(requestIsText: Bool, answerIsText: Bool)
    }

    /// Where limits stand.
    package enum LimitSource: Sendable, Hashable {
        case `default`
        /// The index in the configuration.
        case override(Int)
        case route
        /// The consumer's place in the configuration.
        case consumer(Int)
    }

    /// What the gateway finds out about the caller, as far as the request alone tells.
    package enum CallerDecision: Sendable, Hashable {
        /// The route asks nobody.
        case open
        /// The path is one of `exclude_paths`.
        case excluded
        /// Nothing shows who asks: 401.
        case missing
        /// Nothing does, and nothing need.
        case nobody
        /// Recognised here; `subject` is what the credentials say.
        case known(CredentialKind, subject: String?)
        /// Refused, with the status and code of the answer and the reason of the log.
        case refused(CredentialKind, status: Int, code: String, reason: String)
        /// Somebody else decides, whose URL this is.
        case asks(CredentialKind, url: String)
        /// The credentials cannot be judged without the issuer's keys, which are fetched from this URL.
        case fetchesKeys(url: String)
    }

    /// What the rules of CORS say about the request.
    package enum CrossOriginDecision: Sendable, Hashable {
        /// No rules hold, or the request names no origin.
        case none
        case allowed(origin: String, isPreflight: Bool)
        /// No fields of CORS: the browser refuses.
        case notAllowed(origin: String, isPreflight: Bool)
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
    package internal(set) var caller = CallerDecision.open
    /// The caller's place among the consumers of the configuration; nil: none that is known here.
    package internal(set) var consumer: Int?
    /// Why a caller that is known may not pass, as the log says it; nil: it may, as far as that is known.
    package internal(set) var forbidden: String?
    package internal(set) var crossOrigin = CrossOriginDecision.none
    /// The limits that hold, all at once, and where they come from.
    package internal(set) var limits: [RateLimitConfiguration] = []
    package internal(set) var limitSource = LimitSource.default
    /// What is done to the request and its response; nil: nothing.
    package internal(set) var transformation: TransformationConfiguration?
    /// What the request and its response must look like; nil: nothing is asked.
    package internal(set) var validation: ValidationConfiguration?
    /// nil: the request is no call of gRPC, in either form.
    package internal(set) var call: CallDecision?
    /// nil: no split answers.
    package internal(set) var split: SplitDecision?
    package internal(set) var verdict = Verdict.refused(.notFound, reason: nil, allow: [])

    init(listener: Int) {
        self.listener = listener
    }
}
