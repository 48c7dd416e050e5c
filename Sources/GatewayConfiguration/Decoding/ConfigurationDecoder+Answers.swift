/// Who answers a route, and what becomes of the path on the way: where references to services and parameters are checked.
extension ConfigurationDecoder {
    /// nil for an answer that has errors.
    mutating func decodeAnswer(_ parts: RouteNodes, _ parameters: RouteParameters) -> Answer? {
        if parts.answerKey != .split { refuseRelease(parts.release) }
        guard let node = parts.answer else { return nil }
        switch parts.answerKey {
        case .service: return decodeService(node, parameters)
        case .upstream: return decodeUpstream(node, parts, parameters)
        case .split: return decodeSplit(node, parts.release).map(Answer.split)
        case .respond: return .respond(decodeResponse(node))
        case .redirect: return .redirect(decodeRedirect(node, parameters))
        case .aggregate: return decodeAggregate(node).map(Answer.aggregate)
        case .handler: return .handler(ProgramName(text(node), location: location(node)))
        default: return nil
        }
    }

    /// A name, or `"{parameter}"` alone: the value is then looked up among the services at run time, so that a client can
    /// reach only what is listed. `"{a}-service"` is refused: which services it exposes could not be seen in the file.
    private mutating func decodeService(_ id: NodeID, _ parameters: RouteParameters) -> Answer? {
        let name = text(id)
        if name.utf8.first == UInt8(ascii: "{") {
            guard name.hasSuffix("}"), PathText.isParameterName(name.dropFirst().dropLast()) else {
                report(
                    Problem("has a placeholder beside other text", fix: "name a service, or write \"{name}\" alone"),
                    at: id,
                    name: "service")
                return nil
            }
            let parameter = String(name.dropFirst().dropLast())
            check([parameter], against: parameters, at: id, name: "service")
            return .serviceFromPath(parameter: parameter)
        }
        requireService(id, name: "service")
        return .service(name)
    }

    /// A reference to a service by name: from routes, splits, mirrors and parts of aggregates.
    mutating func requireService(_ id: NodeID, name key: String) {
        let name = text(id)
        guard document.scalar(id) != nil, !name.isEmpty, !serviceNames.contains(name) else { return }
        let near = nearest(to: name, among: serviceNames)
        report(
            Problem(
                "names no service" + (near.map { "; did you mean \(quote($0))?" } ?? ""),
                fix: near.map { "write \($0)" } ?? "add it under services:, or use upstream: with a URL"),
            at: id, name: key)
    }

    /// An upstream is a service of one endpoint that needs no name. It stays a URL here: which upstreams share a pool is
    /// for the engine to find, by their authority.
    private mutating func decodeUpstream(
        _ id: NodeID, _ parts: RouteNodes, _ parameters: RouteParameters
    ) -> Answer? {
        let read = parsed(id, name: "upstream") { text throws(Problem) in try UpstreamTarget.parse(text) }
        guard var target = read else { return nil }
        target.endpoint.location = location(id)
        noteHost(target.endpoint.host, at: id)
        check(target.path.parameterNames, against: parameters, at: id, name: "upstream")
        if target.path.hasParameters, let edit = parts.edit, let key = parts.editKey {
            findings.error(
                at: location(edit),
                "\(key.rawValue): stands beside an upstream with a placeholder, which is the whole target already",
                fix: "remove \(key.rawValue), or the placeholder from the upstream")
        }
        return .upstream(target)
    }

