/// Everything but services and routes.
extension ConfigurationDecoder {
    // MARK: Listeners

    mutating func decodeListeners(_ id: NodeID) -> [ListenerConfiguration] {
        guard document.node(id).kind == .sequence else { return [] }
        var listeners: [ListenerConfiguration] = []
        for child in document.children(id) {
            guard let listener = decodeListener(child) else { continue }
            checkTLS(of: listener)
            listeners.append(listener)
        }
        checkACME(of: listeners)
        if listeners.isEmpty, document.node(id).count == 0 {
            findings.error(
                at: location(id), "listeners: the list is empty", fix: "add one, or remove the key for 127.0.0.1:8080")
        }
        return listeners
    }

    /// The address comes first, since the name defaults to it; a listener without one is reported by the checker.
    private mutating func decodeListener(_ id: NodeID) -> ListenerConfiguration? {
        guard isMapping(id) else { return nil }
        var listener: ListenerConfiguration?
        for (key, value) in document.entries(id) where document.key(key) == .address {
            guard let address = try? SocketAddressConfiguration.parse(text(value)) else { return nil }
            listener = ListenerConfiguration(address: address, location: location(id))
        }
        guard var listener else { return nil }
        for (key, value) in document.entries(id) {
            switch document.key(key) {
            case .name: listener.name = text(value)
            case .stage: listener.stages = values(value).map(text)
            case .stageVariables:
                for (name, value) in entries(value) { listener.stageVariables[text(name)] = text(value) }
            case .paths: listener.paths = decodePathPolicy(value)
            case .maxConnections: assign(value, to: &listener.maxConnections)
            case .tls: listener.tls = decodeTLS(value)
            case .proxyProtocol: listener.proxyProtocol = decodeProxyProtocol(value)
            case .redirectToHttps: assign(value, to: &listener.redirectToHTTPS)
            case .http2:
                var isOn = false
                assign(value, to: &isOn)
                listener.http2 = isOn
            default: break
            }
        }
        return listener
    }

    /// The same mapping stands on listeners and on routes; a route's replaces the listener's as a whole, so that what
    /// holds for a route can be read in one place.
    func decodePathPolicy(_ id: NodeID) -> PathPolicyConfiguration {
        var policy = PathPolicyConfiguration()
        for (key, value) in entries(id) {
            guard let action = word(value, PathPolicyConfiguration.Action.self) else { continue }
            switch document.key(key) {
            case .encodedSlash: policy.encodedSlash = action
            case .encodedBackslash: policy.encodedBackslash = action
            case .encodedNull: policy.encodedNull = action
            case .backslash: policy.backslash = action
            case .emptySegments: policy.emptySegments = action
            case .semicolon: policy.semicolon = action
            default: break
            }
        }
        return policy
    }

