/// Routes: matching conditions, then the answer, then what is done to the path.
extension ConfigurationDecoder {
    /// 1. Each route by itself. 2. Names for those without. 3. Conflicts between them: by then all have a name to be
    /// reported with (`finishRoutes`).
    mutating func decodeRoutes(_ id: NodeID) -> [RouteConfiguration] {
        guard document.node(id).kind == .sequence else { return [] }
        var routes: [RouteConfiguration] = []
        routes.reserveCapacity(Int(document.node(id).count))
        for child in document.children(id) {
            if let route = decodeRoute(child) { routes.append(route) }
        }
        return routes
    }

    /// 2 and 3, for all routes, wherever they come from.
    mutating func finishRoutes(_ routes: inout [RouteConfiguration]) {
        nameRoutes(&routes)
        RouteConflicts.check(routes, findings: &findings)
    }

    /// A route without a readable path is left out: nothing else about it could be checked. With any other error it is
    /// still decoded, so that its references are checked in the same run.
    private mutating func decodeRoute(_ id: NodeID) -> RouteConfiguration? {
        guard isMapping(id) else { return nil }
        // Two passes over a handful of entries: what an answer or an edit may refer to is known only when the path is,
        // and the file may give them in any order.
        var parts = RouteNodes()
        for (key, value) in document.entries(id) {
            switch document.key(key) {
            case .path: parts.path = value
            case .service, .upstream, .split, .respond, .redirect, .aggregate, .handler:
                parts.answer = value
                parts.answerKey = document.key(key)
            case .stripPrefix, .rewrite, .rewritePrefix:
                parts.edit = value
                parts.editKey = document.key(key)
            case .splitKey, .splitOverrides, .canary: parts.release.append((key, value))
            default: break
            }
        }
        guard let pathNode = parts.path, let path = decodePath(pathNode) else { return nil }
        let parameters = RouteParameters(path)
        let answer = decodeAnswer(parts, parameters)
        // A route without an answer comes with errors, and nobody runs it.
        var notImplemented = FixedResponseConfiguration()
        notImplemented.status = 501
        var route = RouteConfiguration(
            name: "", path: path, answer: answer ?? .respond(notImplemented), location: location(id))
        route.pathEdit = decodePathEdit(parts, parameters)
        for (key, value) in document.entries(id) { decodeCondition(document.key(key), value, into: &route) }
        return route
    }

    private mutating func decodeCondition(_ key: Key?, _ value: NodeID, into route: inout RouteConfiguration) {
        switch key {
        case .name: route.name = text(value)
        case .hosts:
            route.hosts = shared(values(value).compactMap { try? HostName.parsePattern(text($0)) }, \.lastHosts)
        case .methods: route.methods = shared(decodeMethods(value), \.lastMethods)
        case .headers: route.headers = decodeMatches(value)
        case .query: route.query = decodeMatches(value)
        case .cookies: route.cookies = decodeMatches(value)
        case .listeners: route.listeners = decodeListenerNames(value)
        case .host: route.host = (try? HostPolicy.parse(text(value))) ?? .target
        case .limits:
            for (key, value) in entries(value) {
                switch document.key(key) {
                case .requestHead: route.maxRequestHead = try? SizeValue.parse(text(value))
                case .requestLine: route.maxRequestLine = try? SizeValue.parse(text(value))
                case .requestBody: route.maxRequestBody = try? SizeValue.parse(text(value))
                case .concurrency: route.concurrency = integer(value)
                default: break
                }
            }
        case .timeouts: decodeTimeouts(value, into: &route.timeouts)
        case .retries: route.retries = decodeRetries(value)
        case .hedge: route.hedge = decodeHedge(value)
        case .fault: route.fault = decodeFault(value)
        case .paths: route.paths = decodePathPolicy(value)
        case .websocket: assign(value, to: &route.webSocket)
        case .grpcWeb: assign(value, to: &route.grpcWeb)
        case .mirror: route.mirror = decodeMirror(value)
        case .transformations: route.transformation = decodeTransformation(value)
        case .validate: route.validation = decodeValidation(value, of: route.path)
        case .auth: route.auth = decodeRouteAuth(value)
        case .cors: route.cors = decodeCORS(value)
        case .errors: route.errors = decodeErrors(value)
        case .compression: route.compression = decodeCompression(value)
        case .addresses: route.addresses = decodeAddresses(value)
        case .policies: route.policies = decodePolicyNames(value)
        case .rateLimiting: route.rateLimits = decodeLimits(value, parameters: RouteParameters(route.path))
        default: break
        }
    }

