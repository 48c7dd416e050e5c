package import GatewayConfiguration
package import Reactor

/// What a listener's TLS has become: the context for new connections, and what goes with its responses.
package struct ListenerTLS: Sendable {
    private enum Source: Sendable {
        case fixed(TLSContext)
        case live(LiveTLSContext)
    }

    private let source: Source
    /// `max-age=31536000`; empty: the field is not sent.
    let hsts: [UInt8]
    private let configured: [CertificateFacts]
    private let listener: String

    init(_ context: TLSContext, hsts: [UInt8], certificates: [CertificateFacts], listener: String) {
        source = .fixed(context)
        self.hsts = hsts
        configured = certificates
        self.listener = listener
    }

    /// Where one of the certificates is got by the gateway itself.
    init(_ context: LiveTLSContext, hsts: [UInt8], certificates: [CertificateFacts], listener: String) {
        source = .live(context)
        self.hsts = hsts
        configured = certificates
        self.listener = listener
    }

    /// What a new connection begins with.
    var context: TLSContext {
        switch source {
        case .fixed(let context): context
        case .live(let live): live.context
        }
    }

    package var managed: ManagedCertificate? {
        if case .live(let live) = source { live.certificate } else { nil }
    }

    /// Those that there are at the moment.
    package var certificates: [CertificateFacts] {
        guard let managed, let validity = managed.report.validity else { return configured }
        let facts = CertificateFacts(
            listener: listener, path: managed.storage.certificatePath, names: managed.configuration.domains,
            notBefore: validity.lowerBound, notAfter: validity.upperBound, isManaged: true,
            location: managed.configuration.location)
        return configured + [facts]
    }
}

/// What operators watch of a certificate.
package struct CertificateFacts: Sendable {
    package let listener: String
    /// The file, as it was found.
    package let path: String
    package let names: [String]
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    /// The gateway renews it by itself.
    package let isManaged: Bool
    package let location: SourceLocation

    /// Left less than this, in seconds, somebody should look. One that is renewed by itself has been tried for long then.
    var warningTime: Int64 {
        isManaged ? min((notAfter - notBefore) / 6, TLSCompiler.warningTime) : TLSCompiler.warningTime
    }
}

