internal import GatewayConfiguration

/// Takes a candidate from its first requests to all of them, or back to none: the decisions of one canary, without a
/// clock, a counter or a lock of its own.
///
/// 1. `start`: the candidate gets its first share.
/// 2. `tick`, twice a second: is the candidate proven worse than allowed? Then it gets nothing any more, at once. Has the
///    step lasted as long as it should, with as many requests as it needs, and does nothing look wrong? Then the next
///    share. Otherwise: wait, or what `on_inconclusive` says.
/// 3. Behind the last step: promoted, by itself or by an operator's word.
///
/// An operator may pause, resume, promote and roll back at any time; what makes no sense in a state is refused.
struct CanaryMachine: Sendable, Hashable {
    enum State: Sendable, Hashable {
        /// Nobody has begun. Can transition to: running, promoted, rolledBack.
        case idle
        /// Can transition to: running (the next step), paused, promoted, rolledBack.
        case running(Run)
        /// An operator holds it: the share stays as it is, nobody judges.
        /// Can transition to: running (the same step, anew), promoted, rolledBack.
        case paused(step: Int)
        /// The candidate has all requests. Can transition to: running (from the first step), rolledBack.
        case promoted
        /// The candidate has none. Can transition to: running (from the first step), promoted.
        case rolledBack(CanaryReason)
    }

    struct Run: Sendable, Hashable {
        var step: Int
        var since: Int64
        var judge: CanaryJudge
        /// What was said about waiting, so that it is said once.
        var waitsFor: CanaryWait?
    }

    /// What has to be done now; at most one thing for each event.
    enum Action: Sendable, Hashable {
        case none
        /// The candidate's share in ten-thousandths, why, and the figures that say so.
        case change(share: Int, reason: CanaryReason, findings: [CanaryJudge.Finding])
        /// Nothing changes, but there is something to say.
        case report(CanaryWait)
    }

    /// What an operator asked for is not possible.
    struct Refusal: Error, Hashable {
        var state: String
    }

    let rules: CanaryRules
    private(set) var state: State

    init(rules: CanaryRules, state: State = .idle) {
        self.rules = rules
        self.state = state
    }

    /// The candidate's share; nil where the split's own weights hold.
    var share: Int? {
        switch state {
        case .idle: nil
        case .running(let run): rules.steps[run.step]
        case .paused(let step): rules.steps[step]
        case .promoted: CanaryRules.whole
        case .rolledBack: 0
        }
    }

    // MARK: Time

    mutating func tick(_ now: Int64, _ figures: CanaryJudge.Pair) -> Action {
        switch state {
        case .idle, .paused, .promoted, .rolledBack: return .none
        case .running(var run):
            run.judge.update(figures)
            let findings = run.judge.findings(figures)
            if let alarm = run.judge.alarm(findings) {
                return rollBack(CanaryReason(alarm.test), findings)
            }
            state = .running(run)
            guard now - run.since >= rules.pause else { return .none }
            guard let wait = obstacle(run, figures, findings) else { return passStep(run, now, figures, findings) }
            switch wait == .promotion ? .wait : rules.onInconclusive {
            case .wait: return self.wait(run, wait)
            case .goOn where isLast(run.step) && !rules.promotesByItself: return self.wait(run, .promotion)
            case .goOn: return passStep(run, now, figures, findings)
            case .rollBack: return rollBack(.inconclusive, findings)
            }
        }
    }

    private mutating func wait(_ run: Run, _ wait: CanaryWait) -> Action {
        if run.waitsFor == wait { return .none }
        var run = run
        run.waitsFor = wait
        state = .running(run)
        return .report(wait)
    }

    private func isLast(_ step: Int) -> Bool { step == rules.steps.count - 1 }

    /// What keeps the step from being passed at its time.
    private func obstacle(
        _ run: Run, _ figures: CanaryJudge.Pair, _ findings: [CanaryJudge.Finding]
    ) -> CanaryWait? {
        let candidate = run.judge.step(figures).candidate
        if candidate.answers < rules.minRequests { return .requests }
        if !run.judge.isCalibrated { return .baseline }
        if run.judge.isSuspicious(findings) { return .certainty }
        return isLast(run.step) && !rules.promotesByItself ? .promotion : nil
    }

    private mutating func passStep(
        _ run: Run, _ now: Int64, _ figures: CanaryJudge.Pair, _ findings: [CanaryJudge.Finding]
    ) -> Action {
        if isLast(run.step) {
            state = .promoted
            return .change(share: CanaryRules.whole, reason: .stepsPassed, findings: findings)
        }
        let next = run.step + 1
        enter(step: next, now, figures, history: run.judge.step(figures).baseline)
        return .change(share: rules.steps[next], reason: .stepPassed, findings: findings)
    }

    private mutating func rollBack(_ reason: CanaryReason, _ findings: [CanaryJudge.Finding]) -> Action {
        state = .rolledBack(reason)
        return .change(share: 0, reason: reason, findings: findings)
    }

    private mutating func enter(step: Int, _ now: Int64, _ figures: CanaryJudge.Pair, history: SideFigures?) {
        let judge = CanaryJudge(rules: rules, begin: figures, history: history)
        state = .running(Run(step: step, since: now, judge: judge, waitsFor: nil))
    }

    // MARK: Operators

    /// Begins, from the first step: by itself after loading, or by an operator, also once it was over.
    mutating func start(
        _ now: Int64, _ figures: CanaryJudge.Pair, by reason: CanaryReason
    ) throws(Refusal) -> Action {
        switch state {
        case .running, .paused: throw refusal
        case .idle, .promoted, .rolledBack:
            enter(step: 0, now, figures, history: nil)
            return .change(share: rules.steps[0], reason: reason, findings: [])
        }
    }

    mutating func pause() throws(Refusal) -> Action {
        switch state {
        case .idle, .paused, .promoted, .rolledBack: throw refusal
        case .running(let run):
            state = .paused(step: run.step)
            return .change(share: rules.steps[run.step], reason: .operator, findings: [])
        }
    }

    /// The step begins anew: what happened meanwhile, by whatever share, says nothing about it.
    mutating func resume(
        _ now: Int64, _ figures: CanaryJudge.Pair, by reason: CanaryReason = .operator
    ) throws(Refusal) -> Action {
        switch state {
        case .idle, .running, .promoted, .rolledBack: throw refusal
        case .paused(let step):
            enter(step: step, now, figures, history: nil)
            return .change(share: rules.steps[step], reason: reason, findings: [])
        }
    }

    mutating func promote() throws(Refusal) -> Action {
        switch state {
        case .promoted: throw refusal
        case .idle, .running, .paused, .rolledBack:
            state = .promoted
            return .change(share: CanaryRules.whole, reason: .operator, findings: [])
        }
    }

    mutating func rollBack() throws(Refusal) -> Action {
        switch state {
        case .rolledBack: throw refusal
        case .idle, .running, .paused, .promoted: return rollBack(.operator, [])
        }
    }

    private var refusal: Refusal { Refusal(state: state.name) }
}

extension CanaryMachine.State {
    /// The name in the admin API, in metrics and in the state file.
    var name: String {
        switch self {
        case .idle: "idle"
        case .running: "running"
        case .paused: "paused"
        case .promoted: "promoted"
        case .rolledBack: "rolled_back"
        }
    }

    static let names = ["idle", "running", "paused", "promoted", "rolled_back"]

    /// Counted from 0; nil where there is no step.
    var step: Int? {
        switch self {
        case .running(let run): run.step
        case .paused(let step): step
        case .idle, .promoted, .rolledBack: nil
        }
    }
}
