/// Callers beyond tokens: consumers with their credentials, and whom the gateway asks about others.
extension ConfigurationDecoder {
    // MARK: Consumers

    mutating func decodeConsumers(_ id: NodeID) -> [ConsumerConfiguration] {
        // First all names: limits of one may stand before the next.
        consumerNames = entries(id).map { text($0.key) }
        var consumers: [ConsumerConfiguration] = []
        var keys: [String: String] = [:]
        var subjects: [String: String] = [:]
        for (key, value) in entries(id) {
            checkCallerName(key, "a consumer's name")
            var consumer = ConsumerConfiguration(name: text(key), location: location(key))
            for (key, value) in entries(value) {
                switch document.key(key) {
                case .groups:
                    consumer.groups = values(value).map(text)
                    for node in values(value) { checkCallerName(node, "groups: a group's name") }
                case .apiKeys:
                    for node in values(value) { take(node, of: &consumer, &keys) }
                case .password: consumer.password = decodePassword(value)
                case .subjects:
                    consumer.subjects = values(value).map(text)
                    for node in values(value) { claim(node, "subjects", of: consumer, in: &subjects) }
                case .rateLimiting:
                    consumer.rateLimits = decodeLimits(value, parameters: nil, standard: .consumer)
                default: break
                }
            }
            groupNames.formUnion(consumer.groups)
            if consumer.name == ConsumerConfiguration.anonymous, consumer.hasCredentials {
                findings.error(
                    at: location(key), "anonymous is whoever shows no credentials, and so can have none",
                    fix: "give the consumer with these another name")
            }
            consumers.append(consumer)
        }
        return consumers
    }

