internal import GatewayConfiguration
internal import Identity
internal import Reactor
internal import Synchronization

/// Somebody else who knows callers, and is asked over HTTP: about tokens (`introspection`), or about requests (`forward`).
/// One for all loops, and over all snapshots that ask it the same way.
///
/// Connections belong to each worker (`AuthorityPools`). What was answered about tokens is shared, under a short lock: a
/// loop comes here once for a token, and from then on has it among the tokens that it remembers itself.
final class CallerAuthority: Sendable {
    struct Identity: Hashable {
        var configuration: AuthorityConfiguration
        var cacheTime: Duration
    }

    /// What whoever waited for an answer about a token is told.
    enum Verdict: Sendable {
        case active(ClaimSet, until: Int64)
        case inactive
        case unavailable(CredentialFault)
    }

    private struct State {
        var cache: IntrospectionCache
        var waiting: [SHA256Digest: [@Sendable (Verdict) -> Void]] = [:]
    }

    let target: HTTPTarget
    let host: [UInt8]
    /// What its connections are made by.
    let service: CompiledService
    /// https, and the system's certificates cannot be had: nobody there can be trusted.
    let isUnreachable: Bool
    /// `Authorization` of questions about tokens; empty: none.
    let authorization: String
    private let state: Mutex<State>

    init(_ identity: Identity, tls: TLSContext?) {
        target = identity.configuration.target
        let endpoint = target.endpoint
        host = Array(endpoint.authority.utf8)
        isUnreachable = endpoint.tls && tls == nil
        var service = ServiceConfiguration(name: endpoint.authority, endpoints: [endpoint])
        service.outlierDetection.enabled = false
        self.service = CompiledService(
            service, index: 0, series: .none, firstLabel: 0, state: ServiceState(name: service.name), tls: tls)
        if let name = identity.configuration.clientID {
            let password = identity.configuration.clientSecret.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
            // Both are encoded as in a form first (RFC 6749 §2.3.1).
            authorization =
                "Basic "
                + BasicCredentials.text(user: FormText.encoded(name.utf8), password: FormText.encoded(password.utf8))
        } else {
            authorization = ""
        }
        state = Mutex(State(cache: IntrospectionCache(lifetime: identity.cacheTime.components.seconds)))
    }

    /// What is known of a token. - Parameter resume: called on any thread with the answer, after `.ask` and `.wait`.
    func lookUp(
        _ token: SHA256Digest, at second: Int64, resume: @escaping @Sendable (Verdict) -> Void
    ) -> IntrospectionCache.Found {
        state.withLock { state in
            let found = state.cache.lookUp(token, at: second)
            switch found {
            case .ask, .wait: state.waiting[token, default: []].append(resume)
            case .active, .inactive: break
            }
            return found
        }
    }

    /// The question that `.ask` led to has been answered.
    func answered(_ token: SHA256Digest, _ answer: IntrospectionAnswer, at second: Int64) {
        let (waiting, until) = state.withLock { state in
            let until = state.cache.finished(token, .answer(answer), at: second)
            return (state.waiting.removeValue(forKey: token) ?? [], until)
        }
        let verdict: Verdict =
            switch answer {
            case .active(let claims, _): .active(claims, until: until)
            case .inactive: .inactive
            }
        for resume in waiting { resume(verdict) }
    }

    /// Or not.
    func failed(_ token: SHA256Digest, _ fault: CredentialFault, at second: Int64) {
        let waiting = state.withLock { state in
            state.cache.finished(token, .failure, at: second)
            return state.waiting.removeValue(forKey: token) ?? []
        }
        for resume in waiting { resume(.unavailable(fault)) }
    }
}

/// Text as forms carry it (`application/x-www-form-urlencoded`).
enum FormText {
    static func encoded(_ text: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
