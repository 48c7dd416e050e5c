internal import HTTPWire

extension RouteTable {
    /// Looks for the route, best first, and returns its index or `TrieNode.none`.
    ///
    /// With a recorder the very same walk goes on to the end and notes every candidate; the recorder then has the winner.
    func search(_ input: borrowing RouteInput, _ scratch: MatchScratch, recorder: ExplainRecorder?) -> UInt32 {
        scratch.captured = 0
        scratch.allowedMethods = 0
        let path = input.path
        guard path.count > 0, path.count < Int(Int32.max), path[0] == UInt8(ascii: "/") else { return TrieNode.none }
        let method = methods.bit(of: input.method, input.methodText)
        if hasHosts {
            let found = searchHosts(input, method, scratch, recorder)
            if found != TrieNode.none { return found }
        }
        recorder?.enterHost()
        return walk(from: anyHost, input, method, scratch, recorder)
    }

    /// The sets of routes for this host: the exact name, then suffixes from the longest.
    private func searchHosts(
        _ input: borrowing RouteInput, _ method: UInt64, _ scratch: MatchScratch, _ recorder: ExplainRecorder?
    ) -> UInt32 {
        scratch.takeHost(input.host)
        let host = scratch.host
        guard host.count > 0 else { return TrieNode.none }
        var root = hostNode(SegmentTrie.exactHosts, host, from: 0)
        if root != TrieNode.none {
            recorder?.enterHost()
            let found = walk(from: root, input, method, scratch, recorder)
            if found != TrieNode.none { return found }
        }
        guard longestWildcard > 0 else { return TrieNode.none }
        // `*.example.org` stands for one label or more, so the suffix begins behind a dot that has a label before it.
        for index in 1..<max(host.count, 1) where host[index] == UInt8(ascii: ".") {
            guard host.count &- index &- 1 <= longestWildcard else { continue }
            root = hostNode(SegmentTrie.wildcardHosts, host, from: index &+ 1)
            guard root != TrieNode.none else { continue }
            recorder?.enterHost()
            let found = walk(from: root, input, method, scratch, recorder)
            if found != TrieNode.none { return found }
        }
        return TrieNode.none
    }

    private func hostNode(_ parent: UInt32, _ host: Span<UInt8>, from start: Int) -> UInt32 {
        let segment = SegmentScanner.scan(host, from: start)
        guard segment.end == host.count else { return TrieNode.none }
        return trie.child(of: parent, host, start, host.count, hash: segment.hash)
    }

    /// Goes through the trie below a host, depth first in the order of precedence, with the levels on a stack of fixed
    /// size. A level is one segment, and each node has one parent, so each node is entered at most once.
    private func walk(
        from root: UInt32, _ input: borrowing RouteInput, _ method: UInt64, _ scratch: MatchScratch,
        _ recorder: ExplainRecorder?
    ) -> UInt32 {
        let path = input.path
        var depth = 0
        var frame = WalkFrame(node: root, start: 1, end: 0, step: .literal)
        while true {
            let node = trie.nodes[Int(frame.node)]
            let start = Int(frame.start)
            var next = TrieNode.none
            var list = TrieNode.none
            if start > path.count {
                // The path ends at this node: patterns that end here, then `**` with nothing left for it.
                switch frame.step {
                case .literal:
                    list = node.exact
                    frame.step = .noneOrMore
                case .noneOrMore:
                    list = node.noneOrMore
                    frame.step = .done
                case .regex, .parameter, .oneOrMore, .done: break
                }
            } else {
                switch frame.step {
                case .literal:
                    frame.step = .regex
                    if node.hasLiterals != 0 || node.parameterChild != TrieNode.none {
                        let segment = SegmentScanner.scan(path, from: start)
                        frame.end = UInt32(truncatingIfNeeded: segment.end)
                        if node.hasLiterals != 0 {
                            next = trie.child(of: frame.node, path, start, segment.end, hash: segment.hash)
                        }
                    }
                case .regex:
                    list = node.regex
                    frame.step = .parameter
                case .parameter:
                    if frame.end > frame.start { next = node.parameterChild }
                    frame.step = .oneOrMore
                case .oneOrMore:
                    if start < path.count { list = node.oneOrMore }
                    frame.step = .noneOrMore
                case .noneOrMore:
                    list = node.noneOrMore
                    frame.step = .done
                case .done: break
                }
            }
            if next != TrieNode.none {
                scratch.setFrame(depth, frame)
                depth &+= 1
                frame = WalkFrame(node: next, start: frame.end &+ 1, end: 0, step: .literal)
            } else if list != TrieNode.none {
                scratch.setFrame(depth, frame)
                let found = visit(list, depth, input, method, scratch, recorder)
                if found != TrieNode.none { return found }
            } else if frame.step == .done {
                guard depth > 0 else { return TrieNode.none }
                depth &-= 1
                frame = scratch.frame(depth)
            }
        }
    }

