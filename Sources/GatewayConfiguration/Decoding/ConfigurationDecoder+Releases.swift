/// Splits, canaries and mirrors: what must fit together in a release.
extension ConfigurationDecoder {
    mutating func decodeSplit(_ id: NodeID, _ release: [(key: NodeID, value: NodeID)]) -> SplitConfiguration? {
        guard document.node(id).kind == .sequence else { return nil }
        var split = SplitConfiguration(sides: decodeSides(id))
        for (key, value) in release {
            switch document.key(key) {
            case .splitKey: split.key = decodeSplitKey(value)
            case .splitOverrides: split.overrides = values(value).compactMap { decodeOverride($0, split) }
            case .canary: split.canary = decodeCanary(value, split)
            default: break
            }
        }
        return split
    }

    /// These keys say nothing about any other answer.
    mutating func refuseRelease(_ release: [(key: NodeID, value: NodeID)]) {
        for (key, _) in release {
            findings.error(
                at: location(key), "\(text(key)): stands on a route without a split",
                fix: "answer the route by split:, or remove it")
        }
    }

    /// Weights need not add up to 100, only to more than nothing. A weight that the checker refused says nothing about
    /// the sum, which is then left unchecked.
    private mutating func decodeSides(_ id: NodeID) -> [SplitSide] {
        guard document.node(id).kind == .sequence else { return [] }
        var sides: [SplitSide] = []
        var seen: Set<String> = []
        var hasInvalidWeight = false
        for side in document.children(id) {
            var service: String?
            var weight = 0
            for (key, value) in entries(side) {
                switch document.key(key) {
                case .service:
                    service = text(value)
                    requireService(value, name: "service")
                    if !seen.insert(text(value)).inserted {
                        report(
                            Problem("stands twice in one split", fix: "add the two weights"), at: value, name: "service"
                        )
                    }
                case .weight:
                    assign(value, to: &weight)
                    hasInvalidWeight = hasInvalidWeight || !(0...1_000_000).contains(integer(value) ?? -1)
                default: break
                }
            }
            if let service { sides.append(SplitSide(service: service, weight: weight)) }
        }
        if document.node(id).count == 0 {
            findings.error(at: location(id), "split: the list is empty", fix: "add two services with their weights")
        } else if !hasInvalidWeight, sides.reduce(0, { $0 + $1.weight }) == 0 {
            findings.error(
                at: location(id), "split: the weights add up to 0, so nobody would answer",
                fix: "give one side a weight")
        }
        return sides
    }

    private func decodeSplitKey(_ id: NodeID) -> SplitKey? {
        let text = text(id)
        switch text {
        case "client_ip": return .client
        case "path": return .path
        case "consumer": return .consumer
        default: break
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        if name.isEmpty { return nil }
        switch text[..<colon] {
        case "header": return .header(name.lowercased())
        case "cookie": return .cookie(name)
        case "query": return .query(name)
        case "claim": return .claim(name)
        default: return nil
        }
    }

    private mutating func decodeOverride(_ id: NodeID, _ split: SplitConfiguration) -> SplitOverride? {
        var source: SplitOverride.Source?
        var wanted: String?
        var service = ""
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .header: source = .header(text(value).lowercased())
            case .cookie: source = .cookie(text(value))
            case .query: source = .query(text(value))
            case .value: wanted = text(value)
            case .service:
                service = text(value)
                requireSide(value, of: split, name: "service")
            default: break
            }
        }
        return source.map { SplitOverride(source: $0, value: wanted, service: service) }
    }

    /// A canary moves requests between two services, its steps rise, and one step below the whole is left to judge by.
    private mutating func decodeCanary(_ id: NodeID, _ split: SplitConfiguration) -> CanaryConfiguration? {
        guard isMapping(id) else { return nil }
        var canary = CanaryConfiguration(candidate: "")
        for (key, value) in document.entries(id) {
            switch document.key(key) {
            case .candidate:
                canary.candidate = text(value)
                requireSide(value, of: split, name: "candidate")
            case .steps: canary.steps = decodeSteps(value) ?? canary.steps
            case .pause: canary.pause = (try? DurationValue.parse(text(value))) ?? canary.pause
            case .minRequests: assign(value, to: &canary.minRequests)
            case .maxErrorIncrease:
                canary.maxErrorIncrease = (try? ShareValue.parse(text(value))) ?? canary.maxErrorIncrease
            case .maxLatencyIncrease:
                canary.maxLatencyIncrease = (try? ShareValue.parse(text(value))) ?? canary.maxLatencyIncrease
            case .onInconclusive: canary.onInconclusive = word(value) ?? canary.onInconclusive
            case .autoStart: assign(value, to: &canary.autoStart)
            case .autoPromote: assign(value, to: &canary.autoPromote)
            default: break
            }
        }
        if split.sides.count != 2 {
            findings.error(
                at: location(id), "canary: a split of \(split.sides.count) services has no two sides to compare",
                fix: "leave the baseline and the candidate in the split")
            return nil
        }
        return canary.candidate.isEmpty ? nil : canary
    }

    private mutating func decodeSteps(_ id: NodeID) -> [Double]? {
        guard document.node(id).kind == .sequence else { return nil }
        let shares = document.children(id).compactMap { try? ShareValue.parse(text($0)) }
        // What is no share was reported by the checker.
        guard shares.count == Int(document.node(id).count) else { return nil }
        let rises = zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 }
        // A ten-thousandth is the smallest share that weights are made of.
        guard rises, let first = shares.first, first >= 0.000_1, first < 1 else {
            findings.error(
                at: location(id), "steps: they must rise, from 0.01% or more, with one below 100%",
                fix: "write them as in [1%, 5%, 25%, 50%]")
            return nil
        }
        return shares
    }

    private mutating func requireSide(_ id: NodeID, of split: SplitConfiguration, name: String) {
        let service = text(id)
        guard document.scalar(id) != nil, !service.isEmpty, !split.sides.contains(where: { $0.service == service })
        else { return }
        let sides = split.sides.map { quote($0.service) }.joined(separator: " or ")
        report(Problem("is not a side of the route's split", fix: "name \(sides)"), at: id, name: name)
    }

    mutating func decodeMirror(_ id: NodeID) -> MirrorConfiguration? {
        guard isMapping(id) else { return nil }
        var mirror = MirrorConfiguration(service: "")
        for (key, value) in document.entries(id) {
            switch document.key(key) {
            case .service:
                mirror.service = text(value)
                requireService(value, name: "service")
            case .share: mirror.share = (try? ShareValue.parse(text(value))) ?? mirror.share
            case .maxBody: assignSize(value, to: &mirror.maxBody)
            default: break
            }
        }
        return mirror.service.isEmpty ? nil : mirror
    }
}
