internal import HTTPWire
internal import Identity
internal import Reactor

/// What an authority finds when it looks whether a name leads here.
enum ChallengeAnswers {
    /// RFC 8555 §8.3
    static let prefix: StaticString = "/.well-known/acme-challenge/"
    /// Nobody asks for longer than this; a request that does is one like any other.
    static let longestToken = 256

    /// RFC 8737 §3: a certificate for the name that says the digest of the key authorization; for a week.
    static func identity(for challenge: ACMEChallenge) -> TLSIdentity? {
        let text = Array(challenge.keyAuthorization.utf8)
        let made = SelfSignedCertificate(
            dnsNames: [challenge.domain], seconds: 7 * 86_400, challenge: SHA256.hash(text.span))
        guard let made else { return nil }
        return try? TLSIdentity(certificate: made.certificate, key: made.key)
    }
}

extension Exchange {
    /// Answers an authority that asks by http, if that is what this request is; anybody else's requests below that path
    /// go their way, perhaps to a service that has certificates of its own.
    ///
    /// It stands before redirects, stages and policies: the authority follows none of them.
    func answerChallenge() -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        let path = matchedPath()
        let size = ChallengeAnswers.prefix.utf8CodeUnitCount
        guard path.count > size, path.count <= size + ChallengeAnswers.longestToken else { return false }
        // Constant data of the program, and as long as it says.
        let prefix = unsafe Span(_unsafeStart: ChallengeAnswers.prefix.utf8Start, count: size)
        for index in 0..<size where path[index] != prefix[index] { return false }
        let token = String(decoding: (size..<path.count).map { path[$0] }, as: UTF8.self)
        for certificate in snapshot.managed {
            guard let answer = certificate.answer(to: token) else { continue }
            response.removeAll()
            response.status = 200
            response.fields.append(.contentType, "application/octet-stream")
            respond(answer.span)
            return true
        }
        return false
    }
}