    private mutating func decodePath(_ id: NodeID) -> PathMatch? {
        if isMapping(id) {
            for (key, value) in document.entries(id) where document.key(key) == .regex { return .regex(text(value)) }
            return nil
        }
        return parsed(id, name: "path") { text throws(Problem) in try PathPattern.parse(text) }.map(PathMatch.pattern)
    }

    /// Neighbouring routes often have the same list: they then share one array.
    private mutating func shared(
        _ values: [String], _ last: WritableKeyPath<ConfigurationDecoder, [String]>
    ) -> [String] {
        if self[keyPath: last] != values { self[keyPath: last] = values }
        return self[keyPath: last]
    }

    /// Empty for any method.
    private func decodeMethods(_ id: NodeID) -> [String] {
        let methods = values(id).map(text)
        return methods.contains("ANY") ? [] : methods
    }

    /// Names that no listener has would make a route unreachable without a word. Without `listeners:` in the file there
    /// is nothing to name but the default one, whose name is its address.
    private mutating func decodeListenerNames(_ id: NodeID) -> [String] {
        for node in values(id) where !listenerNames.contains(text(node)) && !listenerNames.isEmpty {
            let near = nearest(to: text(node), among: listenerNames)
            report(
                Problem(
                    "names no listener", fix: "name one of \(listenerNames.sorted().joined(separator: ", "))",
                    suggestion: near), at: node, name: "listeners")
        }
        return values(id).map(text)
    }

    /// Exact values as they are; a mapping holds exactly one condition, as the checker has made sure. The names of header
    /// fields keep their spelling here: whoever compares them does so without case.
    private func decodeMatches(_ id: NodeID) -> [FieldMatch] {
        entries(id).compactMap { key, value in
            guard isMapping(value) else {
                return FieldMatch(name: text(key), condition: .exact(text(value)), location: location(key))
            }
            for (word, condition) in document.entries(value) {
                let match: FieldMatch.Condition? =
                    switch document.key(word) {
                    case .regex: .regex(text(condition))
                    case .present: boolean(condition).map { .present($0) }
                    case .mediaType: .mediaType(text(condition))
                    default: nil
                    }
                if let match { return FieldMatch(name: text(key), condition: match, location: location(key)) }
            }
            return nil
        }
    }

    /// Three states each: absent (the service's), `0s` (none at all), or a limit of its own.
    private func decodeTimeouts(_ id: NodeID, into timeouts: inout RouteConfiguration.RouteTimeouts) {
        for (key, value) in entries(id) {
            guard let duration = try? DurationValue.parse(text(value)) else { continue }
            switch document.key(key) {
            case .request: timeouts.request = duration == .zero ? .off : .limit(duration)
            case .streamIdle: timeouts.streamIdle = duration == .zero ? .off : .limit(duration)
            case .perTry: timeouts.perTry = duration == .zero ? .off : .limit(duration)
            default: break
            }
        }
    }

    /// Names are unique; a route without one is called by its path, with "#2" and so on where that recurs.
    private mutating func nameRoutes(_ routes: inout [RouteConfiguration]) {
        var taken: [String: Int] = [:]
        taken.reserveCapacity(routes.count)
        for index in routes.indices where !routes[index].name.isEmpty {
            guard let first = taken.updateValue(index, forKey: routes[index].name) else { continue }
            findings.error(
                at: routes[index].location,
                "two routes are named \(quote(routes[index].name)); first at \(routes[first].location)",
                fix: "give each a name of its own, or none")
        }
        var repeats: [String: Int] = [:]
        for index in routes.indices where routes[index].name.isEmpty {
            let label = routes[index].path.label
            var name = label
            while taken[name] != nil {
                repeats[label, default: 1] += 1
                name = "\(label)#\(repeats[label, default: 1])"
            }
            taken[name] = index
            routes[index].name = name
        }
    }
}

/// The values of one route that are read before the others.
struct RouteNodes {
    var path: NodeID?
    var answer: NodeID?
    var answerKey: Key?
    var edit: NodeID?
    var editKey: Key?
    /// What belongs to a split, keys with their values.
    var release: [(key: NodeID, value: NodeID)] = []
}

extension PathMatch {
    var label: String {
        switch self {
        case .pattern(let pattern): pattern.text
        case .regex(let expression): expression
        }
    }
}
