internal import Synchronization

/// A service's breaker as all workers use it: the machine under a short lock, and what the path of a request needs of it
/// in one atomic word.
///
/// A request that finds the breaker closed pays one load; its outcome pays a few additions. The lock is taken only where
/// the state may change: when the counts have passed the limit, when a rest is over, when a probe has come out. While
/// it is open, requests are refused by the word alone, so that a storm of them meets no lock.
final class CircuitBreaker: Sendable {
    typealias Phase = BreakerMachine.Phase
    typealias Admission = BreakerMachine.Admission

    private let machine = Mutex(BreakerMachine())
    /// The machine's state: the phase in the two lowest bits, above them the time that belongs to it. 0: closed.
    private let view = Atomic<Int64>(0)
    /// Tries that began before tell about the time before the last change, and do not count any more: a service that is
    /// well again must not be judged by the requests that hung while it was not.
    private let evidenceSince = Atomic<Int64>(.min)
    private let window = OutcomeWindow()

    var phase: Phase { Self.phase(view.load(ordering: .acquiring)) }

    /// Nothing passes but a probe.
    var isResting: Bool {
        switch phase {
        case .open, .halfOpen: true
        case .closed, .ramping: false
        }
    }

    /// Whether a request passes, and the phase that was entered by asking, if one was.
    func admit(_ rule: BreakerRule, now: Int64, random: UInt64) -> (Admission, entered: Phase?) {
        let view = view.load(ordering: .acquiring)
        let time = view >> 2
        switch Self.phase(view) {
        case .closed:
            return (.admitted, nil)
        case .open where now < time:
            return (.refused(wait: time - now), nil)
        case .halfOpen:
            return (.refused(wait: 0), nil)
        case .ramping where now - time < rule.ramp:
            let passes = BreakerMachine.passes(rule, elapsed: now - time, random: random)
            return (passes ? .admitted : .refused(wait: 0), nil)
        case .open, .ramping:
            return change(now) { $0.admit(rule, now: now, random: random) }
        }
    }

    /// A try has come out; returns the phase that was entered by it, if one was.
    func note(_ outcome: TryOutcome, _ rule: BreakerRule, now: Int64) -> Phase? {
        guard let verdict = rule.judge(outcome) else { return nil }
        let phase = phase
        if phase == .open || now - outcome.latency < evidenceSince.load(ordering: .acquiring) { return nil }
        let isBad = verdict.failed || verdict.slow
        if phase == .halfOpen {
            return change(now) { $0.probeEnded(succeeded: !isBad, rule, now: now) }.entered
        }
        window.add(verdict, now: now, window: rule.window)
        // Only what is bad can open it, so only then is the window added up.
        guard isBad else { return nil }
        let minimum = phase == .ramping ? rule.minimumWhileRamping : rule.minRequests
        guard rule.opens(window.counts(now: now, window: rule.window), minimum: minimum) else { return nil }
        return change(now) { $0.trip(rule, now: now) }.entered
    }

    /// The request that was this probe is over.
    func probeLeft(_ probe: UInt32, now: Int64) -> Phase? {
        guard phase == .halfOpen else { return nil }
        return change(now) { $0.probeLeft(probe, now: now) }.entered
    }

    private func change<Result>(
        _ now: Int64, _ event: (inout BreakerMachine) -> Result
    ) -> (Result, entered: Phase?) {
        machine.withLock { machine in
            let before = machine.state
            let result = event(&machine)
            guard machine.state != before else { return (result, nil) }
            window.clear()
            evidenceSince.store(now, ordering: .releasing)
            view.store(Self.pack(machine.state), ordering: .releasing)
            return (result, machine.state.phase)
        }
    }

    private static func phase(_ view: Int64) -> Phase { Phase(rawValue: UInt8(view & 3)) ?? .closed }

    private static func pack(_ state: BreakerMachine.State) -> Int64 {
        let time: Int64 =
            switch state {
            case .closed, .halfOpen: 0
            case .open(let until): until
            case .ramping(let since): since
            }
        return time << 2 | Int64(state.phase.rawValue)
    }
}
