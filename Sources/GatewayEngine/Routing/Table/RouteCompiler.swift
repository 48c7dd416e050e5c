internal import GatewayConfiguration
internal import HTTPWire

/// Compiles routes into the parts of a `RouteTable`. It goes on after a problem, so that one run reports all of them.
struct RouteCompiler {
    struct Parts {
        var routes: [CompiledRoute]
        var upstreams: [EndpointConfiguration]
        var trie: SegmentTrie
        var methods: MethodNames
        var anyHost: UInt32
        var hasHosts: Bool
        var longestWildcard: Int
    }

    /// The path of a route, compiled.
    struct CompiledPath {
        var pattern: String
        var shape: TargetPlanCompiler.Shape
        var captures: [UInt8] = []
        var expression: RegexProgram?
    }

    private struct UpstreamKey: Hashable {
        var host: String
        var port: UInt16
        var tls: Bool
    }

    private(set) var diagnostics: [Diagnostic] = []
    private var builder = SegmentTrieBuilder()
    private var methods = MethodNames()
    private var plans = TargetPlanCompiler()
    private var services: [String: Int] = [:]
    private var listeners: [String: Int] = [:]
    private var upstreams: [EndpointConfiguration] = []
    private var upstreamIndices: [UpstreamKey: Int] = [:]
    private var expressions: [String: RegexProgram] = [:]
    private var hasHosts = false
    private var longestWildcard = 0

    init(services: [ServiceConfiguration], listeners: [ListenerConfiguration]) {
        for (index, service) in services.enumerated() {
            let name = Array(service.name.utf8)
            // A service's node has its index; so each gets one, whatever its name.
            let isNew =
                !name.contains(UInt8(ascii: "/"))
                && builder.child(of: SegmentTrie.serviceNames, name.span) == UInt32(index)
            if !isNew {
                report(service.location, "the service name \"\(service.name)\" is used twice or contains a slash")
                _ = builder.addRoot()
            }
            self.services[service.name] = index
        }
        for (index, listener) in listeners.enumerated() { self.listeners[listener.name] = index }
    }

    mutating func compile(_ configurations: [RouteConfiguration]) throws(RouteTableError) -> Parts {
        let anyHost = builder.addRoot()
        var routes: [CompiledRoute] = []
        routes.reserveCapacity(configurations.count)
        for (index, configuration) in configurations.enumerated() {
            routes.append(compile(configuration, index: index, anyHost: anyHost))
        }
        let trie = builder.finish { Self.precedes($0, $1, configurations) }
        reportTies(trie, configurations)
        guard diagnostics.isEmpty else {
            trie.deallocate()
            throw RouteTableError(diagnostics: diagnostics)
        }
        return Parts(
            routes: routes, upstreams: upstreams, trie: trie, methods: methods, anyHost: anyHost, hasHosts: hasHosts,
            longestWildcard: longestWildcard)
    }

    mutating func report(_ location: SourceLocation, _ message: String, fix: String? = nil) {
        diagnostics.append(Diagnostic(.error, at: location, message, fix: fix))
    }

    // MARK: - One route

    private mutating func compile(_ route: RouteConfiguration, index: Int, anyHost: UInt32) -> CompiledRoute {
        let path = compilePath(route)
        let conditions = compileConditions(route)
        var candidate = Candidate(route: UInt32(index), flags: 0, methods: MethodNames.any)
        if conditions != nil || path.expression != nil { candidate.flags |= Candidate.conditional }
        if !path.captures.isEmpty { candidate.flags |= Candidate.capturing }
        compileMethods(route, &candidate)
        insert(candidate, route, anyHost: anyHost)
        var problems: [String] = []
        let answer = compileAnswer(route, path.shape, &problems)
        let target = compileTarget(route, path.shape, &problems)
        for problem in problems { report(route.location, "route \"\(route.name)\": \(problem)") }
        return CompiledRoute(
            index: index, name: route.name, pattern: path.pattern, answer: answer, target: target,
            parameterNames: path.shape.parameterNames, pathPolicy: route.paths.map(PathPolicy.init),
            captures: path.captures, capturesRest: path.shape.lastIsRest, pathExpression: path.expression,
            conditions: conditions)
    }

    private mutating func compileMethods(_ route: RouteConfiguration, _ candidate: inout Candidate) {
        guard !route.methods.isEmpty, !route.methods.contains("ANY") else { return }
        candidate.methods = 0
        candidate.flags |= Candidate.namesMethods
        for name in route.methods {
            guard let bit = methods.add(name) else {
                report(
                    route.location, "route \"\(route.name)\": there are more than 50 methods that are not standard ones"
                )
                return
            }
            candidate.methods |= bit
            if bit == methods.headBit { candidate.flags |= Candidate.namesHead }
        }
        // HEAD is answered by a GET route (RFC 9110 §9.3.2).
        if candidate.methods & methods.getBit != 0 { candidate.methods |= methods.headBit }
    }

