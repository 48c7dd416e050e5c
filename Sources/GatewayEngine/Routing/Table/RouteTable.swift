package import GatewayConfiguration
package import HTTPWire

/// All routes of a configuration, compiled; immutable, and shared by all workers.
///
/// How a request finds its route, best first:
/// 1. The host: the very name, then wildcards from the longest suffix to the shortest, then routes for any host.
/// 2. The path, segment by segment from the left: a literal, then a regular expression whose literal prefix ends here,
///    then `{id}`, then `{x+}` and a final `*`, then `**`.
/// 3. Among the routes at one such place: those that list methods (HEAD: those that name HEAD before those that take it
///    with GET), more header conditions, more query conditions, more cookie conditions, earlier in the file.
/// The first route in this order whose conditions all hold takes the request. A route that fails gives way to the next
/// one, at the same place, at the next place, with the next host. When none is left, the answer is 405 if at least one
/// route failed by its methods alone, else 404.
///
/// `{id}` takes a segment that is not empty; `{x+}` and `*` take what is left of the path when that is not empty, so
/// `/a/` (an empty last segment) is for `/a/` and `/a/**` only.
///
/// Everything is found in one flat trie (`SegmentTrie`), so the cost of a match depends on the path's segments and on the
/// number of routes that share one place, not on the number of routes. Matching allocates nothing.
package final class RouteTable: Sendable {
    /// In the order of the configuration.
    package let routes: [CompiledRoute]
    /// The distinct endpoints of `upstream:` routes; `CompiledAnswer.upstream` holds an index.
    package let upstreams: [EndpointConfiguration]

    private let configurations: [RouteConfiguration]
    let trie: SegmentTrie
    let methods: MethodNames
    /// Where the patterns of routes for any host begin.
    let anyHost: UInt32
    let hasHosts: Bool
    /// The bytes of the longest wildcard's suffix; 0 without wildcards.
    let longestWildcard: Int

    /// Compiles the routes. What they name has to be among `services` and `listeners`, whose indices the compiled routes
    /// hold. All problems are reported at once.
    package convenience init(
        routes: [RouteConfiguration], services: [ServiceConfiguration], listeners: [ListenerConfiguration]
    ) throws(RouteTableError) {
        var compiler = RouteCompiler(services: services, listeners: listeners)
        self.init(try compiler.compile(routes), configurations: routes)
    }

    private init(_ parts: RouteCompiler.Parts, configurations: [RouteConfiguration]) {
        routes = parts.routes
        upstreams = parts.upstreams
        self.configurations = configurations
        trie = parts.trie
        methods = parts.methods
        anyHost = parts.anyHost
        hasHosts = parts.hasHosts
        longestWildcard = parts.longestWildcard
    }

    deinit { trie.deallocate() }

    /// The route as it was written.
    package func configuration(of route: CompiledRoute) -> RouteConfiguration { configurations[route.index] }

    /// The first step by which two routes of one place differ in rank.
    func decidingStep(_ one: Candidate, _ other: Candidate) -> PrecedenceStep {
        RouteCompiler.decidingStep(one, other, configurations)
    }

    /// Whether a route stands behind another one in the list of their place.
    func isLater(_ one: Candidate, than other: Candidate) -> Bool {
        RouteCompiler.precedes(other, one, configurations)
    }

    package func match(_ input: borrowing RouteInput, scratch: MatchScratch) -> MatchOutcome {
        let found = search(input, scratch, recorder: nil)
        if found != TrieNode.none { return .route(index: Int(found)) }
        return scratch.allowedMethods == 0 ? .notFound : .methodNotAllowed
    }

    /// The methods that would have been right, after `methodNotAllowed`: sorted, HEAD where GET is.
    package func allowedMethods(_ scratch: MatchScratch) -> [String] { methods.names(of: scratch.allowedMethods) }

    /// The value of `Allow` after `methodNotAllowed`.
    package func appendAllow(_ scratch: MatchScratch, into buffer: WireBuffer) {
        for (index, name) in allowedMethods(scratch).enumerated() {
            if index > 0 { buffer.append(", ") }
            buffer.append(name)
        }
    }

    /// The service that a matched route is answered by when its name comes from the path; nil when there is none of that
    /// name, which means 404.
    package func service(parameter: Int, path: Span<UInt8>, _ scratch: MatchScratch) -> Int? {
        let range = scratch.parameter(parameter)
        let name = path.extracting(Int(range.start)..<range.end)
        let segment = SegmentScanner.scan(name, from: 0)
        guard segment.end == name.count else { return nil }
        let node = trie.child(of: SegmentTrie.serviceNames, name, 0, name.count, hash: segment.hash)
        // Services were entered first, so a service's node has its index.
        return node == TrieNode.none ? nil : Int(node)
    }
}

/// Everything that is wrong with a set of routes.
package struct RouteTableError: Error, Sendable {
    package let diagnostics: [Diagnostic]
}
