/// Why credentials that are no token were not accepted, or could not be judged. The code is for logs and metrics, and
/// stays the same for ever; no case carries text of a client.
package enum CredentialFault: Error, Hashable, Sendable, CaseIterable, BitwiseCopyable {
    /// Different API keys in several places.
    case keySeveral
    case keyUnknown
    /// `Authorization: Basic` with something that is no user and password.
    case basicMalformed
    /// Of no user, or not this user's.
    case passwordWrong
    /// Whoever was asked about the request has answered it.
    case denied
    // Not the client's fault: 503.
    /// More passwords wait to be verified than may.
    case passwordsBusy
    case authorityUnreachable
    case authorityTimeout
    /// It answered, but not what was asked: another status, no JSON, too much.
    case authorityBroken

    package var code: String {
        switch self {
        case .keySeveral: "key_several"
        case .keyUnknown: "key_unknown"
        case .basicMalformed: "basic_malformed"
        case .passwordWrong: "password_wrong"
        case .denied: "denied"
        case .passwordsBusy: "passwords_busy"
        case .authorityUnreachable: "authority_unreachable"
        case .authorityTimeout: "authority_timeout"
        case .authorityBroken: "authority_broken"
        }
    }

    init(_ failure: InternalRequest.Failure) {
        switch failure {
        case .timeout: self = .authorityTimeout
        case .tooLarge: self = .authorityBroken
        case .upstream, .gateway: self = .authorityUnreachable
        }
    }
}

/// What became of credentials that are no signed token, for the metrics.
struct CredentialCheck {
    enum Kind: Int, CaseIterable {
        case apiKey, basic, introspection, forward, clientCertificate

        var label: String {
            switch self {
            case .apiKey: "api_key"
            case .basic: "basic"
            case .introspection: "introspection"
            case .forward: "forward"
            case .clientCertificate: "client_certificate"
            }
        }
    }

    enum Result: Int, CaseIterable {
        case accepted, refused, unavailable

        var label: String {
            switch self {
            case .accepted: "accepted"
            case .refused: "refused"
            case .unavailable: "unavailable"
            }
        }
    }

    let kind: Kind
    let result: Result

    init(_ kind: Kind, _ result: Result) {
        self.kind = kind
        self.result = result
    }

    /// Kept, since an unoptimised build makes `allCases` anew each time.
    private static let results = Result.allCases.count
    static let count = Kind.allCases.count * results

    var slot: Int { kind.rawValue * Self.results + result.rawValue }

    /// By slot.
    static let labels = Kind.allCases.flatMap { kind in
        Result.allCases.map { "type=\"\(kind.label)\",result=\"\($0.label)\"" }
    }
}