    private mutating func compileAnswer(
        _ route: RouteConfiguration, _ shape: TargetPlanCompiler.Shape, _ problems: inout [String]
    ) -> CompiledAnswer {
        switch route.answer {
        case .service(let name): return .service(service(name, &problems))
        case .serviceFromPath(let parameter):
            guard let index = shape.parameterNames.firstIndex(of: parameter) else {
                problems.append("{\(parameter)} is not a parameter of the route's path")
                return .service(0)
            }
            return .serviceFromPath(parameter: index)
        case .upstream(let target): return .upstream(upstream(target.endpoint))
        case .split(let split):
            return .split(
                CompiledSplit(
                    split, services: split.sides.map { service($0.service, &problems) }, route: route.name))
        case .redirect(let redirect): return .redirect(CompiledRedirect(redirect, hasPath: redirect.path != nil))
        case .respond(let response): return .respond(CompiledResponse(response))
        case .aggregate: return .aggregate
        case .handler: return .handler
        }
    }

    private func service(_ name: String, _ problems: inout [String]) -> Int {
        if let index = services[name] { return index }
        problems.append("there is no service \"\(name)\"")
        return 0
    }

    private mutating func upstream(_ endpoint: EndpointConfiguration) -> Int {
        let key = UpstreamKey(host: endpoint.host, port: endpoint.port, tls: endpoint.tls)
        if let index = upstreamIndices[key] { return index }
        upstreams.append(endpoint)
        upstreamIndices[key] = upstreams.count - 1
        return upstreams.count - 1
    }

    private mutating func compileTarget(
        _ route: RouteConfiguration, _ shape: TargetPlanCompiler.Shape, _ problems: inout [String]
    ) -> TargetPlan {
        switch route.answer {
        case .upstream(let target):
            return plans.plan(
                edit: route.pathEdit, path: target.path, query: target.query, shape: shape, problems: &problems)
        case .redirect(let redirect):
            guard let path = redirect.path else { break }
            if route.pathEdit != .none {
                problems.append("the redirect has a path of its own, but the route also edits the path")
            }
            let (template, query) = Self.splitQuery(path)
            if query?.hasParameters == true { problems.append("a redirect's query cannot have placeholders") }
            let text = query?.parts.reduce(into: "") { if case .literal(let part) = $1 { $0 += part } }
            return plans.plan(
                edit: .rewrite(template, query: text), path: nil, query: nil, shape: shape, problems: &problems)
        case .service, .serviceFromPath, .split, .respond, .aggregate, .handler: break
        }
        return plans.plan(edit: route.pathEdit, path: nil, query: nil, shape: shape, problems: &problems)
    }

    /// Parts the template of a redirect at its first `?`.
    private static func splitQuery(_ template: PathTemplate) -> (path: PathTemplate, query: PathTemplate?) {
        for (index, part) in template.parts.enumerated() {
            guard case .literal(let text) = part, let mark = text.firstIndex(of: "?") else { continue }
            let path = template.parts[..<index] + [.literal(String(text[..<mark]))]
            let query = [.literal(String(text[text.index(after: mark)...]))] + template.parts[(index + 1)...]
            return (PathTemplate(parts: Array(path)), PathTemplate(parts: Array(query)))
        }
        return (template, nil)
    }

    private mutating func compileConditions(_ route: RouteConfiguration) -> ConditionSet? {
        let isPlain = route.listeners.isEmpty && route.headers.isEmpty && route.query.isEmpty && route.cookies.isEmpty
        guard !isPlain else { return nil }
        var indices: [Int] = []
        for name in route.listeners {
            if let index = listeners[name] {
                indices.append(index)
            } else {
                report(route.location, "route \"\(route.name)\": there is no listener \"\(name)\"")
            }
        }
        return ConditionSet(
            listeners: indices,
            headers: route.headers.map { match in
                let name = Bytes.lowercased(match.name)
                return HeaderCondition(known: KnownField.lookup(name.span), name: name, test: test(match))
            },
            query: route.query.map { QueryCondition(name: Array($0.name.utf8), test: test($0)) },
            cookies: route.cookies.map { CookieCondition(name: Array($0.name.utf8), test: test($0)) })
    }

    private mutating func test(_ match: FieldMatch) -> ValueTest {
        switch match.condition {
        case .exact(let text): .exact(Array(text.utf8))
        case .regex(let text): expression(text, at: match.location).map { .regex($0) } ?? .absent
        case .present(let expected): expected ? .present : .absent
        case .mediaType(let text): .mediaType(MediaTypePattern(text))
        }
    }

    private mutating func expression(_ text: String, at location: SourceLocation) -> RegexProgram? {
        if let program = expressions[text] { return program }
        do {
            let program = try RegexProgram(text)
            expressions[text] = program
            return program
        } catch {
            report(location, "bad regular expression \"\(text)\": \(error.message), at offset \(error.offset)")
            return nil
        }
    }

