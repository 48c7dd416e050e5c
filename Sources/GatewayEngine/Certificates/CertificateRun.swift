internal import GatewayConfiguration
internal import HTTPWire
internal import Identity
internal import Reactor

/// One order under way: carries out what `ACMEOrder` decides, on the first worker's loop, over connections like those to
/// services.
///
/// 1. The account's key is read or made, the certificate's key and request are made: on a thread of their own, since that
///    waits for the disk.
/// 2. Calls and waits, as the order says.
/// 3. What came is looked at: it must be for this key and all names, and be good now. It is kept in the storage, on a
///    thread again.
/// 4. `completion` is called once, on the loop, unless `stop` comes first.
final class CertificateRun: TimerNode, @unchecked Sendable {  // Threads only carry it back to the loop.
    struct Issued {
        var identity: TLSIdentity
        /// It could not be written down.
        var keepingFault: ACMEFault?
    }

    typealias Completion = (Result<Issued, ACMEFault>) -> Void

    private let certificate: ManagedCertificate
    private weak var worker: Worker?
    private var completion: Completion?
    private var order: ACMEOrder?
    private var account: SigningKey?
    private var request: CertificateRequest?
    private let authority: AuthorityConnections

    init(_ certificate: ManagedCertificate, worker: Worker, completion: @escaping Completion) {
        self.certificate = certificate
        self.worker = worker
        self.completion = completion
        authority = AuthorityConnections(certificate, worker)
    }

    func start() {
        guard let worker else { return }
        let (storage, domains) = (certificate.storage, certificate.configuration.domains)
        let started = PlainThread.start { [self] in
            let account = storage.accountKey()
            let request = CertificateRequest(dnsNames: domains)
            worker.loop.execute { [self] in begin(account, request) }
        }
        if !started {
            worker.loop.execute { [self] in
                end(.failure(ACMEFault(reason: .storage, step: "storage", detail: "the system has no thread left")))
            }
        }
    }

    func stop() {
        completion = nil
        letGo()
    }

    private func begin(_ account: Result<SigningKey, ACMEFault>, _ request: CertificateRequest?) {
        guard completion != nil else { return }
        switch account {
        case .failure(let fault): end(.failure(fault))
        case .success(let key):
            guard let request else {
                return end(.failure(ACMEFault(reason: .storage, step: "storage", detail: "no key can be made")))
            }
            let configuration = certificate.configuration
            var wanted = ACMEOrder.Wanted(
                directory: configuration.directory.text, domains: configuration.domains, email: configuration.email,
                challenge: configuration.challenge.rawValue, thumbprint: key.thumbprint, request: request.bytes)
            wanted.replaces = certificate.renewalName
            wanted.binding = configuration.externalAccount.map { account in
                // It was looked at when the configuration was read.
                ACMEBinding(
                    keyID: account.keyID, secret: Base64URL.decode(account.key.bytes.span) ?? [], jwk: key.jwk)
            }
            var order = ACMEOrder(wanted)
            self.account = key
            self.request = request
            let action = order.begin()
            self.order = order
            perform(action)
        }
    }

    // MARK: Actions

    private func perform(_ action: ACMEOrder.Action) {
        guard let worker else { return }
        switch action {
        case .send(let call): send(call)
        case .present(let challenges, let call):
            certificate.present(challenges)
            send(call)
        case .wait(let seconds): worker.loop.timers.arm(self, at: worker.loop.now + seconds * 1_000_000_000)
        case .failed(let fault): end(.failure(fault))
        case .finished(let chain): accept(chain)
        }
    }

    override func timerDidFire() {
        guard let action = order?.resume() else { return }
        perform(action)
    }

    private func send(_ call: ACMECall) {
        guard let account else { return }
        let completion: AuthorityConnections.Completion = { [weak self] in self?.received($0) }
        switch call.kind {
        case .get: authority.ask(call.url, .get, accepts: call.accepts, completion)
        case .head: authority.ask(call.url, .head, accepts: call.accepts, completion)
        case .post(let payload, let nonce, let signer):
            let signed = ACMESigner.body(of: call, payload: payload, nonce: nonce, signer: signer, key: account)
            guard let signed else {
                return end(.failure(ACMEFault(reason: .storage, step: "sign", detail: "the key does not sign")))
            }
            authority.ask(call.url, .post, body: signed, accepts: call.accepts, completion)
        }
    }

    private func received(_ result: Result<ACMEAnswer, ACMEFault>) {
        guard completion != nil else { return }
        switch result {
        case .failure(let fault): end(.failure(fault))
        case .success(let answer):
            guard let action = order?.received(answer) else { return }
            perform(action)
        }
    }

    // MARK: The end

    /// The library's contexts are tried before all listeners make theirs.
    private func accept(_ chain: [UInt8]) {
        guard let request, let worker else { return }
        func refuse(_ detail: String) {
            end(.failure(ACMEFault(reason: .wrongCertificate, step: "certificate", detail: detail)))
        }
        let identity: TLSIdentity
        do {
            identity = try TLSIdentity(certificate: chain, key: request.key)
            _ = try TLSContext(
                server: TLSContext.ServerOptions(identities: [identity], ticketKeys: TLSCompiler.ticketKeys))
        } catch {
            return refuse("it cannot be used: \(error)")
        }
        let missing = certificate.configuration.domains.first { !identity.covers($0) }
        if let missing { return refuse("it is not for \(missing)") }
        guard identity.notAfter > worker.loop.wallSecond else { return refuse("it has expired already") }
        let storage = certificate.storage
        let key = request.key
        let started = PlainThread.start { [self] in
            let fault = storage.keep(chain: chain, key: key)
            worker.loop.execute { [self] in end(.success(Issued(identity: identity, keepingFault: fault))) }
        }
        if !started {
            let fault = ACMEFault(reason: .storage, step: "storage", detail: "the system has no thread left")
            end(.success(Issued(identity: identity, keepingFault: fault)))
        }
    }

    private func end(_ result: Result<Issued, ACMEFault>) {
        guard let completion else { return }
        self.completion = nil
        letGo()
        completion(result)
    }

    private func letGo() {
        worker?.loop.timers.disarm(self)
        authority.close()
        order = nil
    }
}
