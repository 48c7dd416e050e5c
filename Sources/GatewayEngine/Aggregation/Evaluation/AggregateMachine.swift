internal import GatewayConfiguration
internal import HTTPWire
internal import JSONStream

/// One request's way through an aggregate, without anything that goes over the wire: told how calls ended, it says which
/// calls to make, until it knows the answer.
///
/// 1. `start` gives the calls of all parts that refer to no other.
/// 2. `answered` takes the end of one, and gives those that have become possible: parts that waited for it, the next
///    elements of a fan-out.
/// 3. A call that is equal to one that was made, and has no effects, is not made again: whoever wants it waits for, or
///    gets, the same answer.
/// 4. When every part has come to something, or one that is needed has failed, `result` is there, and whatever is still
///    under way is of no use any more.
///
/// What a part comes to does not depend on the order in which calls end. Which of several needed parts is named as the
/// one that failed does: it is the first.
final class AggregateMachine {
    enum Phase {
        /// Parts that it refers to have not come to anything yet. Can transition to: running, settled.
        case waiting
        /// Calls are under way. Can transition to: settled.
        case running
        /// It has a value, or it is known that there is none.
        case settled
    }

    private struct Part {
        var phase = Phase.waiting
        /// Parts that it refers to and that are not settled.
        var unmet = 0
        /// The elements that it is called for; nil: there is one call, for none.
        var items: [JSONNode]?
        /// The next element to call for.
        var next = 0
        /// Calls under way.
        var open = 0
        /// Of each element.
        var results: [PartValue?] = []
        /// Of all results.
        var bytes = 0
        var value: PartValue?
        var failure: PartFailure?

        var count: Int { items?.count ?? 1 }
    }

    private struct Call {
        let request: PartRequest
        /// Who wants the answer: part and element.
        var waiters: [(part: Int, item: Int)]
        var outcome: PartOutcome?
    }

    enum Result {
        case answer([UInt8])
        /// - Parameter part: nil: it is the answer that cannot be made.
        case failed(part: Int?, PartFailure)
        /// A part's own error is the answer.
        case passed(part: Int, PartAnswer)
    }

    let plan: CompiledAggregate
    private let request: AggregateRequest
    /// Bytes that a part may have.
    private let limit: Int
    private var parts: [Part]
    private var calls: [Call] = []
    private var known: [PartRequest: Int] = [:]
    private var begun: [Int] = []
    private var unsettled: Int
    private var requestNode: JSONNode??
    private(set) var result: Result?

    init(_ plan: CompiledAggregate, _ request: AggregateRequest, limit: Int) {
        self.plan = plan
        self.request = request
        self.limit = limit
        parts = plan.parts.map { Part(unmet: $0.references.count) }
        unsettled = plan.parts.count
    }

    /// The calls that can be made at once, by their numbers.
    func start() -> [Int] {
        for part in plan.parts.indices where result == nil {
            // One that only waited for parts that came to nothing at once is under way by now.
            if parts[part].unmet == 0, parts[part].phase == .waiting { run(part) }
        }
        return takeBegun()
    }

    /// A call has ended: those that can be made now.
    func answered(_ call: Int, _ outcome: PartOutcome) -> [Int] {
        guard result == nil, calls[call].outcome == nil else { return [] }
        calls[call].outcome = outcome
        let waiters = calls[call].waiters
        calls[call].waiters = []
        for waiter in waiters {
            parts[waiter.part].open -= 1
            guard result == nil, parts[waiter.part].phase == .running else { continue }
            deliver(outcome, to: waiter.part, item: waiter.item)
            goOn(waiter.part)
        }
        return takeBegun()
    }

    func request(of call: Int) -> PartRequest { calls[call].request }

    /// The part that the call was first made for.
    func part(of call: Int) -> Int { calls[call].waiters.first?.part ?? 0 }

    /// What answers said of how long they hold, of all that took part.
    var freshness: [PartFreshness] {
        calls.map { call in
            guard case .answer(let answer) = call.outcome, call.request.method.isSafe else { return PartFreshness() }
            return answer.freshness
        }
    }

    /// Parts that failed, in the order of the file.
    var failures: [(part: Int, failure: PartFailure)] {
        parts.indices.compactMap { index in parts[index].failure.map { (index, $0) } }
    }

    private func takeBegun() -> [Int] {
        defer { begun = [] }
        return result == nil ? begun : []
    }

    // MARK: A part's way

    /// All that it refers to is there.
    private func run(_ part: Int) {
        parts[part].phase = .running
        if let each = plan.parts[part].each {
            guard let items = items(each.input, each.path) else { return settle(part, nil) }
            guard items.count <= plan.parts[part].configuration.maxItems else {
                return fail(part, PartFailure(error: .partItemsExceeded))
            }
            parts[part].items = items
        }
        parts[part].results = Array(repeating: nil, count: parts[part].count)
        goOn(part)
    }

    /// The elements of one array, or several values; nil: nothing is found.
    private func items(_ input: Int, _ path: JSONPath) -> [JSONNode]? {
        guard let root = node(input), let nodes = try? path.nodes(in: root), let last = nodes.last else { return nil }
        if path.isSingular { return last.isArray ? Array(last.elements) : [last] }
        return nodes
    }