    // MARK: - Paths and hosts

    private mutating func compilePath(_ route: RouteConfiguration) -> CompiledPath {
        switch route.path {
        case .pattern(let pattern): compile(pattern, route)
        case .regex(let text): compile(expression: text, route)
        }
    }

    private mutating func compile(expression text: String, _ route: RouteConfiguration) -> CompiledPath {
        let program = expression(text, at: route.location)
        let groups = program?.groups ?? []
        if groups.count > MatchScratch.maximumParameters { reportParameters(route) }
        let kept = groups.prefix(MatchScratch.maximumParameters)
        return CompiledPath(
            pattern: text, shape: .init(parameterNames: kept.map(\.name), lastIsRest: false, prefixSegments: nil),
            captures: kept.map { UInt8($0.number) }, expression: program)
    }

    private mutating func compile(_ pattern: PathPattern, _ route: RouteConfiguration) -> CompiledPath {
        var path = CompiledPath(
            pattern: pattern.text,
            shape: .init(parameterNames: [], lastIsRest: false, prefixSegments: pattern.segments.count))
        if pattern.segments.count > MatchScratch.maximumDepth {
            report(route.location, "the path \"\(pattern.text)\" has more than \(MatchScratch.maximumDepth) segments")
            return path
        }
        for (index, segment) in pattern.segments.enumerated() {
            switch segment {
            case .literal(let text):
                // A final slash belongs to what follows the prefix, not to the prefix.
                if text.isEmpty, index == pattern.segments.count - 1 { path.shape.prefixSegments = index }
            case .parameter(let name):
                guard let name else { continue }
                path.shape.parameterNames.append(name)
                path.captures.append(UInt8(index))
            case .oneOrMore(let name):
                path.shape.prefixSegments = index
                guard let name else { continue }
                path.shape.parameterNames.append(name)
                path.shape.lastIsRest = true
                path.captures.append(UInt8(index))
            case .noneOrMore:
                path.shape.prefixSegments = index
            }
        }
        if path.captures.count > MatchScratch.maximumParameters { reportParameters(route) }
        if Set(path.shape.parameterNames).count != path.shape.parameterNames.count {
            report(route.location, "the path \"\(pattern.text)\" has two parameters of the same name")
        }
        return path
    }

    private mutating func reportParameters(_ route: RouteConfiguration) {
        report(route.location, "route \"\(route.name)\" has more than \(MatchScratch.maximumParameters) parameters")
    }

    /// Enters the route below each of its hosts.
    private mutating func insert(_ candidate: Candidate, _ route: RouteConfiguration, anyHost: UInt32) {
        guard !route.hosts.isEmpty else { return insert(candidate, route, below: anyHost) }
        for host in Set(route.hosts.map(HostPattern.init)) {
            guard host.isUsable else {
                report(
                    route.location, "route \"\(route.name)\": \"\(host.text)\" is not a host",
                    fix: "a name such as api.example.org, or *.example.org, without a port")
                continue
            }
            switch host.kind {
            case .any:
                insert(candidate, route, below: anyHost)
            case .exact:
                hasHosts = true
                insert(candidate, route, below: builder.child(of: SegmentTrie.exactHosts, host.name.span))
            case .wildcard:
                hasHosts = true
                longestWildcard = max(longestWildcard, host.name.count)
                insert(candidate, route, below: builder.child(of: SegmentTrie.wildcardHosts, host.name.span))
            }
        }
    }

    private mutating func insert(_ candidate: Candidate, _ route: RouteConfiguration, below root: UInt32) {
        var node = root
        switch route.path {
        case .regex(let text):
            for segment in RegexPrefix.segments(text).prefix(MatchScratch.maximumDepth) {
                node = builder.child(of: node, segment.span)
            }
            builder.add(candidate, to: node, .regex)
        case .pattern(let pattern):
            for segment in pattern.segments.prefix(MatchScratch.maximumDepth) {
                switch segment {
                case .literal(let text): node = child(of: node, text, pattern, route)
                case .parameter: node = builder.parameterChild(of: node)
                case .oneOrMore: return builder.add(candidate, to: node, .oneOrMore)
                case .noneOrMore: return builder.add(candidate, to: node, .noneOrMore)
                }
            }
            builder.add(candidate, to: node, .exact)
        }
    }

    private mutating func child(
        of node: UInt32, _ literal: String, _ pattern: PathPattern, _ route: RouteConfiguration
    ) -> UInt32 {
        guard let bytes = CanonicalText.path(literal.utf8) else {
            report(route.location, "the path \"\(pattern.text)\" has a % without two hexadecimal digits behind it")
            return node
        }
        guard bytes.count <= SegmentTrieBuilder.maximumLiteral, !bytes.contains(UInt8(ascii: "/")) else {
            report(route.location, "the path \"\(pattern.text)\" has a segment that no request can have")
            return node
        }
        return builder.child(of: node, bytes.span)
    }
}
