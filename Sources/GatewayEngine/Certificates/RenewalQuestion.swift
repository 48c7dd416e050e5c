internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// Asks the authority when a certificate should be renewed (RFC 9773), on the first worker's loop: its directory names whom
/// to ask, and who that is says a window of time. Nothing is signed.
///
/// `completion` is called once, on the loop, unless `stop` comes first.
final class RenewalQuestion {
    enum Outcome {
        case told(ACMERenewalInfo, retryAfter: Int64?)
        /// The authority leaves that to others.
        case nobodyToAsk
        /// Nothing is known that was not known before.
        case failed(ACMEFault)
    }

    typealias Completion = (Outcome) -> Void

    private let certificate: ManagedCertificate
    private let name: String
    private let authority: AuthorityConnections
    private var completion: Completion?

    /// - Parameter name: of the certificate, by RFC 9773.
    init(_ certificate: ManagedCertificate, name: String, worker: Worker, completion: @escaping Completion) {
        self.certificate = certificate
        self.name = name
        self.completion = completion
        authority = AuthorityConnections(certificate, worker)
    }

    func start() {
        authority.ask(certificate.configuration.directory.text, .get, accepts: "application/json") { [weak self] in
            self?.receivedDirectory($0)
        }
    }

    func stop() {
        completion = nil
        authority.close()
    }

    private func receivedDirectory(_ result: Result<ACMEAnswer, ACMEFault>) {
        guard let answer = good(result, "directory") else { return }
        guard let directory = ACMEDirectory(answer.body) else { return fail("directory", "no directory") }
        guard let base = directory.renewalInfo else { return end(.nobodyToAsk) }
        let url = base.hasSuffix("/") ? base + name : "\(base)/\(name)"
        guard ACMECall.mayBeAsked(url, directory: certificate.configuration.directory.text) else {
            return fail("renewal info", "a URL that cannot be asked")
        }
        authority.ask(url, .get, accepts: "application/json") { [weak self] in self?.receivedInfo($0) }
    }

    private func receivedInfo(_ result: Result<ACMEAnswer, ACMEFault>) {
        guard let answer = good(result, "renewal info") else { return }
        guard let info = ACMERenewalInfo(answer.body) else { return fail("renewal info", "no window of time") }
        end(.told(info, retryAfter: answer.retryAfter))
    }

    /// What can be read on; otherwise it has ended.
    private func good(_ result: Result<ACMEAnswer, ACMEFault>, _ step: String) -> ACMEAnswer? {
        switch result {
        case .failure(let fault): end(.failed(fault))
        case .success(let answer) where answer.status != 200:
            let detail = ACMEProblem(answer.body)?.text ?? "status \(answer.status)"
            end(
                .failed(ACMEFault(reason: .refused, step: step, detail: detail, retryAfter: answer.retryAfter)))
        case .success(let answer): return answer
        }
        return nil
    }

    private func fail(_ step: String, _ detail: String) {
        end(.failed(ACMEFault(reason: .malformed, step: step, detail: detail)))
    }

    private func end(_ outcome: Outcome) {
        guard let completion else { return }
        stop()
        completion(outcome)
    }
}
