internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Connections to an authority of certificates, like those to services, on one loop: one call after the other.
///
/// A call ends once: with its answer, whatever it says, or with the reason why there is none; not at all after `close`.
final class AuthorityConnections {
    typealias Completion = (Result<ACMEAnswer, ACMEFault>) -> Void

    private let certificate: ManagedCertificate
    private weak var worker: Worker?
    private var call: InternalRequest?
    /// The authority's servers, by scheme, host and port: mostly one.
    private var pools: [String: EndpointPool] = [:]

    /// For each call, from its connection to the last byte.
    private static let callTimeout: Int64 = 30 * 1_000_000_000
    /// A chain is some KiB.
    private static let longestAnswer = 1 << 20

    init(_ certificate: ManagedCertificate, _ worker: Worker) {
        self.certificate = certificate
        self.worker = worker
    }

    func ask(
        _ url: String, _ method: Method, body: [UInt8] = [], accepts: String, _ completion: @escaping Completion
    ) {
        guard let worker else { return }
        guard let target = HTTPTarget(url), let pool = pool(to: target.endpoint, worker) else {
            return completion(
                .failure(ACMEFault(reason: .malformed, step: "connect", detail: "a URL that cannot be asked")))
        }
        var fields = [("User-Agent", "gatehouse"), ("Accept", accepts)]
        if method == .post { fields.append(("Content-Type", ACMESigner.contentType)) }
        let request = InternalRequest(
            worker: worker, method: method, target: target.target, host: Array(target.endpoint.authority.utf8),
            // A nonce is good once, so that a call that is repeated is never carried out twice.
            fields: fields, body: body, bodyLimit: Self.longestAnswer, mayRepeat: true
        ) { [weak self] request, result in
            guard let self, call === request else { return }
            call = nil
            completion(Self.answer(request, result))
        }
        call = request
        request.send(to: pool, timeout: Self.callTimeout)
    }

    func close() {
        call?.cancel()
        call = nil
        for pool in pools.values { pool.retire() }
        pools = [:]
    }

    private func pool(to endpoint: EndpointConfiguration, _ worker: Worker) -> EndpointPool? {
        if let known = pools[endpoint.url] { return known }
        let tls = certificate.tls
        guard !endpoint.tls || tls != nil else { return nil }
        let made = EndpointPool.alone(to: endpoint, tls, maxIdle: 1, worker)
        pools[endpoint.url] = made
        return made
    }

    // MARK: Answers

    private static func answer(
        _ request: InternalRequest, _ result: Result<InternalRequest.Reply, InternalRequest.Failure>
    ) -> Result<ACMEAnswer, ACMEFault> {
        switch result {
        case .failure(let failure): return .failure(fault(failure))
        case .success(let reply):
            var answer = ACMEAnswer(status: reply.status, body: reply.body)
            let fields = request.response.fields
            answer.nonce = text(fields, "replay-nonce")
            answer.location = text(fields, "location")
            answer.retryAfter = text(fields, "retry-after").flatMap { Int64($0) }.map { max(0, $0) }
            return .success(answer)
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
}