    /// Calls for further elements, as many as may be under way; settles the part behind the last.
    private func goOn(_ part: Int) {
        let concurrency = plan.parts[part].configuration.concurrency
        while result == nil, parts[part].phase == .running, parts[part].next < parts[part].count,
            parts[part].open < concurrency
        {
            let item = parts[part].next
            parts[part].next += 1
            call(part, item)
        }
        guard result == nil, parts[part].phase == .running, parts[part].open == 0,
            parts[part].next == parts[part].count
        else { return }
        let results = parts[part].results
        if parts[part].items == nil { return settle(part, results[0]) }
        settle(part, PartValue(JSONSplice.array(results.compactMap { $0?.text })))
    }

    private func call(_ part: Int, _ item: Int) {
        let values = PartValues(request: request, item: parts[part].items?[item]) { self.node($0) }
        let made: PartRequest
        do throws(PartFailure) {
            made = try plan.parts[part].request(values, limit: limit)
        } catch {
            return failed(error, part, item, answer: nil)
        }
        if made.method.isSafe {
            if let same = known[made] {
                if let outcome = calls[same].outcome { return deliver(outcome, to: part, item: item) }
                calls[same].waiters.append((part, item))
                parts[part].open += 1
                return
            }
            known[made] = calls.count
        }
        parts[part].open += 1
        begun.append(calls.count)
        calls.append(Call(request: made, waiters: [(part, item)]))
    }

    private func deliver(_ outcome: PartOutcome, to part: Int, item: Int) {
        switch outcome {
        case .failure(let error): failed(PartFailure(error: error), part, item, answer: nil)
        case .answer(let answer):
            do throws(PartFailure) {
                set(try answer.value(for: plan.parts[part]), part, item)
            } catch {
                failed(error, part, item, answer: answer)
            }
        }
    }

    private func set(_ value: PartValue?, _ part: Int, _ item: Int) {
        parts[part].results[item] = value
        parts[part].bytes += value?.text.count ?? 0
        if parts[part].bytes > limit { fail(part, PartFailure(error: .responseTooLarge)) }
    }

    /// The call for one element has failed, or for the only one.
    private func failed(_ failure: PartFailure, _ part: Int, _ item: Int, answer: PartAnswer?) {
        if parts[part].failure == nil { parts[part].failure = failure }
        switch plan.parts[part].fallback {
        case .omit: break
        case .value(let text): set(PartValue(text), part, item)
        case .fail: result = .failed(part: part, failure)
        case .pass:
            if let answer, failure.error == .partStatus {
                result = .passed(part: part, answer)
            } else {
                result = .failed(part: part, failure)
            }
        }
    }

    /// The part as a whole has failed.
    private func fail(_ part: Int, _ failure: PartFailure) {
        if parts[part].failure == nil { parts[part].failure = failure }
        switch plan.parts[part].fallback {
        case .omit: settle(part, nil)
        case .value(let text): settle(part, PartValue(text))
        case .fail, .pass: result = .failed(part: part, failure)
        }
    }

    private func settle(_ part: Int, _ value: PartValue?) {
        parts[part].phase = .settled
        parts[part].value = value
        parts[part].items = nil
        parts[part].results = []
        unsettled -= 1
        for dependent in plan.dependents[part] where result == nil {
            parts[dependent].unmet -= 1
            if parts[dependent].unmet == 0 { run(dependent) }
        }
        if unsettled == 0, result == nil { finish() }
    }

    /// The value of an input as parts see it.
    private func node(_ input: Int) -> JSONNode? {
        switch input {
        case AggregateInput.request:
            if let requestNode { return requestNode }
            let made = request.document()
            requestNode = .some(made)
            return made
        case AggregateInput.claims: return request.claims
        case AggregateInput.firstPart...: return parts[input - AggregateInput.firstPart].value?.node
        default: return nil
        }
    }

    // MARK: The answer

    private func finish() {
        guard let shape = plan.shape else {
            result = .answer(members(withFailed: true))
            return
        }
        var text: [UInt8] = []
        do throws(JSONTemplate.Failure) {
            try shape.render(
                body: shape.needsBody ? PartValue(members(withFailed: false)).node : nil, into: &text,
                limit: limit * plan.parts.count
            ) { input in
                input == AggregateInput.failed ? PartValue(self.failedList()).node : self.node(input)
            }
            result = .answer(text)
        } catch {
            result = .failed(part: nil, PartFailure(error: .responseTooLarge))
        }
    }

    /// One member a part, and the list of failed parts where it is asked for and not empty.
    private func members(withFailed: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(
            parts.indices.reduce(64) { $0 + plan.parts[$1].member.count + (parts[$1].value?.text.count ?? 0) + 1 })
        text.append(UInt8(ascii: "{"))
        for index in parts.indices {
            guard let value = parts[index].value else { continue }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += plan.parts[index].member
            text += value.text
        }
        if withFailed, let failed = failedMembers {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += failed
        }
        text.append(UInt8(ascii: "}"))
        return text
    }

    /// `"errors":[…]`; nil where it is not asked for, or no part has failed.
    var failedMembers: [UInt8]? {
        guard let member = plan.failedMember, parts.contains(where: { $0.failure != nil }) else { return nil }
        return member + failedList()
    }

    private func failedList() -> [UInt8] {
        JSONSplice.array(failures.map { $0.failure.text(part: plan.parts[$0.part].name)[...] })
    }
}
