/// What stands between the route and its answer, in the one order that is documented: preflight, authenticate,
/// authorise, rate limit, policies in Swift, validate, transform the request, answer.
///
/// A policy either lets the request go on, or answers it, or waits for something (keys, a store, another service) and
/// calls `resumePolicies` when it has it. The deadline of the request does not run before its answer begins; a policy
/// that waits has a time limit of its own.
extension Exchange {
    /// The next thing to do.
    enum PolicyStep: UInt8 {
        case preflight, authenticate, authorise, rateLimit, code, validate, transform, answer
    }

    /// What the route has matched stands in the worker's scratch, which the next request overwrites: a request that
    /// waits takes it along.
    func keepMatch() {
        keptMatch.removeAll(keepingCapacity: true)
        for index in 0..<worker.scratch.parameterCount { keptMatch.append(worker.scratch.parameter(index)) }
    }

    /// To be called when the wait is over, before anything asks for the route's parameters.
    func restoreMatch() { worker.scratch.restore(keptMatch) }

    /// Begins, with the route's match fresh.
    func runPolicies() {
        guard phase == .waiting else { return }
        let plan = snapshot.plans[routeIndex]
        if passesPolicies(plan) {
            // A failure that is rehearsed comes first.
            if plan.fault >= 0, rehearse(plan) { return }
            answer(plan)
        } else if phase == .waiting {
            keepMatch()
        }
    }

    /// Goes on from `policyStep`, for a policy that has what it waited for.
    func resumePolicies() {
        guard phase == .waiting else { return }
        restoreMatch()
        runPolicies()
    }

    /// False: the request was answered, or waits.
    private func passesPolicies(_ plan: RoutePlan) -> Bool {
        while true {
            switch policyStep {
            case .preflight:
                policyStep = .authenticate
                if plan.addresses >= 0, !passesAddresses(plan) { return false }
                if isPreflight {
                    answerPreflight(plan)
                    return false
                }
            case .authenticate:
                guard authenticate(plan) else { return false }
                policyStep = .authorise
            case .authorise:
                guard authorise(plan) else { return false }
                policyStep = .rateLimit
            case .rateLimit:
                policyStep = .code
                if plan.concurrency >= 0, !entersRoute(plan) { return false }
                if plan.limits >= 0, !passesLimits(plan) { return false }
            case .code:
                if plan.policies >= 0, !passesCode(plan) { return false }
                policyStep = .validate
            case .validate:
                if !snapshot.validations.isEmpty, !validateRequest(plan) { return false }
                policyStep = .transform
            case .transform:
                guard transformRequest(plan) else { return false }
                policyStep = .answer
            case .answer: return true
            }
        }
    }
}