/// Turns what the configuration says about TLS into contexts: reads the files and looks at what is in them. It goes on
/// after a problem, so that one run reports all of them.
package struct TLSCompiler {
    /// Certificates that end sooner than this are warned of.
    static let warningTime: Int64 = 30 * 86_400
    /// One set for the process: tickets survive a reload, and, handed over, the program.
    package static let ticketKeys = TLSTicketKeys()

    /// Errors and warnings.
    private(set) var diagnostics: [Diagnostic] = []
    /// Seconds since 1970.
    private let now: Int64
    /// Services without `tls:` share one.
    private var clients: [ClientKey: TLSContext] = [:]

    private struct ClientKey: Hashable {
        let tls: ServiceTLSConfiguration
        let speech: ServiceProtocol
    }

    /// nil: nobody will connect, and no certificate is got.
    private let registry: CertificateRegistry?

    init(now: Int64, certificates registry: CertificateRegistry? = nil) {
        self.now = now
        self.registry = registry
    }

    /// All that is wrong with the TLS of a configuration.
    ///
    /// - Parameter now: seconds since 1970.
    package static func check(_ configuration: GatewayConfiguration, now: Int64) -> [Diagnostic] {
        var compiler = TLSCompiler(now: now)
        for listener in configuration.listeners {
            guard let tls = compiler.compile(listener) else { continue }
            compiler.checkHosts(of: configuration.routes, listener, tls)
        }
        for service in configuration.services { _ = compiler.compile(service) }
        if let store = configuration.rateLimiting.store { _ = compiler.compile(store) }
        return compiler.diagnostics
    }

    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

    // MARK: Listeners

    mutating func compile(_ listener: ListenerConfiguration) -> ListenerTLS? {
        guard let tls = listener.tls else { return nil }
        let loaded = tls.certificates.map { ($0, load($0)) }
        var clientCertificates: TLSContext.ClientCertificates?
        var isComplete = !loaded.isEmpty || tls.acme != nil
        if let wanted = tls.clientCertificates {
            if let trust = loadTrust(wanted.ca, revoked: wanted.crl) {
                clientCertificates = wanted.mode == .required ? .required(trust) : .optional(trust)
            } else {
                isComplete = false
            }
        }
        let identities = loaded.compactMap(\.1)
        guard isComplete, identities.count == loaded.count else { return nil }
        var options = TLSContext.ServerOptions(identities: identities, ticketKeys: Self.ticketKeys)
        options.profile = tls.profile == .modern ? .modern : .intermediate
        options.allowsTLS12 = tls.minVersion == .tls12
        options.clientCertificates = clientCertificates
        if listener.http2 ?? true { options.protocols.insert(HTTP2Preface.protocolName, at: 0) }
        options.plainAnswer = ConnectionRefusal.plainAnswer
        let managed = tls.acme.flatMap { compile($0) }
        do throws(TLSMaterialError) {
            let facts = loaded.map { configuration, identity in
                CertificateFacts(
                    listener: listener.name, path: configuration.certificate.path, names: identity?.names ?? [],
                    notBefore: identity?.notBefore ?? 0, notAfter: identity?.notAfter ?? 0, isManaged: false,
                    location: configuration.certificate.location)
            }
            let hsts = tls.hsts.map { Array("max-age=\($0.nanoseconds / 1_000_000_000)".utf8) } ?? []
            if let managed {
                return ListenerTLS(
                    try LiveTLSContext(options, managed), hsts: hsts, certificates: facts, listener: listener.name)
            }
            return ListenerTLS(
                try TLSContext(server: options), hsts: hsts, certificates: facts, listener: listener.name)
        } catch {
            let first = tls.certificates.first
            report(
                error, first?.certificate ?? FileReference(path: tls.acme?.storage ?? "", location: tls.location),
                key: first?.key)
            return nil
        }
    }

    /// The certificate that the gateway gets by itself, with what was kept of it.
    private mutating func compile(_ acme: ACMEConfiguration) -> ManagedCertificate? {
        var service = ServiceConfiguration(
            name: acme.directory.text, endpoints: [acme.directory.endpoint], location: acme.location)
        if acme.ca != nil {
            var tls = ServiceTLSConfiguration()
            tls.ca = acme.ca
            service.tls = tls
        }
        let context = compile(service)
        guard let registry else {
            report(CertificateStorage(acme).loadCertificate(), acme)
            return nil
        }
        let (certificate, trouble) = registry.certificate(acme, now: now, tls: context)
        if let trouble { report(trouble, acme) }
        return certificate
    }

    private mutating func report(_ loaded: CertificateStorage.Loaded, _ acme: ACMEConfiguration) {
        let file = FileReference(path: CertificateStorage(acme).certificatePath, location: acme.location)
        switch loaded {
        case .found, .missing: break
        case .unreadable(let number):
            fail(
                file, "\(quoted(file)) cannot be read (\(SystemError.text(number)))",
                "let the gateway's user read and write the directory \"\(acme.storage)\"")
        case .unusable:
            fail(
                file, "\(quoted(file)) is no certificate with its key",
                "remove it, and the gateway will get a new one")
        }
    }

    /// A host that routes answer but no certificate is for is one that clients refuse.
    private mutating func checkHosts(
        of routes: [RouteConfiguration], _ listener: ListenerConfiguration, _ tls: ListenerTLS
    ) {
        // One that comes by itself is for its names before it is there.
        let names = Set(tls.certificates.flatMap(\.names) + (listener.tls?.acme?.domains ?? []))
        var seen: Set<String> = []
        for route in routes where route.listeners.isEmpty || route.listeners.contains(listener.name) {
            for host in route.hosts where seen.insert(host).inserted {
                let host = host.lowercased()
                let wildcard = host.firstIndex(of: ".").map { "*" + host[$0...] } ?? host
                if names.contains(host) || names.contains(wildcard) { continue }
                warn(
                    route.location, "no certificate of the listener \"\(listener.name)\" is for the host \"\(host)\"",
                    "add one, or clients that ask for this host will refuse the connection")
            }
        }
    }

    // MARK: Services

    /// nil without https endpoints, or when there is an error.
    mutating func compile(_ service: ServiceConfiguration) -> TLSContext? {
        guard service.endpoints.contains(where: \.tls) || service.tls != nil else { return nil }
        var tls = service.tls ?? ServiceTLSConfiguration()
        // The same everywhere but for the name, which each endpoint brings.
        tls.serverName = nil
        tls.location = .none
        let key = ClientKey(tls: tls, speech: service.protocol)
        if let known = clients[key] { return known }
        var options = TLSContext.ClientOptions()
        options.verifies = tls.verify
        switch service.protocol {
        case .http1: break
        case .http2: options.protocols = [HTTP2Preface.protocolName]
        case .auto: options.protocols.insert(HTTP2Preface.protocolName, at: 0)
        }
        var isComplete = true
        if let ca = tls.ca {
            options.trust = loadTrust(ca, revoked: nil)
            isComplete = options.trust != nil
        }
        if let identity = tls.identity {
            options.identity = load(identity)
            isComplete = isComplete && options.identity != nil
        }
        guard isComplete else { return nil }
        do {
            let context = try TLSContext(client: options)
            clients[key] = context
            return context
        } catch {
            if let identity = tls.identity { report(error, identity.certificate, key: identity.key) }
            return nil
        }
    }

    /// A store of limits is connected to like a service.
    mutating func compile(_ store: LimitStoreConfiguration) -> TLSContext? {
        let endpoints = store.servers.map { EndpointConfiguration(host: $0.host, port: $0.port, tls: $0.tls) }
        guard endpoints.contains(where: \.tls) else { return nil }
        var service = ServiceConfiguration(name: store.name, endpoints: endpoints, location: store.location)
        service.tls = store.tls
        return compile(service)
    }

    // MARK: Files

    private mutating func load(_ configuration: CertificateConfiguration) -> TLSIdentity? {
        let certificate = read(configuration.certificate)
        let key = read(configuration.key)
        var stapled: [UInt8] = []
        if let ocsp = configuration.ocsp {
            guard let bytes = read(ocsp) else { return nil }
            stapled = bytes
        }
        guard let certificate, let key else { return nil }
        do {
            let identity = try TLSIdentity(certificate: certificate, key: key, stapled: stapled)
            return checkDates(of: identity, configuration.certificate) ? identity : nil
        } catch {
            switch error {
            case .badStapledResponse: report(error, configuration.ocsp ?? configuration.certificate, key: nil)
            case .noKey, .encryptedKey: report(error, configuration.key, key: configuration.key)
            default: report(error, configuration.certificate, key: configuration.key)
            }
            return nil
        }
    }

    private mutating func checkDates(of identity: TLSIdentity, _ file: FileReference) -> Bool {
        if identity.notAfter < now {
            fail(
                file, "the certificate \(quoted(file)) has expired on \(Self.date(identity.notAfter))",
                "put a renewed one in its place")
            return false
        }
        if identity.notBefore > now {
            fail(
                file, "the certificate \(quoted(file)) is not valid before \(Self.date(identity.notBefore))",
                "use one that is valid today, and check this machine's clock")
            return false
        }
        if identity.notAfter - now < Self.warningTime {
            warn(
                file.location, "the certificate \(quoted(file)) expires on \(Self.date(identity.notAfter))",
                "renew it soon")
        }
        return true
    }

    private mutating func loadTrust(_ authorities: FileReference, revoked: FileReference?) -> TLSTrust? {
        let certificates = read(authorities)
        var lists: [UInt8]?
        if let revoked {
            lists = read(revoked)
            if lists == nil { return nil }
        }
        guard let certificates else { return nil }
        do {
            return try TLSTrust(authorities: certificates, revoked: lists)
        } catch {
            report(error, error == .noRevocationList ? revoked ?? authorities : authorities, key: nil)
            return nil
        }
    }

    private mutating func read(_ file: FileReference) -> [UInt8]? {
        let (bytes, failure) = file.read()
        if bytes == nil {
            fail(
                file, "\(quoted(file)) \(failure)",
                "make the file readable; paths are relative to the file that names it")
        }
        return bytes
    }

    // MARK: Words

    private mutating func report(_ error: TLSMaterialError, _ file: FileReference, key: FileReference?) {
        switch error {
        case .noCertificate:
            fail(file, "\(quoted(file)) holds no certificate", "give certificates in PEM, the server's own first")
        case .noKey:
            fail(file, "\(quoted(file)) holds no private key", "give the key in PEM")
        case .encryptedKey:
            fail(
                file, "the key \(quoted(file)) is protected by a passphrase",
                "write it without one (openssl pkey -in … -out …), readable by the gateway only")
        case .keyDoesNotMatch:
            fail(
                file, "the key \(key.map(quoted) ?? "") does not belong to the certificate \(quoted(file))",
                "name the key that this certificate was requested with")
        case .tooWeak:
            fail(
                file,
                "the certificate \(quoted(file)), or one of its chain, is too weak: a short key or an old signature",
                "get one with an ECDSA key, or an RSA key of 2048 bits or more")
        case .noRevocationList:
            fail(file, "\(quoted(file)) holds no revocation list", "give it in PEM")
        case .badStapledResponse:
            fail(file, "\(quoted(file)) is no successful OCSP response", "give the response in DER")
        case .noMemory:
            fail(file, "no memory was left to load \(quoted(file))", "give the gateway more memory")
        }
    }

    private func quoted(_ file: FileReference) -> String { "\"\(file.path)\"" }

    private mutating func fail(_ file: FileReference, _ message: String, _ fix: String) {
        diagnostics.append(Diagnostic(.error, at: file.location, message, fix: fix))
    }

    private mutating func warn(_ location: SourceLocation, _ message: String, _ fix: String) {
        diagnostics.append(Diagnostic(.warning, at: location, message, fix: fix))
    }

    /// `2026-03-01`
    static func date(_ seconds: Int64) -> String {
        let (year, month, day) = Timestamp.date(
            daysSince1970: seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month))-\(two(day))"
    }
}
