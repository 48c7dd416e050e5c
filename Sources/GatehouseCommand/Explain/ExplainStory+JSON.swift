internal import GatewayConfiguration
internal import GatewayEngine

/// The same for programs.
extension ExplainStory {
    private struct Document: Encodable {
        struct Candidate: Encodable {
            var route: String
            var location: String
            var path: String
            var takes: Bool
            var reason: String
        }
        struct Endpoint: Encodable {
            var url: String
            var weight: Int
            var priority: Int
        }
        struct Destination: Encodable {
            var service: String
            var weight: Int
            /// How one of the endpoints is chosen; absent for a route's upstream.
            var policy: String?
            var key: String?
            var endpoints: [Endpoint]
        }
        struct Split: Encodable {
            var key: String?
            /// `override`, `key`, `client` or `turn`.
            var decidedBy: String
            /// The side; absent where the request alone does not decide.
            var service: String?
        }
        struct Part: Encodable {
            var part: String
            var step: Int
            var service: String
            var method: String
            var path: String
            var each: String?
            var onError: String
            var location: String
        }
        struct Verdict: Encodable {
            /// `proxied`, `refused`, `redirected`, `answered`, `aggregated` or `handled`.
            var kind: String
            var status: Int?
            var error: String?
            var message: String?
            var allow: [String]?
            var location: String?
            var destinations: [Destination]?
            /// The name of the Swift code that answers.
            var handler: String?
            /// Of an aggregate, by the step in which they are called.
            var parts: [Part]?
            var split: Split?
            var host: String?
            var forwardedPrefix: String?
            /// Absent where the route does not translate gRPC-Web, and the request is no call.
            var call: Call?
            /// Absent where nothing is reshaped.
            var transformation: Transformation?
        }
        struct Call: Encodable {
            /// Whether the route makes gRPC of gRPC-Web.
            var translatesWeb: Bool
            /// What the request and its answer are by media type; absent for a request that is no call.
            var request: String?
            var answer: String?
        }
        struct Transformation: Encodable {
            var location: String
            var edits: [String]
        }

        struct Store: Encodable {
            var servers: [String]
            var cluster: Bool
            var onFailure: String
        }

        var method: String
        var url: String
        var listener: String
        var receivedPath: String
        var normalizedPath: String?
        var stage: String?
        var matchedPath: String?
        var removedFields: [String]
        var candidates: [Candidate]
        var route: String?
        var parameters: [String: String]
        /// What addresses, CORS and identity say, in this order.
        var policies: [PolicySentence]
        var verdict: Verdict
        var limits: [AppliedLimit]
        /// Where rates are counted; absent: in the process, or there are none.
        var limitStore: Store?
        /// Absent where nothing is checked.
        var validation: Validation?
    }

    private struct Validation: Encodable {
        var location: String
        var checks: [String]
        var reportOnly: Bool
    }

    func json() throws -> String {
        let candidates = explanation.candidates.map { candidate in
            let route = configuration.routes[candidate.route]
            return Document.Candidate(
                route: route.name, location: route.location.description, path: Self.path(route),
                takes: candidate.failure == nil, reason: reason(candidate))
        }
        return try JSONLines.pretty(
            Document(
                method: request.method, url: request.url,
                listener: configuration.listeners[explanation.listener].name,
                receivedPath: explanation.receivedPath, normalizedPath: explanation.normalizedPath,
                stage: explanation.stage, matchedPath: explanation.matchedPath,
                removedFields: explanation.removedFields, candidates: candidates, route: route?.name,
                parameters: Dictionary(
                    explanation.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                policies: policySentences, verdict: verdict, limits: appliedLimits,
                limitStore: limitStore.map { store in
                    Document.Store(
                        servers: store.servers.map(\.name), cluster: store.isCluster,
                        onFailure: store.onFailure.rawValue)
                },
                validation: explanation.validation.map {
                    Validation(
                        location: $0.location.description, checks: Self.checks($0),
                        reportOnly: $0.reporting.isReportOnly)
                }))
    }

    private func split(_ destinations: [RequestExplanation.Destination]) -> Document.Split? {
        guard let decision = explanation.split else { return nil }
        let cause =
            switch decision.cause {
            case .override: "override"
            case .key: "key"
            case .client: "client"
            case .turn: "turn"
            }
        return Document.Split(
            key: decision.key, decidedBy: cause, service: decision.side.map { destinations[$0].service })
    }

    private var verdict: Document.Verdict {
        switch explanation.verdict {
        case .refused(let error, let reason, let allow):
            return Document.Verdict(
                kind: "refused", status: error.status, error: error.code.description,
                message: reason ?? error.message.description, allow: allow.isEmpty ? nil : allow)
        case .redirected(let status, let location):
            return Document.Verdict(kind: "redirected", status: status, location: location)
        case .answered(let status, _):
            return Document.Verdict(kind: "answered", status: status)
        case .aggregated(let aggregate):
            let parts = AggregateSteps(aggregate).all.map { step, part in
                Document.Part(
                    part: part.name, step: step, service: part.service, method: part.method, path: part.path.text,
                    each: part.each?.text, onError: AggregateSteps.word(part.onError),
                    location: part.location.description)
            }
            return Document.Verdict(kind: "aggregated", parts: parts, transformation: transformation)
        case .handled(let name):
            return Document.Verdict(kind: "handled", handler: name, transformation: transformation)
        case .proxied(let destinations):
            let all = destinations.map { destination in
                Document.Destination(
                    service: destination.service, weight: destination.weight,
                    policy: balancing(of: destination)?.policy.rawValue,
                    key: balancing(of: destination)?.key?.description,
                    endpoints: destination.endpoints.map {
                        Document.Endpoint(
                            url: Self.url($0, destination.target), weight: $0.weight, priority: $0.priority)
                    })
            }
            let prefix = explanation.removedPrefix
            return Document.Verdict(
                kind: "proxied", destinations: all, split: split(destinations), host: explanation.upstreamHost,
                forwardedPrefix: prefix.isEmpty ? nil : prefix, call: call,
                transformation: transformation)
        }
    }

    private var call: Document.Call? {
        let translates = route?.grpcWeb == true
        guard let types = callTypes else { return translates ? Document.Call(translatesWeb: true) : nil }
        return Document.Call(translatesWeb: translates, request: types.request, answer: types.answer)
    }

    private var transformation: Document.Transformation? {
        explanation.transformation.map {
            Document.Transformation(location: $0.location.description, edits: Self.edited($0))
        }
    }
}
