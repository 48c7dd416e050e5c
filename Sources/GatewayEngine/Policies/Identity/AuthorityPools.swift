internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// One worker's connections to those who are asked about callers: made when the first question comes, kept as long as a
/// configuration names them, and used again from one question to the next.
final class AuthorityPools {
    /// Whose loop this is; set once.
    weak var worker: Worker?
    /// When the next failure may be logged.
    private var nextWarning: Int64 = 0
    private var pools: [(authority: CallerAuthority, pool: EndpointPool)] = []

    /// nil: it cannot be reached safely.
    func pool(to authority: CallerAuthority) -> EndpointPool? {
        for index in pools.indices where pools[index].authority === authority { return pools[index].pool }
        guard let worker, !authority.isUnreachable else { return nil }
        let service = authority.service
        let pool = EndpointPool(worker: worker, service: service, endpoint: service.endpoints[0])
        pools.append((authority, pool))
        return pool
    }

    /// What a new snapshot does not ask any more is let go; questions under way are answered.
    func keepOnly(_ wanted: [CallerAuthority]) {
        for entry in pools where !wanted.contains(where: { $0 === entry.authority }) { entry.pool.retire() }
        pools.removeAll { entry in !wanted.contains { $0 === entry.authority } }
    }

    func shutDown() {
        for entry in pools { entry.pool.stop() }
        pools.removeAll()
    }

    /// At most once in ten seconds: every request meets the same failure.
    func warn(of authority: CallerAuthority, _ fault: CredentialFault) {
        guard let worker, worker.loop.now >= nextWarning else { return }
        nextWarning = worker.loop.now + 10_000_000_000
        worker.log.warning(
            "credentials could not be checked",
            ["url": .text(authority.target.text), "reason": .text(fault.code)])
    }

    // MARK: Introspection

    /// Asks about a token (RFC 7662 §2.1) and tells the authority's owner, whoever still wants to know.
    func ask(_ introspection: CompiledIntrospection, about token: [UInt8], _ digest: SHA256Digest) {
        guard let worker else { return }
        let authority = introspection.authority
        guard let pool = pool(to: authority) else {
            return authority.failed(digest, .authorityUnreachable, at: worker.loop.wallSecond)
        }
        var fields = [
            ("Accept", "application/json"), ("User-Agent", "gatehouse"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        if !authority.authorization.isEmpty { fields.append(("Authorization", authority.authorization)) }
        let body = "token=\(FormText.encoded(token))&token_type_hint=access_token"
        let request = InternalRequest(
            worker: worker, method: .post, target: authority.target.target, host: authority.host, fields: fields,
            body: Array(body.utf8), bodyLimit: CompiledIntrospection.longestAnswer, mayRepeat: true
        ) { _, result in
            let second = worker.loop.wallSecond
            switch Self.read(result) {
            case .success(let answer): authority.answered(digest, answer, at: second)
            case .failure(let fault):
                authority.failed(digest, fault, at: second)
                worker.authorities.warn(of: authority, fault)
            }
        }
        request.send(to: pool, timeout: introspection.timeout)
    }

    private static func read(
        _ result: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) -> Result<IntrospectionAnswer, CredentialFault> {
        switch result {
        case .failure(let failure): return .failure(CredentialFault(failure))
        case .success(let reply):
            guard reply.status == 200, let answer = try? IntrospectionAnswer(reply.body) else {
                return .failure(.authorityBroken)
            }
            return .success(answer)
        }
    }
}

extension EventLoop {
    /// The time of day in whole seconds since 1970.
    var wallSecond: Int64 { wallNow / 1_000_000_000 }
}