    /// The admin listener can change the gateway and shows its inside: beyond the loopback interface it asks for
    /// credentials. There is no switch to open it without.
    mutating func decodeAdmin(_ id: NodeID) -> AdminConfiguration? {
        var admin: AdminConfiguration?
        var hasCredentials = false
        var token: String?
        var addressNode = id
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .address:
                addressNode = value
                guard let address = try? SocketAddressConfiguration.parse(text(value)) else { return nil }
                admin = AdminConfiguration(address: address, location: location(id))
            case .credentials:
                hasCredentials = true
                token = decodeCredentials(value)
            default: break
            }
        }
        admin?.token = token
        if let admin, !hasCredentials, !admin.address.isLoopback {
            report(
                Problem(
                    "is not a loopback address, and the admin listener has no credentials",
                    fix: "listen on 127.0.0.1:\(admin.address.port), or set credentials"), at: addressNode,
                name: "address")
        }
        return admin
    }

    /// One that is guessed in an afternoon is none; one that no header field can carry could never be presented.
    private mutating func decodeCredentials(_ id: NodeID) -> String? {
        var token: String?
        for (key, value) in entries(id) where document.key(key) == .token {
            if document.isUnresolved(value) { continue }
            let written = text(value)
            // Without the value: what is told here may end up in a log.
            if written.utf8.count < 16 {
                findings.error(
                    at: location(value), "the token is shorter than 16 characters",
                    fix: "make one, as with: openssl rand -hex 32")
            } else if !written.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
                findings.error(
                    at: location(value), "the token has characters that no header field can carry",
                    fix: "use letters, digits and punctuation; no spaces or line breaks")
            }
            token = written
        }
        return token
    }

    /// Names and addresses of the listeners are unique, the admin listener's among them.
    ///
    /// The system would not notice: with `SO_REUSEPORT` a second socket on the same address is welcome and takes every
    /// other connection. `:8080` takes IPv4 and IPv6, so it overlaps with `0.0.0.0:8080` as well as with `[::]:8080`.
    mutating func checkListeners(_ configuration: GatewayConfiguration) {
        var names: [String: SourceLocation] = [:]
        var addresses: [SocketAddressConfiguration: SourceLocation] = [:]
        for listener in configuration.listeners {
            claim(listener.address, at: listener.location, in: &addresses)
            if let first = names.updateValue(listener.location, forKey: listener.name),
                listener.name != listener.address.description
            {
                findings.error(
                    at: listener.location, "two listeners are named \(quote(listener.name)); first at \(first)",
                    fix: "give each a name of its own")
            }
            listenerNames.insert(listener.name)
            checkProxyProtocol(of: listener, configuration)
        }
        if let admin = configuration.admin { claim(admin.address, at: admin.location, in: &addresses) }
    }

    private mutating func claim(
        _ address: SocketAddressConfiguration, at location: SourceLocation,
        in taken: inout [SocketAddressConfiguration: SourceLocation]
    ) {
        // Port 0 is a new port each time.
        guard address.port != 0 else { return }
        var first: SourceLocation?
        for host in address.host.isEmpty || address.host == "*" ? ["0.0.0.0", "::"] : [address.host] {
            let earlier = taken.updateValue(location, forKey: .init(host: host, port: address.port))
            first = first ?? earlier
        }
        guard let first else { return }
        findings.error(
            at: location, "the address \(address) is listened on already, by the listener at \(first)",
            fix: "give each listener an address of its own")
    }

    // MARK: The process

    /// Header names are lower-cased here once, as the log's members are.
    func decodeAccessLog(_ id: NodeID, at key: NodeID) -> AccessLogConfiguration {
        var log = AccessLogConfiguration()
        log.location = location(key)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .enabled: assign(value, to: &log.enabled)
            case .path: log.path = text(value)
            case .sample: log.sample = (try? ShareValue.parse(text(value))) ?? log.sample
            case .redactQuery: log.redactQuery = values(value).map(text)
            case .headers: log.headers = values(value).map { text($0).lowercased() }
            default: break
            }
        }
        return log
    }

    func decodeForwarding(_ id: NodeID, into forwarding: inout ForwardingConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .forwarded: assign(value, to: &forwarding.forwarded)
            case .via: assign(value, to: &forwarding.via)
            case .name: forwarding.name = text(value)
            case .attemptsHeader: forwarding.attemptsHeader = text(value)
            case .timeoutHeader: forwarding.timeoutHeader = text(value)
            default: break
            }
        }
    }

    func decodePrefixes(_ id: NodeID) -> [NetworkPrefix] {
        values(id).compactMap { try? NetworkPrefix.parse(text($0)) }
    }

    /// Ranges were checked; a limit that was refused keeps its default, which is safe.
    func decodeLimits(_ id: NodeID, into limits: inout LimitsConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .requestHead: assignSize(value, to: &limits.requestHead)
            case .requestLine: assignSize(value, to: &limits.requestLine)
            case .requestFields: assign(value, to: &limits.requestFields)
            case .requestBody: assignSize(value, to: &limits.requestBody)
            case .bufferedBody: assignSize(value, to: &limits.bufferedBody)
            case .decompressionRatio: assign(value, to: &limits.decompressionRatio)
            case .encoderMemory: assignSize(value, to: &limits.encoderMemory)
            case .responseHead: assignSize(value, to: &limits.responseHead)
            case .responseFields: assign(value, to: &limits.responseFields)
            case .connections: assign(value, to: &limits.connections)
            case .handlers: assign(value, to: &limits.handlers)
            case .connectionBuffer: assignSize(value, to: &limits.connectionBuffer)
            case .memory: assignSize(value, to: &limits.memory)
            case .requestsPerConnection: assign(value, to: &limits.requestsPerConnection)
            case .underscores: limits.underscores = word(value) ?? limits.underscores
            case .http2: decodeHTTP2(value, into: &limits.http2)
            default: break
            }
        }
    }

    private func decodeHTTP2(_ id: NodeID, into limits: inout HTTP2LimitsConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .maxStreams: assign(value, to: &limits.maxStreams)
            case .streamWindow: assignSize(value, to: &limits.streamWindow)
            case .connectionWindow: assignSize(value, to: &limits.connectionWindow)
            default: break
            }
        }
    }

    /// `drain` alone cannot be switched off: a process that waits for ever for its last request cannot be stopped.
    func decodeTimeouts(_ id: NodeID, into timeouts: inout DownstreamTimeoutsConfiguration) {
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .head: assign(value, to: &timeouts.head)
            case .bodyIdle: assign(value, to: &timeouts.bodyIdle)
            case .sendIdle: assign(value, to: &timeouts.sendIdle)
            case .keepAlive: assign(value, to: &timeouts.keepAlive)
            case .streamIdle: assign(value, to: &timeouts.streamIdle)
            case .drain: timeouts.drain = (try? DurationValue.parse(text(value))) ?? timeouts.drain
            default: break
            }
        }
    }
}
