internal import HTTPWire
internal import Reactor

/// Policies that are written in Swift, at their place among the others: behind the limits, before what is validated.
///
/// They see the head, one after the other, in one task; a later one sees what those before it have edited. The edits are
/// carried out when all have let the request pass. On the way back those that were passed see the head of the answer,
/// the last one first, whoever it comes from: an endpoint, a handler, the gateway.
extension Exchange {
    private struct Judgement: Sendable {
        var edits: [ProgramEdit] = []
        var passed = 0
        var verdict = ProgramPolicy.Verdict.pass([])
        var request: ProgramRequest
    }

    /// False: the request waits for them, or was answered.
    func passesCode(_ plan: RoutePlan) -> Bool {
        let policies = snapshot.program.policies[Int(plan.policies)]
        if program?.policiesPassed == policies.policies.count { return true }
        guard let downstream else { return false }
        keepMatch()
        setDeadline(policies.timeout)
        let run = programRun(of: downstream)
        run.timeoutError = .policyTimeout
        let request = programRequest(body: [])
        run.request = request
        let hasStarted = run.start(
            { await Self.judge(request, by: policies, run) },
            then: { exchange, judgement in exchange.policiesAreDone(judgement, policies, run) })
        if !hasStarted { refuse(.handlerOverloaded) }
        return false
    }

    private static func judge(
        _ request: ProgramRequest, by policies: CompiledPolicies, _ run: ProgramRun
    ) async -> Judgement {
        var judgement = Judgement(request: request)
        for policy in policies.policies {
            let verdict = await policy.request(ProgramCall(request: judgement.request, run: run))
            guard case .pass(let edits) = verdict else {
                judgement.verdict = verdict
                return judgement
            }
            judgement.edits += edits
            judgement.request.fields.apply(edits)
            judgement.passed += 1
        }
        return judgement
    }

    private func policiesAreDone(_ judgement: Judgement, _ policies: CompiledPolicies, _ run: ProgramRun) {
        guard phase == .waiting else { return }
        run.policiesPassed = judgement.passed
        run.request = judgement.request
        worker.loop.timers.pause(self)
        requestDeadline = Deadline.never
        switch judgement.verdict {
        case .refuse(let refusal): refuse(.policyRefused, by: refusal)
        case .failed(let failure):
            report(failure)
            refuse(failure.error)
        case .answer(let answer): send(answer, by: run, failure: .policyFailed)
        case .pass:
            guard ProgramFields.apply(judgement.edits, to: request.fields) else {
                report(ProgramFailure(.policyFailed, "a field of the request cannot be set so"))
                return refuse(.policyFailed)
            }
            resumePolicies()
        }
    }

    /// The head of the answer, whoever made it, as it is about to leave.
    func editResponseByCode(_ run: ProgramRun, _ passed: Int) {
        let policies = snapshot.program.policies[Int(snapshot.plans[routeIndex].policies)]
        guard policies.readsResponses, let request = run.request else { return }
        let fields = response.fields
        for index in policies.policies.indices.prefix(passed).reversed() {
            guard let look = policies.policies[index].response else { continue }
            let edits = look(request, response.status, ProgramFields.copies(of: fields))
            if !ProgramFields.apply(edits, to: fields) {
                report(ProgramFailure(.policyFailed, "policy \(policies.names[index]): a field cannot be set so"))
            }
        }
    }
}