    /// What services get in a header, and log lines in a member, and what a user's name must be for `basic`
    /// (RFC 7617 §2: no colon).
    private mutating func checkCallerName(_ id: NodeID, _ noun: String) {
        let name = text(id)
        let isPlain =
            !name.isEmpty && name.utf8.count <= 128 && name.utf8.first != 0x20 && name.utf8.last != 0x20
            && name.utf8.allSatisfy { byte in
                byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: ",") && byte != UInt8(ascii: ":")
            }
        if isPlain { return }
        findings.error(
            at: location(id), "\(noun) has no commas, colons, control characters or blanks around it",
            fix: "use letters, digits, -, . and _")
    }

    /// Never with the value: a key in clear would stand in whatever log the message ends in.
    private mutating func take(
        _ id: NodeID, of consumer: inout ConsumerConfiguration, _ known: inout [String: String]
    ) {
        if document.isUnresolved(id) { return }
        let stored = text(id).lowercased()
        let digits = stored.utf8.dropFirst("sha256:".utf8.count)
        let isHash =
            stored.hasPrefix("sha256:") && digits.count == 64
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isHash else {
            findings.error(
                at: location(id), "api_keys: this is not the hash of a key; keys themselves are not kept here",
                fix: "write the line that \"gatehouse key hash\" gives for the key, or make one: gatehouse key new")
            return
        }
        consumer.apiKeys.append(stored)
        if let other = known.updateValue(consumer.name, forKey: stored) {
            findings.error(
                at: location(id), "api_keys: consumer \(quote(other)) has this key already", fix: "give each its own")
        }
    }

    /// Its parameters are judged by whoever verifies it.
    private mutating func decodePassword(_ id: NodeID) -> Secret? {
        if document.isUnresolved(id) { return nil }
        let stored = text(id)
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" || parts[1] == "pbkdf2-sha256" else {
            findings.error(
                at: location(id),
                "password: this is not the hash of a password; passwords themselves are not kept here",
                fix: "write the line that \"gatehouse key password\" gives for it")
            return nil
        }
        return Secret(stored)
    }

    private mutating func claim(
        _ id: NodeID, _ key: String, of consumer: ConsumerConfiguration, in known: inout [String: String]
    ) {
        guard let other = known.updateValue(consumer.name, forKey: text(id)) else { return }
        findings.error(
            at: location(id), "\(key): consumer \(quote(other)) is \(quote(text(id))) already",
            fix: "let it be one of them")
    }

    // MARK: Parts of auth

    /// Consumers are read before routes, but may stand behind `auth` on top: names are checked when all are known.
    func decodeCallers(_ id: NodeID) -> [String] { values(id).map(text) }

    /// What one mapping says about whom to ask.
    struct AuthorityNodes {
        var url: NodeID?
        var clientID: NodeID?
        var clientSecret: NodeID?

        mutating func take(_ key: Key?, _ value: NodeID) {
            switch key {
            case .url: url = value
            case .clientId: clientID = value
            case .clientSecret: clientSecret = value
            default: break
            }
        }
    }

    mutating func decodeAuthority(_ nodes: AuthorityNodes, at id: NodeID) -> AuthorityConfiguration? {
        guard let url = nodes.url else {
            if let node = nodes.clientID ?? nodes.clientSecret {
                findings.error(
                    at: location(node), "client_id and client_secret stand beside the url that they are for",
                    fix: "give the url here too")
            }
            return nil
        }
        if nodes.clientSecret != nil, nodes.clientID == nil {
            findings.error(at: location(id), "client_secret: without a client_id", fix: "add client_id")
        }
        guard let target = HTTPTarget(text(url)) else { return nil }
        if !target.endpoint.tls, !isLoopback(target.text) {
            findings.warning(
                at: location(url), "url: whoever is asked over http can be impersonated on the way",
                fix: "ask over https")
        }
        noteHost(target.endpoint.host, at: url)
        return AuthorityConfiguration(
            target: target, clientID: nodes.clientID.map(text),
            clientSecret: nodes.clientSecret.map { Secret(text($0)) })
    }

    /// Nobody else is on the way there.
    func isLoopback(_ url: String) -> Bool {
        guard let host = HTTPTarget(url)?.endpoint.host else { return false }
        return host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// What the question says of itself, or of its connection, is not taken from the request.
    mutating func decodeForwardHeaders(_ id: NodeID) -> [String] {
        let own = [
            "host", "connection", "te", "trailer", "transfer-encoding", "upgrade", "x-request-id", "traceparent",
        ]
        for node in values(id) {
            let name = IdentityName.folded(text(node))
            guard own.contains(name) || name.hasPrefix("x-forwarded-") || name.hasPrefix("content-") else { continue }
            findings.error(
                at: location(node), "forward_headers: \(text(node)) is said by the gateway itself", fix: "remove it")
        }
        return values(id).map(text)
    }

    /// They are taken away from every request that comes in, so they cannot be ones that requests need.
    mutating func decodeResponseHeaders(_ id: NodeID) -> [String] {
        for node in values(id) where IdentityName.isReserved(IdentityName.folded(text(node))) {
            findings.error(
                at: location(node), "response_headers: \(text(node)) has a meaning of its own",
                fix: "choose a name of your own, as in X-User-Id")
        }
        return values(id).map(text)
    }

    /// What the kinds of one place ask of each other.
    mutating func checkKinds(_ auth: AuthConfiguration, at id: NodeID) {
        guard let kinds = auth.kinds else { return }
        if kinds.isEmpty {
            findings.error(at: location(id), "type: there are none", fix: "name one, or say auth: none on routes")
        }
        if Set(kinds).count < kinds.count {
            findings.error(at: location(id), "type: one stands there twice", fix: "remove one")
        }
        if kinds.contains(.introspection), kinds.contains(.forward) {
            findings.error(
                at: location(id), "type: introspection and forward exclude one another: there is one url",
                fix: "use one of them, or put them on different routes")
        } else if let place = kinds.firstIndex(of: .forward), place < kinds.count - 1 {
            findings.error(
                at: location(id), "type: forward decides about every request, so what stands behind it is never asked",
                fix: "put forward last")
        }
    }

    // MARK: Together

    /// What a whole says about callers that consumers and listeners must have.
    ///
    /// - Parameter own: the parts of this place; what is wrong with the others is said where they stand.
    mutating func checkCallers(
        _ auth: AuthConfiguration, own: AuthConfiguration, _ configuration: GatewayConfiguration
    ) {
        let kinds = auth.allKinds
        let consumers = configuration.consumers
        let isOwn = own.kinds != nil
        func report(_ message: String, fix: String) {
            findings.error(at: auth.location, message, fix: fix)
        }
        if kinds.contains(.introspection) || kinds.contains(.forward), auth.authority == nil, isOwn, !findings.hasErrors
        {
            report("auth: \(kinds.contains(.forward) ? "forward" : "introspection") needs \"url\"", fix: "add it")
        }
        if isOwn, kinds.contains(.apiKey), !consumers.contains(where: { !$0.apiKeys.isEmpty }), !findings.hasErrors {
            report("auth: api_key, but no consumer has api_keys", fix: "add consumers: { NAME: { api_keys: [ … ] } }")
        }
        if isOwn, kinds.contains(.basic), !consumers.contains(where: { $0.password != nil }), !findings.hasErrors {
            report("auth: basic, but no consumer has a password", fix: "add consumers: { NAME: { password: … } }")
        }
        if own.letsPassOnFailure == true, !kinds.contains(.forward) {
            report("on_failure: allow is for forward; nothing else lets anybody pass unasked", fix: "remove it")
        }
        if isOwn, kinds.contains(.clientCertificate),
            !configuration.listeners.contains(where: { $0.tls?.clientCertificates != nil })
        {
            report(
                "auth: client_certificate, but no listener asks for certificates",
                fix: "add client_certificates to the tls of a listener")
        }
        for name in own.consumers ?? [] where !consumerNames.contains(name) && !groupNames.contains(name) {
            let near = nearest(to: name, among: groupNames.union(consumerNames))
            report(
                "consumers: \(quote(name)) is neither a consumer nor a group"
                    + (near.map { "; did you mean \(quote($0))?" } ?? ""),
                fix: "write the name of one")
        }
        warnOfClearText(auth, own, configuration)
    }

    /// What is seen on the way is whoever sees it.
    private mutating func warnOfClearText(
        _ auth: AuthConfiguration, _ own: AuthConfiguration, _ configuration: GatewayConfiguration
    ) {
        let open = configuration.listeners.first { $0.tls == nil && !$0.redirectToHTTPS && !$0.address.isLoopback }
        guard let open else { return }
        if auth.allKinds.contains(.apiKey), auth.keyPlaces?.query != nil, own.keyPlaces != nil || own.kinds != nil {
            findings.warning(
                at: auth.location,
                "query: a key in a URL over http, as by listener \(quote(open.name)), stands in the logs of all on the way",
                fix: "take the key from a header, and serve https")
        }
        if auth.allKinds.contains(.basic), own.kinds != nil {
            findings.warning(
                at: auth.location, "basic: passwords come in clear by listener \(quote(open.name))",
                fix: "give it tls, or redirect_to_https")
        }
    }
}

extension ConsumerConfiguration {
    /// What makes it known.
    var hasCredentials: Bool { !apiKeys.isEmpty || password != nil || !subjects.isEmpty }
}