    /// Tries the routes of one place; the one that takes the request gets its parameters noted.
    @inline(__always)
    private func visit(
        _ list: UInt32, _ depth: Int, _ input: borrowing RouteInput, _ method: UInt64, _ scratch: MatchScratch,
        _ recorder: ExplainRecorder?
    ) -> UInt32 {
        let found = firstPassing(list, input, method, scratch)
        if let recorder {
            if recorder.visit(list, winner: found, table: self, input, method, scratch) {
                capture(routes[Int(trie.candidates[Int(found)].route)], depth, input.path, scratch)
            }
            return TrieNode.none
        }
        guard found != TrieNode.none else { return TrieNode.none }
        let candidate = trie.candidates[Int(found)]
        if candidate.has(Candidate.capturing) { capture(routes[Int(candidate.route)], depth, input.path, scratch) }
        return candidate.route
    }

    /// The first candidate of a list that takes the request, by its index. For HEAD, one that takes it with GET waits until it is clear that
    /// none of the list names HEAD.
    private func firstPassing(
        _ list: UInt32, _ input: borrowing RouteInput, _ method: UInt64, _ scratch: MatchScratch
    ) -> UInt32 {
        var index = Int(list)
        var withGET = TrieNode.none
        while true {
            let candidate = trie.candidates[index]
            if candidate.methods & method == 0 {
                if otherFailure(of: candidate, input, scratch) == nil { scratch.allowedMethods |= candidate.methods }
            } else if withGET == TrieNode.none || candidate.has(Candidate.namesHead),
                otherFailure(of: candidate, input, scratch) == nil
            {
                if method != methods.headBit || candidate.has(Candidate.namesHead)
                    || !candidate.has(Candidate.namesMethods)
                {
                    return UInt32(truncatingIfNeeded: index)
                }
                withGET = UInt32(truncatingIfNeeded: index)
            }
            if candidate.has(Candidate.last) { return withGET }
            index &+= 1
        }
    }

    /// The first rule that fails, the method last; nil when the route takes the request.
    func failure(
        of candidate: Candidate, _ input: borrowing RouteInput, _ method: UInt64, _ scratch: MatchScratch
    ) -> RuleFailure? {
        if let failure = otherFailure(of: candidate, input, scratch) { return failure }
        return candidate.methods & method == 0 ? .method : nil
    }

    /// The first rule that fails, the method aside. Most routes have no further rule, and their flags say so.
    @inline(__always)
    private func otherFailure(
        of candidate: Candidate, _ input: borrowing RouteInput, _ scratch: MatchScratch
    ) -> RuleFailure? {
        candidate.has(Candidate.conditional) ? conditionFailure(of: candidate.route, input, scratch) : nil
    }

    private func conditionFailure(
        of index: UInt32, _ input: borrowing RouteInput, _ scratch: MatchScratch
    ) -> RuleFailure? {
        let route = routes[Int(index)]
        if let expression = route.pathExpression, !scratch.regex.matches(expression, input.path) { return .path }
        return route.conditions?.firstFailure(input, scratch)
    }

    /// Notes where the parameters of the matched route stand.
    private func capture(_ route: CompiledRoute, _ depth: Int, _ path: Span<UInt8>, _ scratch: MatchScratch) {
        let captures = route.captures
        scratch.captured = captures.count
        if let expression = route.pathExpression {
            // Conditions have used the result block since; the same search gives the same groups.
            guard captures.count > 0, scratch.regex.matches(expression, path) else { return }
            for index in 0..<captures.count {
                scratch.setParameter(index, scratch.regex.group(Int(captures[index])) ?? 0..<0)
            }
            return
        }
        for index in 0..<captures.count {
            let frame = scratch.frame(Int(captures[index]))
            let isRest = route.capturesRest && index == captures.count - 1
            scratch.setParameter(index, Int(frame.start)..<(isRest ? path.count : Int(frame.end)))
        }
    }
}
