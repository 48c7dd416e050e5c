internal import GatewayConfiguration
internal import GatewayEngine

/// What `explain` tells, in the order in which it happens to a request.
struct ExplainStory {
    let request: ExplainedRequest
    let explanation: RequestExplanation
    let snapshot: Snapshot

    var configuration: GatewayConfiguration { snapshot.configuration }
    var route: RouteConfiguration? { explanation.route.map { configuration.routes[$0] } }

    func text(colour: Bool) -> String {
        var lines = [Paint.strong("\(request.method) \(LiveLog.printable(request.url))", colour)]
        lines += arrival()
        lines += candidates(colour)
        lines += policies()
        lines += ending(colour)
        return lines.joined(separator: "\n")
    }

    // MARK: What comes in

    private func arrival() -> [String] {
        let listener = configuration.listeners[explanation.listener]
        var lines = ["  listener   \"\(listener.name)\"\(place(listener.location))"]
        if let proxy = listener.proxyProtocol {
            let others = proxy.others == .serve ? ", others are served without" : ""
            lines.append(
                "  client     told by a PROXY header (\(proxy.version.rawValue)) of trusted peers\(others)"
                    + place(proxy.location))
        }
        if !explanation.removedFields.isEmpty {
            lines.append("  fields     left out: \(explanation.removedFields.joined(separator: ", "))")
        }
        if let path = explanation.normalizedPath {
            let isSame = path == explanation.receivedPath
            lines.append("  path       \(path)\(isSame ? "" : ", the normal form of \(explanation.receivedPath)")")
        }
        if !listener.stages.isEmpty {
            if let stage = explanation.stage {
                let matched = explanation.matchedPath.map { ": \($0)" } ?? ""
                lines.append("  stage      \"\(stage)\" is taken off\(matched)")
            } else if explanation.normalizedPath != nil {
                lines.append("  stage      none of \(list(listener.stages.map { "/\($0)" }, "or"))")
            }
        }
        for parameter in explanation.parameters {
            lines.append("  parameter  {\(parameter.name)} is \(parameter.value)")
        }
        return lines
    }

    // MARK: Who could have answered

    private func candidates(_ colour: Bool) -> [String] {
        guard !explanation.candidates.isEmpty else {
            // A preflight is answered for the route of the method that it asks about.
            return explanation.matchedPath == nil || explanation.route != nil
                ? [] : ["", "No route has this host and path."]
        }
        var lines = ["", "Routes with this host and path, in the order in which they are tried:"]
        for candidate in explanation.candidates {
            let route = configuration.routes[candidate.route]
            let mark = candidate.failure == nil ? Paint.good("+", colour) : Paint.bad("-", colour)
            lines.append("  \(mark) \(Paint.strong(route.name, colour))\(place(route.location))  \(Self.path(route))")
            lines.append("      \(reason(candidate))")
        }
        return lines
    }

    func reason(_ candidate: Explanation.Candidate) -> String {
        guard let failure = candidate.failure else { return "takes it" }
        return RuleSentence(explanation: explanation, method: request.method, snapshot: snapshot)
            .text(failure, of: configuration.routes[candidate.route])
    }

    static func path(_ route: RouteConfiguration) -> String {
        switch route.path {
        case .pattern(let pattern): pattern.text
        case .regex(let text): "regex \(text)"
        }
    }

    // MARK: Who decides on the way

    var policySentences: [PolicySentence] { PolicySentence.all(explanation, configuration) }

    private func policies() -> [String] {
        let sentences = policySentences
        guard !sentences.isEmpty else { return [] }
        return ["", "Asked on the way:"]
            + sentences.map { sentence in
                "  \(pad(sentence.name, 10)) \(sentence.says)\(sentence.location.map { " (\($0))" } ?? "")"
            }
    }

    // MARK: How it ends

