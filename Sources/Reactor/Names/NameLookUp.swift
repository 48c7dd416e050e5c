internal import CSystem

/// One look-up by DNS: two questions, for A and for AAAA, become one answer.
///
/// It ends when both are answered, or when one is, with addresses, and the grace for the other has passed.
/// (`package` only because Swift 6.3 takes the inherited `init()` of an internal final class for a recursion.)
package final class NameLookUp: TimerNode {
    private let loop: EventLoop
    private let port: UInt16
    private let grace: Int64
    /// Nil when the caller has been told.
    private var completion: ((Result<Resolution, ResolutionError>) -> Void)?
    private var four: Result<Resolution, ResolutionError>?
    private var six: Result<Resolution, ResolutionError>?

    /// An answer that misses a family because its servers failed is believed for this many seconds at most.
    private static let partialTimeToLive = 30

    init(
        on loop: EventLoop, port: UInt16, grace: Int64,
        completion: @escaping (Result<Resolution, ResolutionError>) -> Void
    ) {
        self.loop = loop
        self.port = port
        self.grace = grace
        self.completion = completion
        super.init()
    }

    func add(_ answer: Result<Resolution, ResolutionError>, family: Int32) {
        if family == AF_INET { four = answer } else { six = answer }
        guard completion != nil else { return }
        if four != nil && six != nil {
            finish()
        } else if case .success = answer {
            loop.timers.arm(self, at: loop.now + grace)
        }
    }

    package override func timerDidFire() {
        finish()
    }

    private func finish() {
        guard let completion else { return }
        self.completion = nil
        loop.timers.disarm(self)
        completion(merged())
    }

    private func merged() -> Result<Resolution, ResolutionError> {
        var addresses: [SocketAddress] = []
        var timeToLive = Int.max
        var failures: [ResolutionError] = []
        for answer in [four, six] {
            switch answer {
            case .success(let part):
                addresses += part.addresses
                timeToLive = min(timeToLive, part.timeToLive)
            case .failure(let error): failures.append(error)
            case nil: failures.append(.timedOut)
            }
        }
        if addresses.isEmpty { return .failure(Self.weightiest(failures)) }
        if !failures.allSatisfy({ $0 == .noAddress || $0 == .notFound }) {
            timeToLive = min(timeToLive, Self.partialTimeToLive)
        }
        return .success(Resolution(addresses: addresses.withPort(port), timeToLive: timeToLive))
    }

    /// That a name does not exist is the whole truth; that one family has no records says nothing when the other failed.
    private static func weightiest(_ failures: [ResolutionError]) -> ResolutionError {
        if failures.contains(.notFound) { return .notFound }
        return failures.first { $0 != .noAddress } ?? .noAddress
    }
}
