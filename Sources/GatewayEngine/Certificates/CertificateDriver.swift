internal import GatewayConfiguration
internal import Reactor

/// Gets and renews the managed certificates, on the first worker's loop: it knows which are due, and each order under way
/// is a `CertificateRun`. In between it asks the authority when it wants to be asked (`RenewalQuestion`).
final class CertificateDriver: TimerNode {
    /// Whose loop this is; set once, before the first `reconcile`.
    weak var worker: Worker?
    private var certificates: [ManagedCertificate] = []
    private var runs: [ObjectIdentifier: CertificateRun] = [:]
    private var questions: [ObjectIdentifier: RenewalQuestion] = [:]

    /// The clock of the machine may be set, or the machine sleep: it is looked at this often at least.
    private static let longestRest: Int64 = 600 * 1_000_000_000

    /// Makes the certificates those of a snapshot. One that stays goes on with its order.
    func reconcile(_ wanted: [ManagedCertificate]) {
        guard let worker, worker.loop.index == 0 else { return }
        for certificate in certificates where !wanted.contains(where: { $0 === certificate }) { stop(certificate) }
        for certificate in wanted where !certificates.contains(where: { $0 === certificate }) {
            guard certificate.report.validity == nil else { continue }
            worker.log.warning(
                "there is no certificate yet; TLS handshakes for its names are refused until it has come",
                ["certificate": .text(certificate.name), "directory": .text(certificate.configuration.directory.text)])
        }
        certificates = wanted
        schedule()
    }

    func shutDown() {
        for certificate in certificates { stop(certificate) }
        certificates = []
        worker?.loop.timers.disarm(self)
    }

    private func stop(_ certificate: ManagedCertificate) {
        questions.removeValue(forKey: ObjectIdentifier(certificate))?.stop()
        guard let run = runs.removeValue(forKey: ObjectIdentifier(certificate)) else { return }
        run.stop()
        certificate.orderStopped()
    }

    override func timerDidFire() {
        guard let worker else { return }
        let now = worker.loop.wallSecond
        for certificate in certificates where runs[ObjectIdentifier(certificate)] == nil && certificate.nextOrder <= now
        {
            certificate.beginOrder()
            let run = CertificateRun(certificate, worker: worker) { [weak self] result in
                self?.ended(certificate, result)
            }
            runs[ObjectIdentifier(certificate)] = run
            // The new one is asked about when it has come.
            questions.removeValue(forKey: ObjectIdentifier(certificate))?.stop()
            run.start()
        }
        for certificate in certificates where isQuiet(certificate) {
            guard let due = certificate.nextQuestion, due <= now else { continue }
            ask(about: certificate, worker)
        }
        schedule()
    }

    /// Nothing is under way about it.
    private func isQuiet(_ certificate: ManagedCertificate) -> Bool {
        let id = ObjectIdentifier(certificate)
        return runs[id] == nil && questions[id] == nil
    }

    // MARK: When to renew

    private func ask(about certificate: ManagedCertificate, _ worker: Worker) {
        guard let name = certificate.renewalName else {
            // It names no issuer, so that nobody can be asked about it; perhaps the next one does.
            _ = certificate.told(nil, retryAfter: nil, now: worker.loop.wallSecond)
            return
        }
        let question = RenewalQuestion(certificate, name: name, worker: worker) { [weak self] outcome in
            self?.answered(certificate, outcome)
        }
        questions[ObjectIdentifier(certificate)] = question
        question.start()
    }

    private func answered(_ certificate: ManagedCertificate, _ outcome: RenewalQuestion.Outcome) {
        guard let worker, questions.removeValue(forKey: ObjectIdentifier(certificate)) != nil else { return }
        let now = worker.loop.wallSecond
        switch outcome {
        case .told(let info, let retryAfter):
            guard certificate.told(info.window, retryAfter: retryAfter, now: now) else { break }
            worker.log.info(
                "the authority has said when to renew a certificate",
                [
                    "certificate": .text(certificate.name),
                    "from": .text(TLSCompiler.date(info.window.lowerBound)),
                    "until": .text(TLSCompiler.date(info.window.upperBound)),
                    "why": .text(info.explanation ?? ""),
                ])
        case .nobodyToAsk: _ = certificate.told(nil, retryAfter: nil, now: now)
        case .failed(let fault):
            certificate.notTold(retryAfter: fault.retryAfter, now: now)
            worker.log.info(
                "the authority does not say when to renew a certificate; what was planned holds",
                ["certificate": .text(certificate.name), "detail": .text(fault.description)])
        }
        schedule()
    }

    // MARK: Time

    private func schedule() {
        guard let worker else { return }
        var next: Int64?
        for certificate in certificates where runs[ObjectIdentifier(certificate)] == nil {
            next = min(next ?? .max, certificate.nextOrder)
            if isQuiet(certificate), let question = certificate.nextQuestion { next = min(next ?? .max, question) }
        }
        guard let next else { return worker.loop.timers.pause(self) }
        let seconds = next > worker.loop.wallSecond ? next - worker.loop.wallSecond : 0
        let rest = seconds < 600 ? seconds * 1_000_000_000 : Self.longestRest
        worker.loop.timers.arm(self, at: worker.loop.now + rest)
    }

    private func ended(_ certificate: ManagedCertificate, _ result: Result<CertificateRun.Issued, ACMEFault>) {
        guard let worker, runs.removeValue(forKey: ObjectIdentifier(certificate)) != nil else { return }
        let now = worker.loop.wallSecond
        let random = Double(worker.identifiers.next() >> 11) / 0x1p53
        switch result {
        case .success(let issued):
            certificate.install(issued.identity, now: now, random: random)
            worker.log.info(
                "a certificate has come",
                [
                    "certificate": .text(certificate.name),
                    "not_after": .text(TLSCompiler.date(issued.identity.notAfter)),
                    "kept_in": .text(certificate.storage.certificatePath),
                ])
            if let fault = issued.keepingFault {
                certificate.noteKeeping(fault)
                worker.log.error(
                    "a certificate cannot be kept; it is shown, but lost when the program ends",
                    ["certificate": .text(certificate.name), "reason": .text(fault.detail)])
            }
        case .failure(let fault):
            certificate.orderFailed(fault, now: now, random: random)
            let report = certificate.report
            worker.log.error(
                "a certificate could not be got",
                [
                    "certificate": .text(certificate.name), "step": .text(fault.step),
                    "reason": .text("\(fault.reason.label)"), "detail": .text(fault.detail),
                    "next_try_seconds": .integer(Int(clamping: report.nextOrder - now)),
                ])
        }
        schedule()
    }
}

extension ManagedCertificate {
    /// For logs and pages: its first name.
    var name: String { configuration.domains[0] }
}