    private func ending(_ colour: Bool) -> [String] {
        var lines: [String] = [""]
        switch explanation.verdict {
        case .refused(let error, let reason, let allow):
            lines.append("The gateway answers \(Paint.bad("\(error.status) \(error.code)", colour)): \(error.message)")
            if let reason { lines.append("  \(reason)") }
            if !allow.isEmpty { lines.append("  Allow: \(allow.joined(separator: ", "))") }
            return lines
        case .redirected(let status, let location):
            lines.append("The gateway answers \(status), to \(Paint.accent(location, colour))")
        case .answered(let status, let size):
            lines.append("The gateway answers \(status) by itself, with \(size) bytes.")
        case .proxied(let destinations):
            lines += self.destinations(destinations, colour)
        case .aggregated(let aggregate):
            lines += parts(aggregate, colour)
            lines += reshaping()
        case .handled(let name):
            lines.append(
                "Swift code of the program answers: handler \(Paint.accent("\"\(name)\"", colour))\(place(handlerLocation))"
            )
            lines += reshaping()
        }
        return lines + validation() + limits()
    }

    private var handlerLocation: SourceLocation {
        guard case .handler(let name) = route?.answer else { return .none }
        return name.location
    }

    private func destinations(_ destinations: [RequestExplanation.Destination], _ colour: Bool) -> [String] {
        var lines: [String] = []
        let total = destinations.reduce(0) { $0 + $1.weight }
        if let sentence = splitSentence { lines.append(sentence) }
        for (index, destination) in destinations.enumerated() {
            // A split that is decided leaves one of them.
            if let side = explanation.split?.side, side != index { continue }
            let isOpen = destinations.count > 1 && explanation.split?.side == nil
            let share = isOpen ? ", \(destination.weight) of \(total) requests" : ""
            switch destination.source {
            case .configured(let index):
                let service = configuration.services[index]
                lines.append("It goes to service \"\(service.name)\"\(place(service.location))\(share):")
            case .upstream:
                lines.append("It goes to the route's upstream\(share):")
            }
            if let choice = choice(destination) { lines.append("  \(choice)") }
            for endpoint in destination.endpoints {
                lines.append("  " + Paint.accent(Self.url(endpoint, destination.target), colour))
                if destination.endpoints.count > 1 { lines[lines.count - 1] += "  (\(Self.share(endpoint)))" }
            }
        }
        for destination in destinations {
            guard let version = proxyProtocol(of: destination) else { continue }
            lines.append("  a PROXY header (\(version)) tells \(destination.service) who the client is")
        }
        if let host = explanation.upstreamHost { lines.append("  Host: \(host)") }
        if !explanation.removedPrefix.isEmpty {
            lines.append("  X-Forwarded-Prefix: \(explanation.removedPrefix)")
        }
        if let sentence = callSentence { lines.append("  " + sentence) }
        return lines + reshaping()
    }

    private func reshaping() -> [String] {
        var lines: [String] = []
        if let transformation = explanation.transformation {
            let edited = Self.edited(transformation)
            lines.append("  reshaped by the transformation\(place(transformation.location)): \(list(edited, "and"))")
        }
        if let compression = route?.compression ?? configuration.compression, compression.isEnabled,
            !compression.algorithms.isEmpty
        {
            let names = compression.algorithms.map(\.rawValue)
            lines.append("  compressed for clients that accept \(list(names, "or"))")
        }
        return lines
    }

    /// What of the messages a transformation edits.
    static func edited(_ transformation: TransformationConfiguration) -> [String] {
        var parts: [String] = []
        if let request = transformation.request {
            if !request.headers.isEmpty { parts.append("the request's fields") }
            if !request.query.isEmpty { parts.append("its query") }
            if request.path != nil { parts.append("its path") }
            if !request.body.isEmpty { parts.append("its body, if it is JSON") }
        }
        for response in transformation.responses {
            let ranges = response.statuses.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
            let statuses = ranges.isEmpty ? "" : " of \(ranges.joined(separator: ", "))"
            if !response.headers.isEmpty { parts.append("the fields of responses\(statuses)") }
            if !response.body.isEmpty { parts.append("the JSON of responses\(statuses)") }
            if let status = response.newStatus {
                parts.append("the status of responses\(statuses), which becomes \(status)")
            }
            if response.requiresJSON { parts.append("responses\(statuses) that are not JSON become errors") }
        }
        return parts.isEmpty ? ["nothing"] : parts
    }

    /// How one of several endpoints is chosen.
    private func choice(_ destination: RequestExplanation.Destination) -> String? {
        guard destination.endpoints.count > 1, let balancing = balancing(of: destination) else { return nil }
        var text = "by \(balancing.policy.rawValue)"
        if let key = balancing.key { text += " of \(key)" }
        if let sticky = balancing.sticky { text += ", unless the cookie \(sticky.cookie) names one" }
        return text
    }

    func balancing(of destination: RequestExplanation.Destination) -> LoadBalancingConfiguration? {
        guard case .configured(let index) = destination.source else { return nil }
        return configuration.services[index].loadBalancing
    }

    private static func share(_ endpoint: EndpointConfiguration) -> String {
        let weight = "weight \(endpoint.weight)"
        return endpoint.priority == 0 ? weight : "\(weight), priority \(endpoint.priority)"
    }

    static func url(_ endpoint: EndpointConfiguration, _ target: String) -> String {
        let url = "\(endpoint.tls ? "https" : "http")://\(endpoint.authority)\(target)"
        return endpoint.path.map { "\(url) by unix:\($0)" } ?? url
    }

    /// What comes in front of a connection to the service; nil: nothing does.
    func proxyProtocol(of destination: RequestExplanation.Destination) -> String? {
        guard case .configured(let index) = destination.source else { return nil }
        return configuration.services[index].proxyProtocol?.rawValue
    }

    var appliedLimits: [AppliedLimit] {
        guard let route else { return [] }
        var service: ServiceConfiguration?
        if case .proxied(let destinations) = explanation.verdict, !destinations.isEmpty {
            let first = destinations[explanation.split?.side ?? 0]
            switch first.source {
            case .configured(let index): service = configuration.services[index]
            case .upstream: service = ServiceConfiguration(name: first.service, endpoints: first.endpoints)
            }
        }
        let rates = explanation.limits.map { AppliedLimit(rate: $0, from: explanation.limitSource, of: route) }
        return rates + AppliedLimit.all(route: route, service: service, configuration)
    }

    private func limits() -> [String] {
        var lines = ["", "Limits on the way:"]
        for limit in appliedLimits {
            let name = pad(limit.name, 22)
            let status = limit.then
            lines.append("  \(name) \(pad(limit.value, 8)) \(pad(status, 13)) \(limit.from)")
        }
        if let store = limitStore {
            lines.append("  Rates are counted in \(store.name)\(place(store.location));")
            lines.append("  while it is gone: \(store.onFailure.meaning).")
        }
        return lines
    }

    /// Where the rates among them are counted; nil: in the process, or there are none.
    var limitStore: LimitStoreConfiguration? {
        route == nil || explanation.limits.isEmpty ? nil : configuration.rateLimiting.store
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    func place(_ location: SourceLocation) -> String {
        location == .none ? "" : " (\(location))"
    }
}

extension LimitStoreConfiguration.FailureMode {
    /// For a person.
    fileprivate var meaning: String {
        switch self {
        case .local: "counted in each gateway by itself"
        case .allow: "not limited"
        case .deny: "answered with 429"
        }
    }
}
