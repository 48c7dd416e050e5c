internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// A call of Swift code to a service, while its answer is awaited.
final class OpenCall: @unchecked Sendable {
    private let part: PartCall
    private let continuation: CheckedContinuation<ServiceOutcome, Never>

    init(_ part: PartCall, _ continuation: CheckedContinuation<ServiceOutcome, Never>) {
        self.part = part
        self.continuation = continuation
    }

    func resume(_ outcome: ServiceOutcome) { continuation.resume(returning: outcome) }

    /// Gives it up.
    func end() {
        part.cancel()
        resume(.cancelled)
    }
}

/// Which call a cancellation means: it may come before the call was made, or from another thread. Touched on the loop.
private final class CallTicket: @unchecked Sendable {
    var number = -1
    var isCancelled = false
}

/// Calls to services: each is an exchange of its own, as a part of an aggregate is, with balancing, tries, breaker,
/// trace, and its own line of timings in the record.
extension ProgramRun {
    func ask(_ call: ServiceCall) async -> ServiceOutcome {
        let ticket = CallTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                onLoop { [self] in begin(call, ticket, continuation) }
            }
        } onCancel: {
            onLoop { [self] in
                ticket.isCancelled = true
                open.removeValue(forKey: ticket.number)?.end()
            }
        }
    }

    private func begin(
        _ call: ServiceCall, _ ticket: CallTicket, _ continuation: CheckedContinuation<ServiceOutcome, Never>
    ) {
        guard let exchange, !ticket.isCancelled else { return continuation.resume(returning: .cancelled) }
        guard let place = exchange.snapshot.program.services[call.service] else {
            return continuation.resume(returning: .unknownService)
        }
        let request: PartRequest
        switch PartRequest.made(of: call, service: place) {
        case .success(let made): request = made
        case .failure(let problem): return continuation.resume(returning: .badCall(problem.text))
        }
        let own = call.timeout?.boundedNanoseconds ?? exchange.snapshot.services[place].requestTimeout
        let part = PartCall(
            self, number: calls, label: exchange.snapshot.program.firstLabel + Int32(truncatingIfNeeded: place),
            limit: exchange.snapshot.configuration.limits.bufferedBody,
            ratio: exchange.settings.decompressionRatio, keepsFields: true)
        ticket.number = calls
        open[calls] = OpenCall(part, continuation)
        calls += 1
        let until = own < Deadline.never ? worker.loop.now + own : Deadline.never
        // Once the answer has begun, the time for it has been kept.
        let limit = exchange.phase == .waiting ? exchange.requestDeadline : Deadline.never
        part.begin(request, of: exchange, deadline: min(until, limit))
    }
}

extension PartRequest {
    struct Problem: Error {
        let text: String
    }

    /// What the code asks for, if it can be sent: a part of it may have come from the client.
    static func made(of call: ServiceCall, service: Int) -> Result<PartRequest, Problem> {
        let method = Array(call.method.utf8)
        let target = Array(call.target.utf8)
        guard FieldRules.isToken(method.span), Method.lookup(method.span) != .connect else {
            return .failure(Problem(text: "the method is none that can be sent"))
        }
        guard target.first == UInt8(ascii: "/"), target.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            return .failure(Problem(text: "the path does not begin with a slash, or is not percent-encoded"))
        }
        guard !PartEncoding.hasDotSegment(target) else {
            return .failure(Problem(text: "the path has a dot segment, which would lead somewhere else"))
        }
        var request = PartRequest(
            service: service, method: Method.lookup(method.span), methodText: method, target: target)
        for field in call.fields {
            let (name, value) = (Array(field.name.utf8), Array(field.value.utf8))
            guard ProgramFields.areValid(name, value) else {
                return .failure(Problem(text: "the field \"\(field.name)\" is none that can be sent"))
            }
            if ProgramFields.isFraming(name) { continue }
            request.fields.append(Field(name: name, value: value))
        }
        request.body = call.body
        request.forward = call.forward.map { Array($0.utf8).map(PathBytes.lowercase) }
        return .success(request)
    }
}
