internal import HTTPWire

/// Why a request went where it went: every route whose host and path could have taken it, in the order in which the router
/// tries them, and for each the rule by which it lost.
package struct Explanation: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        /// The index in `RouteTable.routes`.
        package let route: Int
        /// nil for the route that takes the request.
        package let failure: RuleFailure?
    }

    package struct Parameter: Sendable, Hashable {
        package let name: String
        /// As it stands in the normalised path.
        package let value: String
    }

    package let outcome: MatchOutcome
    package let candidates: [Candidate]
    /// The parameters of the route that takes the request.
    package let parameters: [Parameter]
    /// What `Allow` says when the outcome is `methodNotAllowed`.
    package let allowedMethods: [String]
}

extension RouteTable {
    /// Explains what `match` does with the request: the same walk over the same table, which goes on behind the winner.
    package func explain(_ input: borrowing RouteInput, scratch: MatchScratch) -> Explanation {
        let recorder = ExplainRecorder()
        _ = search(input, scratch, recorder: recorder)
        guard let winner = recorder.winner else {
            let isMethod = scratch.allowedMethods != 0
            return Explanation(
                outcome: isMethod ? .methodNotAllowed : .notFound, candidates: recorder.candidates, parameters: [],
                allowedMethods: isMethod ? allowedMethods(scratch) : [])
        }
        let route = routes[Int(winner.route)]
        let path = input.path
        let parameters = route.parameterNames.enumerated().map { index, name in
            let range = scratch.parameter(index)
            var value: [UInt8] = []
            for position in Int(range.start)..<range.end { value.append(path[position]) }
            return Explanation.Parameter(name: name, value: String(decoding: value, as: UTF8.self))
        }
        return Explanation(
            outcome: .route(index: route.index), candidates: recorder.candidates, parameters: parameters,
            allowedMethods: [])
    }
}

/// Takes notes while the router walks on after it has found a route.
final class ExplainRecorder {
    private(set) var winner: Candidate?
    private(set) var candidates: [Explanation.Candidate] = []
    private var noted: Set<UInt32> = []
    private var host = 0
    private var winningHost = 0
    private var winningList = TrieNode.none

    /// The walk begins in the next set of routes, those of a less specific host.
    func enterHost() { host += 1 }

    /// Notes the routes of a place, given which of them takes the request there by the router's own choice. True when
    /// that one is the winner. A route that waits at several hosts is noted where it comes first.
    func visit(
        _ list: UInt32, winner found: UInt32, table: RouteTable, _ input: borrowing RouteInput, _ method: UInt64,
        _ scratch: MatchScratch
    ) -> Bool {
        let wins = winner == nil && found != TrieNode.none
        if wins {
            winner = table.trie.candidates[Int(found)]
            winningHost = host
            winningList = list
        }
        var index = Int(list)
        while true {
            let candidate = table.trie.candidates[index]
            if noted.insert(candidate.route).inserted {
                var failure: RuleFailure?
                if candidate.route != winner?.route {
                    failure =
                        table.failure(of: candidate, input, method, scratch) ?? .outranked(step(candidate, list, table))
                }
                candidates.append(Explanation.Candidate(route: Int(candidate.route), failure: failure))
            }
            if candidate.has(Candidate.last) { return wins }
            index += 1
        }
    }

    /// The step by which the winner comes before a route that would have taken the request.
    private func step(_ candidate: Candidate, _ list: UInt32, _ table: RouteTable) -> PrecedenceStep {
        guard let winner, host == winningHost else { return .host }
        guard list == winningList else { return .path }
        // Only for a HEAD request can a route that names HEAD come before one that stands earlier in the list.
        if winner.has(Candidate.namesHead) != candidate.has(Candidate.namesHead), table.isLater(winner, than: candidate)
        {
            return .method
        }
        return table.decidingStep(winner, candidate)
    }
}
