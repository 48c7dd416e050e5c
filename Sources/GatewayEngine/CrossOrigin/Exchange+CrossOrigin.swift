internal import HTTPWire

/// CORS on the path of a request.
extension Exchange {
    /// The route of the method that a preflight asks about, where that route has CORS rules; nil: this is no preflight,
    /// or none that the gateway answers, and it is routed like any other request.
    func matchPreflight() -> Int? {
        let fields = request.fields
        guard request.method == .options, !snapshot.crossOrigin.isEmpty, fields.contains(.origin) else { return nil }
        let index = fields.firstIndex(of: .accessControlRequestMethod)
        guard index >= 0 else { return nil }
        let asked = fields.value(index)
        let input = RouteInput(
            listener: listener, method: Method.lookup(asked), methodText: asked,
            host: fields.bytes(request.authority), path: matchedPath(), query: fields.bytes(request.query),
            fields: fields)
        guard case .route(let route) = snapshot.routes.match(input, scratch: worker.scratch),
            snapshot.plans[route].crossOrigin >= 0
        else { return nil }
        return route
    }

    /// 204 in any case: what the fields do not allow, the browser refuses.
    func answerPreflight(_ plan: RoutePlan) {
        guard let rule = snapshot.crossOrigin.rule(plan.crossOrigin) else { return }
        response.removeAll()
        response.status = 204
        let fields = response.fields
        fields.append(.vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        if allows(rule) {
            let own = request.fields
            if rule.methods.isEmpty {
                let asked = own.firstIndex(of: .accessControlRequestMethod)
                if asked >= 0 { fields.append(.accessControlAllowMethods, own.value(asked)) }
            } else {
                let methods = rule.methods
                fields.append(.accessControlAllowMethods, methods.span)
            }
            let asked = own.firstIndex(of: .accessControlRequestHeaders)
            if rule.echoesHeaders {
                if asked >= 0 { fields.append(.accessControlAllowHeaders, own.value(asked)) }
            } else if !rule.headers.isEmpty {
                let headers = rule.headers
                fields.append(.accessControlAllowHeaders, headers.span)
            }
            let maxAge = rule.maxAge
            if !maxAge.isEmpty { fields.append(.accessControlMaxAge, maxAge.span) }
        }
        respond(Span())
    }

    /// Puts the fields of the route's rules into a response, in place of those that the service has set.
    func appendCrossOrigin(to fields: HeaderBlock) {
        if snapshot.crossOrigin.isEmpty || listener == ListenerBinding.adminIndex { return }
        let place = routeIndex >= 0 ? snapshot.plans[routeIndex].crossOrigin : snapshot.crossOrigin.generalPlace
        guard let rule = snapshot.crossOrigin.rule(place) else { return }
        fields.remove(.accessControlAllowOrigin)
        fields.remove(.accessControlAllowCredentials)
        fields.remove(.accessControlExposeHeaders)
        if !isPreflight {
            fields.remove(.accessControlAllowMethods)
            fields.remove(.accessControlAllowHeaders)
            fields.remove(.accessControlMaxAge)
            // Without an origin too: a cache must not give that answer to a page.
            if !rule.isSameForAll { fields.append(.vary, "Origin") }
        }
        guard allows(rule) else { return }
        if rule.isSameForAll {
            fields.append(.accessControlAllowOrigin, "*")
        } else {
            let own = request.fields
            fields.append(.accessControlAllowOrigin, own.value(own.firstIndex(of: .origin)))
        }
        if rule.credentials { fields.append(.accessControlAllowCredentials, "true") }
        let expose = rule.expose
        if !isPreflight, !expose.isEmpty { fields.append(.accessControlExposeHeaders, expose.span) }
    }

    /// Whether the request names one origin, and the rules answer it.
    private func allows(_ rule: CompiledCORS) -> Bool {
        let fields = request.fields
        let index = fields.firstIndex(of: .origin)
        guard index >= 0, fields.nextIndex(of: .origin, after: index) < 0 else { return false }
        return rule.allows(fields.value(index))
    }

    /// `Allow` has OPTIONS where a preflight would be answered: after `methodNotAllowed`, whose methods are in `list`.
    func allowsPreflight(_ methods: [String]) -> Bool {
        guard !snapshot.crossOrigin.isEmpty, let first = methods.first, !methods.contains("OPTIONS") else {
            return false
        }
        let method = Array(first.utf8)
        let fields = request.fields
        let input = RouteInput(
            listener: listener, method: Method.lookup(method.span), methodText: method.span,
            host: fields.bytes(request.authority), path: matchedPath(), query: fields.bytes(request.query),
            fields: fields)
        guard case .route(let route) = snapshot.routes.match(input, scratch: worker.scratch) else { return false }
        return snapshot.plans[route].crossOrigin >= 0
    }

    // MARK: Security headers

    /// Those that cost no service anything; what a service has set itself stays.
    func appendSecurityHeaders(to fields: HeaderBlock) {
        guard snapshot.addsSecurityHeaders, listener != ListenerBinding.adminIndex else { return }
        let names = SecurityHeaders.shared
        names.contentType.append(to: fields)
        names.frames.append(to: fields)
        names.referrer.append(to: fields)
        if isSecure { names.transport.append(to: fields) }
    }
}

/// Names and values, made once.
struct SecurityHeaders: Sendable {
    struct Header: Sendable {
        private let name: [UInt8]
        private let lower: [UInt8]
        private let value: [UInt8]

        init(_ name: String, _ value: String) {
            self.name = Array(name.utf8)
            lower = Bytes.lowercased(name)
            self.value = Array(value.utf8)
        }

        func append(to fields: HeaderBlock) {
            if fields.firstIndex(named: lower.span) < 0 { fields.append(name: name.span, value: value.span) }
        }
    }

    static let shared = SecurityHeaders()

    let contentType = Header("X-Content-Type-Options", "nosniff")
    let frames = Header("X-Frame-Options", "DENY")
    let referrer = Header("Referrer-Policy", "strict-origin-when-cross-origin")
    let transport = Header("Strict-Transport-Security", "max-age=31536000")
}
