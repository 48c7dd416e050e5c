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
    private var call: InternalRequest?
    /// The authority's servers, by scheme, host and port: mostly one.
    private var pools: [String: EndpointPool] = [:]

    /// For each call, from its connection to the last byte.
    private static let callTimeout: Int64 = 30 * 1_000_000_000
    /// A chain is some KiB.
    private static let longestAnswer = 1 << 20

    init(_ certificate: ManagedCertificate, worker: Worker, completion: @escaping Completion) {
        self.certificate = certificate
        self.worker = worker
        self.completion = completion
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
            var order = ACMEOrder(
                ACMEOrder.Wanted(
                    directory: configuration.directory.text, domains: configuration.domains, email: configuration.email,
                    challenge: configuration.challenge.rawValue, thumbprint: key.thumbprint, request: request.bytes))
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
        guard let worker, let account else { return }
        guard let target = HTTPTarget(call.url), let pool = pool(to: target.endpoint, worker) else {
            return end(.failure(ACMEFault(reason: .malformed, step: "connect", detail: "a URL that cannot be asked")))
        }
        var method = Method.get
        var body: [UInt8] = []
        var fields = [("User-Agent", "gatehouse"), ("Accept", call.accepts)]
        switch call.kind {
        case .get: break
        case .head: method = .head
        case .post(let payload, let nonce, let signer):
            let signed = ACMESigner.body(of: call, payload: payload, nonce: nonce, signer: signer, key: account)
            guard let signed else {
                return end(.failure(ACMEFault(reason: .storage, step: "sign", detail: "the key does not sign")))
            }
            (method, body) = (.post, signed)
            fields.append(("Content-Type", ACMESigner.contentType))
        }
        let request = InternalRequest(
            worker: worker, method: method, target: target.target, host: Array(target.endpoint.authority.utf8),
            // A nonce is good once, so that a call that is repeated is never carried out twice.
            fields: fields, body: body, bodyLimit: Self.longestAnswer, mayRepeat: true
        ) { [weak self] request, result in self?.received(request, result) }
        self.call = request
        request.send(to: pool, timeout: Self.callTimeout)
    }

    private func received(
        _ request: InternalRequest, _ result: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) {
        guard completion != nil else { return }
        call = nil
        switch result {
        case .failure(let failure): end(.failure(Self.fault(failure)))
        case .success(let reply):
            var answer = ACMEAnswer(status: reply.status, body: reply.body)
            let fields = request.response.fields
            answer.nonce = Self.text(fields, "replay-nonce")
            answer.location = Self.text(fields, "location")
            answer.retryAfter = Self.text(fields, "retry-after").flatMap { Int64($0) }.map { max(0, $0) }
            guard let action = order?.received(answer) else { return }
            perform(action)
        }
    }

    private static func text(_ fields: HeaderBlock, _ name: String) -> String? {
        let bytes = Array(name.utf8)
        let index = fields.firstIndex(named: bytes.span)
        guard index >= 0 else { return nil }
        let value = fields.value(index)
        return String(decoding: value.indices.map { value[$0] }, as: UTF8.self)
    }

    private static func fault(_ failure: InternalRequest.Failure) -> ACMEFault {
        var fault = ACMEFault(reason: .unreachable, step: "connect")
        switch failure {
        case .timeout:
            fault.reason = .timeout
            fault.detail = "no whole answer in time"
        case .tooLarge:
            fault.reason = .malformed
            fault.detail = "an answer that is too large"
        case .gateway(let error): fault.detail = "\(error.code)"
        case .upstream(let failure): fault.detail = text(failure)
        }
        return fault
    }

    private static func text(_ failure: UpstreamFailure) -> String {
        switch failure {
        case .refused: "the connection was refused"
        case .connect: "no connection can be made"
        case .connectTimeout: "no connection was made in time"
        case .tls(let failure): "TLS: \(failure.label)"
        case .refusedStream: "the request was not taken"
        case .closedEarly, .incomplete: "the connection was closed before the answer was complete"
        case .invalid: "the answer is no HTTP"
        }
    }

    private func pool(to endpoint: EndpointConfiguration, _ worker: Worker) -> EndpointPool? {
        if let known = pools[endpoint.url] { return known }
        let tls = certificate.tls
        guard !endpoint.tls || tls != nil else { return nil }
        let made = EndpointPool.alone(to: endpoint, tls, maxIdle: 1, worker)
        pools[endpoint.url] = made
        return made
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
        call?.cancel()
        call = nil
        for pool in pools.values { pool.retire() }
        pools = [:]
        order = nil
    }
}