    /// Framing belongs to the gateway: a `Content-Length` from the file could only be wrong.
    private mutating func decodeResponse(_ id: NodeID) -> FixedResponseConfiguration {
        var response = FixedResponseConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .status: assign(value, to: &response.status)
            case .body: response.body = text(value)
            case .headers:
                response.headers = entries(value).map { name, value in
                    let lower = text(name).lowercased()
                    if ["content-length", "transfer-encoding", "connection"].contains(lower) {
                        report(
                            Problem("is set by the gateway itself", fix: "remove it"), at: name, name: "headers")
                    }
                    return .init(name: text(name), value: text(value))
                }
            default: break
            }
        }
        if !response.body.isEmpty, [204, 205, 304].contains(response.status) {
            findings.error(
                at: location(id), "respond: a response with status \(response.status) carries no body",
                fix: "remove the body, or choose another status")
        }
        return response
    }

    /// The checker's range (301 to 308) also holds 304 to 306, which are no redirects.
    private mutating func decodeRedirect(_ id: NodeID, _ parameters: RouteParameters) -> RedirectConfiguration {
        var redirect = RedirectConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .status:
                assign(value, to: &redirect.status)
                if (301...308).contains(redirect.status), ![301, 302, 303, 307, 308].contains(redirect.status) {
                    report(
                        Problem("is not a redirect", fix: "write 301, 302, 303, 307 or 308"), at: value, name: "status")
                }
            case .scheme: redirect.scheme = text(value)
            case .host: redirect.host = try? HostName.parse(text(value))
            case .port: redirect.port = integer(value).flatMap { UInt16(exactly: $0) }
            case .path:
                redirect.path = try? PathTemplate.parse(text(value))
                check(redirect.path?.parameterNames ?? [], against: parameters, at: value, name: "path")
            case .keepQuery: assign(value, to: &redirect.keepQuery)
            default: break
            }
        }
        return redirect
    }

    // MARK: The forwarded path

    /// What happens to the path on its way. All three forms are checked against the route's own path, since a placeholder
    /// without a value, or a prefix that is never there, would be found by a client otherwise.
    mutating func decodePathEdit(_ parts: RouteNodes, _ parameters: RouteParameters) -> PathEdit {
        guard let node = parts.edit, let key = parts.editKey else { return .none }
        if let answer = parts.answerKey, [.respond, .redirect, .aggregate, .handler].contains(answer) {
            findings.error(
                at: location(node), "\(key.rawValue): nothing is forwarded by \(answer.rawValue)",
                fix: "remove \(key.rawValue)")
        }
        switch key {
        case .stripPrefix:
            guard let template = try? PathTemplate.parse(text(node)) else { return .none }
            check(template.parameterNames, against: parameters, at: node, name: key.rawValue)
            checkStrippedPrefix(node, parameters)
            return .stripPrefix(template)
        case .rewrite:
            guard let (template, query) = try? PathTemplate.parseWithQuery(text(node)) else { return .none }
            check(template.parameterNames, against: parameters, at: node, name: key.rawValue)
            return .rewrite(template, query: query)
        case .rewritePrefix:
            guard let template = try? PathTemplate.parse(text(node)) else { return .none }
            check(template.parameterNames, against: parameters, at: node, name: key.rawValue)
            if parameters.pattern == nil {
                findings.error(
                    at: location(node), "rewrite_prefix: a regular expression has no prefix",
                    fix: "use rewrite, with the groups that the expression names")
            }
            if let pattern = parameters.pattern, !pattern.isOpenEnded {
                findings.error(
                    at: location(node), "rewrite_prefix: the path \(quote(pattern.text)) has no part after its prefix",
                    fix: "end the path with /**, or use rewrite")
            }
            return .rewritePrefix(template)
        default: return .none
        }
    }

    /// A placeholder must be a parameter of the route; a regex's groups are known to the engine only.
    private mutating func check(
        _ names: [String], against parameters: RouteParameters, at id: NodeID, name key: String
    ) {
        guard let known = parameters.names else { return }
        for name in names where !known.contains(name) {
            let near = EditDistance.nearest(to: name, among: known)
            report(
                Problem(
                    "uses a placeholder that the route's path does not have", part: "{\(name)}",
                    fix: known.isEmpty
                        ? "the path has no parameters: write one into it, as in /users/{\(name)}"
                        : "use \((near.map { [$0] } ?? known).map { "{\($0)}" }.joined(separator: ", "))"),
                at: id, name: key)
        }
    }

    /// Compared segment by segment, as the engine strips: `/ap` is no prefix of `/api`.
    /// `strip_prefix: /api` on a path that can never begin with `/api` is a mistake.
    private mutating func checkStrippedPrefix(_ id: NodeID, _ parameters: RouteParameters) {
        guard let pattern = parameters.pattern, let prefix = try? PathPattern.parse(text(id)) else { return }
        var segments = prefix.segments
        if segments.last == .literal("") { segments.removeLast() }
        for (index, segment) in segments.enumerated() {
            guard index < pattern.segments.count else {
                report(
                    Problem("is longer than the route's path", fix: "strip no more than \(pattern.text)"), at: id,
                    name: "strip_prefix")
                return
            }
            // Behind a wildcard the request decides what stands there: the prefix is stripped where it fits.
            switch (segment, pattern.segments[index]) {
            case (_, .oneOrMore), (_, .noneOrMore): return
            case (.literal(let wanted), .literal(let present)) where wanted == present: continue
            case (.parameter(let wanted), .parameter(let present)) where wanted == present: continue
            case (.literal, .parameter): continue  // strips where the parameter has this value
            default:
                report(
                    Problem("is not how the route's path begins", fix: "strip a beginning of \(pattern.text)"), at: id,
                    name: "strip_prefix")
                return
            }
        }
    }
}

/// What placeholders of a route may refer to.
struct RouteParameters {
    /// nil for a regex, whose groups only its compiler knows.
    var names: [String]?
    var pattern: PathPattern?

    /// Groups of an expression could be found by reading it, but only its compiler knows them for certain.
    init(_ path: PathMatch) {
        if case .pattern(let pattern) = path {
            self.pattern = pattern
            names = pattern.parameterNames
        }
    }
}

extension PathPattern {
    /// Ends with `**`, `*` or `{name+}`.
    var isOpenEnded: Bool {
        switch segments.last {
        case .oneOrMore, .noneOrMore: true
        case .literal, .parameter, nil: false
        }
    }
}
