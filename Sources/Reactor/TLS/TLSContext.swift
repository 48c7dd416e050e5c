internal import COpenSSL

/// What many connections have in common: versions, suites, certificates, trust, ticket keys. Immutable once made, so that
/// all loops use one, and a new configuration makes a new one while connections keep theirs.
///
/// A server's context holds one OpenSSL context for each pair of certificates (one with an RSA key, one with an ECDSA
/// key, for the same name). The client's hello names a host; the name chooses the pair, and OpenSSL chooses within it by
/// what the client can verify.
@safe package final class TLSContext: @unchecked Sendable {
    /// Mozilla's profiles, version 5.7, without finite-field Diffie-Hellman.
    package enum Profile: String, Sendable {
        /// TLS 1.2 and 1.3.
        case intermediate
        /// TLS 1.3 only.
        case modern
    }

    package enum ClientCertificates: Sendable {
        case optional(TLSTrust)
        case required(TLSTrust)
    }

    package struct ServerOptions: Sendable {
        /// The first one answers clients that name nobody, or somebody unknown. None: every handshake is refused.
        package var identities: [TLSIdentity]
        /// Certificates for those who ask by `acme-tls/1` (RFC 8737), by the name that they ask for.
        package var challenges: [String: TLSIdentity] = [:]
        package var profile = Profile.intermediate
        package var allowsTLS12 = true
        /// In the order of our preference.
        package var protocols = ["http/1.1"]
        package var clientCertificates: ClientCertificates?
        package var ticketKeys: TLSTicketKeys
        /// Sent in clear to a peer that does not speak TLS, before the end.
        package var plainAnswer: [UInt8] = []

        package init(identities: [TLSIdentity], ticketKeys: TLSTicketKeys) {
            self.identities = identities
            self.ticketKeys = ticketKeys
        }
    }

    package struct ClientOptions: Sendable {
        /// nil: the system's.
        package var trust: TLSTrust?
        package var verifies = true
        package var identity: TLSIdentity?
        package var protocols = ["http/1.1"]

        package init() {}
    }

    /// The context that connections begin with.
    let raw: OpaquePointer
    package let protocols: [String]
    let verifies: Bool
    let ticketKeys: TLSTicketKeys?
    let plainAnswer: [UInt8]
    /// The list as it goes over the wire: each name behind its length.
    private let protocolList: [UInt8]
    private var others: [OpaquePointer] = unsafe []
    /// What stands for each of `raw` and `others`, in this order.
    private var stapled: [[(identity: TLSIdentity, response: [UInt8])]] = []
    private var names: [String: Int] = [:]
    /// What answers challenges, by name.
    private var challenges: [String: OpaquePointer] = unsafe [:]
    /// Whether there is a certificate at all.
    let isEmpty: Bool
    /// Kept alive: OpenSSL's contexts refer to their parts.
    private let trust: TLSTrust?

    // MARK: Servers

    package init(server options: ServerOptions) throws(TLSMaterialError) {
        defer { ERR_clear_error() }
        guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { throw .noMemory }
        unsafe raw = made
        protocols = options.protocols
        protocolList = TLSContext.wireForm(options.protocols)
        ticketKeys = options.ticketKeys
        plainAnswer = options.plainAnswer
        switch options.clientCertificates {
        case .optional(let trust), .required(let trust): self.trust = trust
        case nil: trust = nil
        }
        verifies = trust != nil
        isEmpty = options.identities.isEmpty
        if isEmpty { unsafe configure(raw, options) }
        let (pairs, names) = TLSContext.pairs(options.identities)
        self.names = names
        for (index, pair) in pairs.enumerated() {
            let context: OpaquePointer
            if index == 0 {
                unsafe context = raw
            } else {
                guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { throw .noMemory }
                unsafe others.append(made)
                unsafe context = made
            }
            unsafe configure(context, options)
            try unsafe present(pair, in: context)
            stapled.append(pair.filter { !$0.stapled.isEmpty }.map { ($0, $0.stapled) })
        }
        for (name, identity) in options.challenges {
            guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { throw .noMemory }
            unsafe challenges[name] = made
            unsafe gh_tls_set_context_owner(made, Unmanaged.passUnretained(self).toOpaque())
            unsafe Self.configureCiphers(made, oldest: TLS1_2_VERSION)
            unsafe SSL_CTX_set_alpn_select_cb(made, TLSCallbacks.chooseChallenge, nil)
            unsafe gh_tls_set_name_callback(made, { _, _, _ in SSL_TLSEXT_ERR_OK })
            try unsafe present([identity], in: made)
        }
        if !options.challenges.isEmpty { unsafe gh_tls_set_hello_callback(raw, TLSCallbacks.hello) }
    }

    /// Which certificates stand together for which names: for each name the first of each kind that is for it.
    private static func pairs(_ identities: [TLSIdentity]) -> (pairs: [[TLSIdentity]], names: [String: Int]) {
        var byName: [String: [Int]] = [:]
        var order: [String] = []
        for (index, identity) in identities.enumerated() {
            for name in identity.names {
                let present = byName[name] ?? []
                if present.isEmpty { order.append(name) }
                if !present.contains(where: { identities[$0].kind == identity.kind }) {
                    byName[name] = present + [index]
                }
            }
        }
        if identities.isEmpty { return ([], [:]) }
        // The default: the first certificate and the other kind that shares its first shared name.
        var first = [0]
        for name in identities[0].names {
            if let group = byName[name], group.contains(0), group.count > first.count { first = group }
        }
        var pairs = [first.sorted()]
        var names: [String: Int] = [:]
        for name in order {
            let group = (byName[name] ?? []).sorted()
            if let index = pairs.firstIndex(of: group) {
                names[name] = index
            } else {
                names[name] = pairs.count
                pairs.append(group)
            }
        }
        return (pairs.map { $0.map { identities[$0] } }, names)
    }

    @unsafe private func present(_ pair: [TLSIdentity], in context: OpaquePointer) throws(TLSMaterialError) {
        for identity in pair {
            guard unsafe SSL_CTX_use_certificate(context, identity.chain[0]) == 1 else { throw .tooWeak }
            guard unsafe SSL_CTX_use_PrivateKey(context, identity.key) == 1 else { throw .keyDoesNotMatch }
            // The chain belongs to the certificate that was set last.
            for index in unsafe identity.chain.indices.dropFirst() {
                guard unsafe gh_tls_add_chain(context, identity.chain[index]) == 1 else { throw .tooWeak }
            }
        }
    }

    @unsafe private func configure(_ context: OpaquePointer, _ options: ServerOptions) {
        unsafe gh_tls_set_context_owner(context, Unmanaged.passUnretained(self).toOpaque())
        let oldest = options.profile == .modern || !options.allowsTLS12 ? TLS1_3_VERSION : TLS1_2_VERSION
        unsafe Self.configureCiphers(context, oldest: oldest)
        _ = unsafe SSL_CTX_set_num_tickets(context, 2)
        unsafe gh_tls_set_session_cache(context, Int(SSL_SESS_CACHE_OFF))
        unsafe gh_tls_set_ticket_callback(context, TLSCallbacks.ticket)
        unsafe gh_tls_set_name_callback(context, TLSCallbacks.serverName)
        unsafe gh_tls_set_status_callback(context, TLSCallbacks.status, nil)
        unsafe SSL_CTX_set_alpn_select_cb(context, TLSCallbacks.chooseProtocol, nil)
        // A session may be resumed only where the same is asked of clients.
        var identity = [UInt8](repeating: 0, count: 32)
        if case .required? = options.clientCertificates { identity[0] = 1 }
        if let trust { for index in 0..<32 { identity[index] ^= trust.digest[index] } }
        _ = unsafe SSL_CTX_set_session_id_context(context, identity, UInt32(identity.count))
        // Where a certificate counts, its end and its revocation are to be seen soon.
        _ = unsafe SSL_CTX_set_timeout(context, trust == nil ? 12 * 3_600 : 300)
        guard let trust else { return }
        var mode = SSL_VERIFY_PEER
        if case .required? = options.clientCertificates { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
        unsafe SSL_CTX_set_verify(context, mode, nil)
        unsafe SSL_CTX_set1_cert_store(context, trust.store)
        unsafe SSL_CTX_set_client_CA_list(context, trust.makeNameList())
    }

    // MARK: Clients

    package init(client options: ClientOptions) throws(TLSMaterialError) {
        defer { ERR_clear_error() }
        guard let made = unsafe SSL_CTX_new(TLS_client_method()) else { throw .noMemory }
        unsafe raw = made
        protocols = options.protocols
        protocolList = TLSContext.wireForm(options.protocols)
        ticketKeys = nil
        plainAnswer = []
        verifies = options.verifies
        isEmpty = false
        trust = options.verifies ? options.trust ?? TLSTrust.system : nil
        unsafe gh_tls_set_context_owner(made, Unmanaged.passUnretained(self).toOpaque())
        unsafe Self.configureCiphers(made, oldest: TLS1_2_VERSION)
        // Sessions are kept by `TLSPeer`, for each endpoint by itself.
        unsafe gh_tls_set_session_cache(made, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        unsafe SSL_CTX_sess_set_new_cb(made, TLSCallbacks.newSession)
        if !protocolList.isEmpty {
            _ = unsafe SSL_CTX_set_alpn_protos(made, protocolList, UInt32(protocolList.count))
        }
        if let trust {
            unsafe SSL_CTX_set1_cert_store(made, trust.store)
            unsafe SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nil)
        }
        if let identity = options.identity { try unsafe present([identity], in: made) }
    }

    deinit {
        for index in unsafe others.indices { unsafe SSL_CTX_free(others[index]) }
        let answers = unsafe Array(challenges.values)
        for index in unsafe answers.indices { unsafe SSL_CTX_free(answers[index]) }
        unsafe SSL_CTX_free(raw)
    }

    // MARK: Both

    @unsafe private static func configureCiphers(_ context: OpaquePointer, oldest: Int32) {
        unsafe SSL_CTX_set_options(context, gh_tls_options)
        unsafe gh_tls_set_modes(context)
        unsafe SSL_CTX_set_info_callback(context, TLSCallbacks.info)
        let suites =
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
            + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
        let isComplete =
            unsafe (gh_tls_set_versions(context, oldest, TLS1_3_VERSION) == 1
            && SSL_CTX_set_cipher_list(context, suites) == 1
            && SSL_CTX_set_ciphersuites(
                context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1
            && gh_tls_set_groups(context, "X25519:P-256:P-384") == 1)
        precondition(isComplete, "this OpenSSL does not know the suites of the profiles")
    }

    private static func wireForm(_ protocols: [String]) -> [UInt8] {
        protocols.flatMap { [UInt8(clamping: $0.utf8.count)] + Array($0.utf8) }
    }

    /// The context of a connection, as long as the connection lives.
    @unsafe static func of(_ ssl: OpaquePointer?) -> TLSContext? {
        guard let ssl = unsafe ssl, let raw = unsafe SSL_get_SSL_CTX(ssl),
            let owner = unsafe gh_tls_context_owner(raw)
        else { return nil }
        // The session keeps a reference to it.
        return unsafe Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue()
    }

    // MARK: What the callbacks ask

    /// The OpenSSL context for a name that a client asks for; nil: the default.
    @unsafe func find(_ name: UnsafePointer<CChar>) -> OpaquePointer? {
        // Ended by a zero, and of at most 255 bytes.
        let name = unsafe String(cString: name).lowercased()
        var index = names[name]
        if index == nil, let dot = name.firstIndex(of: ".") { index = names["*" + name[dot...]] }
        guard let index, index > 0 else { return nil }
        return unsafe others[index - 1]
    }

    /// What answers a challenge for this name.
    @unsafe func challenge(for name: String) -> OpaquePointer? { unsafe challenges[name] }

    /// Whether a connection answers a challenge: it must carry nothing else.
    @unsafe func isChallenge(_ ssl: OpaquePointer) -> Bool {
        let context = unsafe SSL_get_SSL_CTX(ssl)
        return unsafe challenges.values.contains { unsafe $0 == context }
    }

    /// Our first protocol that the client speaks as well: its place in the client's list.
    func choose(from offered: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        for name in protocols {
            var start = 0
            while start < offered.count {
                let end = unsafe start + 1 + Int(offered[start])
                if end > offered.count { return nil }
                if unsafe offered[(start + 1)..<end].elementsEqual(name.utf8) { return (start + 1)..<end }
                start = end
            }
        }
        return nil
    }

    /// The stapled response for the certificate that a connection shows.
    @unsafe func stapledResponse(for ssl: OpaquePointer) -> [UInt8]? {
        let context = unsafe SSL_get_SSL_CTX(ssl)
        let index = unsafe context == raw ? 0 : (others.firstIndex { unsafe $0 == context } ?? -1) + 1
        guard let certificate = unsafe SSL_get_certificate(ssl), index < stapled.count else { return nil }
        return stapled[index].first { unsafe X509_cmp($0.identity.chain[0], certificate) == 0 }?.response
    }
}
