internal import HTTPWire
internal import Identity
internal import RateLimits
internal import Reactor

/// Callers that a consumer of the configuration is: by API key, by user and password, by certificate.
extension Exchange {
    // MARK: API keys

    func authenticateByKey(_ auth: CompiledAuth) -> CredentialOutcome {
        guard let places = auth.keyPlaces else { return .absent }
        let fields = request.fields
        switch places.find(request) {
        case .none: return .absent
        case .several:
            refuse(.keySeveral, .apiKey, auth)
            return .stopped
        case .token(let range):
            guard let place = snapshot.auth.consumers.keys.consumer(of: fields.bytes(range)) else {
                refuse(.keyUnknown, .apiKey, auth)
                return .stopped
            }
            worker.metrics.credentialChecked(CredentialCheck(.apiKey, .accepted))
            caller = .known
            become(Int32(truncatingIfNeeded: place))
            return .passed
        }
    }

    // MARK: Basic

    /// A password costs tens of milliseconds on purpose. One that this loop has seen is recognised; others are verified
    /// on threads of their own, a few for each client's address at a time, so that nobody who guesses keeps others out.
    /// An unknown user takes as long as a known one.
    func authenticateByPassword(_ auth: CompiledAuth) -> CredentialOutcome {
        guard let range = BasicScheme.find(request.fields) else { return .absent }
        let fields = request.fields
        guard let credentials = BasicCredentials(fields.bytes(range)) else {
            refuse(.basicMalformed, .basic, auth)
            return .stopped
        }
        let table = snapshot.auth.consumers
        let place = table.place(ofUser: credentials.user)
        let stored = place >= 0 ? table.consumers[Int(place)].password : nil
        if let stored,
            worker.passwords.contains(
                user: credentials.user, password: credentials.password, stored: stored, at: worker.loop.wallSecond)
        {
            accept(password: place)
            return .passed
        }
        verify(credentials, place: place, stored: stored, auth)
        return .stopped
    }

    private func accept(password place: Int32) {
        worker.metrics.credentialChecked(CredentialCheck(.basic, .accepted))
        caller = .known
        become(place)
    }

    /// Passwords of one client that are verified at once.
    private static let passwordsOfOneClient = 4

    private func verify(
        _ credentials: BasicCredentials, place: Int32, stored: PasswordHash?, _ auth: CompiledAuth
    ) {
        let key = worker.limitKey
        key.removeAll()
        CompiledLimitKey.passwords.write(limitInput, into: key)
        let turn = KeyDigest(of: key.span)
        let concurrency = worker.concurrency
        guard concurrency.enter(turn, limit: Self.passwordsOfOneClient) else { return refuse(.concurrencyLimited) }
        identityWait &+= 1
        let waiter = IdentityWaiter(exchange: self, number: identityWait)
        let isUnderWay = auth.passwordThreads.run {
            let matches = (stored ?? PasswordHash.decoy).matches(credentials.password)
            concurrency.leave(turn)
            waiter.finish(credentials, place: place, matched: matches ? stored : nil, auth)
        }
        if isUnderWay { return }
        concurrency.leave(turn)
        refuseUnjudged(.passwordsBusy, .basic)
    }

    /// - Parameter matched: what the password is right for; nil: it is wrong.
    fileprivate func passwordWasVerified(
        _ credentials: BasicCredentials, place: Int32, matched: PasswordHash?, _ auth: CompiledAuth, _ number: UInt64
    ) {
        if let matched {
            worker.passwords.insert(
                user: credentials.user, password: credentials.password, stored: matched, at: worker.loop.wallSecond)
        }
        guard isWaitingForIdentity(number) else { return }
        guard matched != nil else { return refuse(.passwordWrong, .basic, auth) }
        accept(password: place)
        resumePolicies()
    }

    /// Services do not get passwords that are for this gateway.
    func removeBasic() {
        let fields = request.fields
        var index = fields.firstIndex(of: .authorization)
        while index >= 0 {
            if BasicScheme.range(fields, index) != nil { fields.remove(at: index) }
            index = fields.nextIndex(of: .authorization, after: index)
        }
    }

    // MARK: Certificates

    /// The listener has verified it, or there would be no request.
    func authenticateByCertificate(_ auth: CompiledAuth) -> CredentialOutcome {
        guard let certificate = clientCertificate, let subject = certificate.names.first else { return .absent }
        worker.metrics.credentialChecked(CredentialCheck(.clientCertificate, .accepted))
        caller = .known
        let fields = request.fields
        record.subject = fields.store(subject.span.extracting(first: AccessRecord.longestSubject))
        let table = snapshot.auth.consumers
        for index in certificate.names.indices {
            let place = table.place(ofSubject: certificate.names[index])
            guard place >= 0 else { continue }
            become(place)
            break
        }
        return .passed
    }
}

extension IdentityWaiter {
    fileprivate func finish(
        _ credentials: BasicCredentials, place: Int32, matched: PasswordHash?, _ auth: CompiledAuth
    ) {
        exchange.worker.loop.execute {
            exchange.passwordWasVerified(credentials, place: place, matched: matched, auth, number)
        }
    }
}

/// Where `Authorization: Basic` stands.
enum BasicScheme {
    /// What stands behind the scheme of the first such field.
    static func find(_ fields: HeaderBlock) -> ByteRange? {
        var index = fields.firstIndex(of: .authorization)
        while index >= 0 {
            if let range = range(fields, index) { return range }
            index = fields.nextIndex(of: .authorization, after: index)
        }
        return nil
    }

    /// The scheme in any case (RFC 9110 §11.1), blanks behind it.
    static func range(_ fields: HeaderBlock, _ index: Int) -> ByteRange? {
        let range = fields.field(index).value
        let value = fields.value(index)
        let scheme: InlineArray<5, UInt8> = [0x62, 0x61, 0x73, 0x69, 0x63]  // "basic"
        guard value.count > scheme.count, value[scheme.count] == 0x20 else { return nil }
        for offset in 0..<scheme.count where value[offset] | 0x20 != scheme[offset] { return nil }
        var start = scheme.count
        while start < value.count, value[start] == 0x20 { start += 1 }
        // Within the arena, whose size fits.
        return ByteRange(
            start: range.start + UInt32(truncatingIfNeeded: start),
            count: UInt32(truncatingIfNeeded: value.count - start))
    }
}
