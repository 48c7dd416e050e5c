/// Splits and canaries: a thin layer over `ReleaseRegistry`, which knows what may be done.
extension AdminCall {
    func splits() -> AdminJSON {
        ["splits": .list(server.releases.report().map(Self.describe))]
    }

    func canaries() -> AdminJSON {
        ["splits": .list(server.releases.report().filter { $0.canary != nil }.map(Self.describe))]
    }

    func split() throws(AdminError) -> AdminJSON {
        let route = parameters[0]
        do throws(ReleaseError) {
            return Self.describe(try server.releases.report(of: route))
        } catch {
            throw AdminError(error, known: server.releases.report().map(\.route))
        }
    }

    func setWeights() throws(AdminError) -> AdminJSON {
        let weights = try numbers("weights")
        return try change { (releases, route) throws(ReleaseError) in try releases.setWeights(weights, of: route) }
    }

    func resetWeights() throws(AdminError) -> AdminJSON {
        try change { (releases, route) throws(ReleaseError) in try releases.resetWeights(of: route) }
    }

    func order(_ order: CanaryOrder) throws(AdminError) -> AdminJSON {
        try change { (releases, route) throws(ReleaseError) in try releases.command(order, route) }
    }

    private func change(
        _ body: (ReleaseRegistry, _ route: String) throws(ReleaseError) -> Void
    ) throws(AdminError) -> AdminJSON {
        do throws(ReleaseError) {
            try body(server.releases, parameters[0])
        } catch {
            var known = server.releases.report()
            if case .noCanary = error { known = known.filter { $0.canary != nil } }
            throw AdminError(error, known: known.map(\.route))
        }
        return try split()
    }

    // MARK: Telling

    private static func describe(_ report: SplitReport) -> AdminJSON {
        [
            "route": .text(report.route),
            "sides": .list(
                report.sides.map { side in
                    [
                        "service": .text(side.service), "weight": .integer(side.weight),
                        "configured_weight": .integer(side.configuredWeight),
                        "answers": .integer(Int(clamping: side.answers)),
                        "errors": .integer(Int(clamping: side.errors)),
                    ]
                }),
            "key": .text(report.key),
            "set_by": .text(report.setBy),
            "changed_at": .time(report.changedAt),
            "canary": report.canary.map(describe) ?? .null,
        ]
    }

    private static func describe(_ canary: CanaryReport) -> AdminJSON {
        [
            "candidate": .text(canary.candidate),
            "baseline": .text(canary.baseline),
            "state": .text(canary.state),
            "step": .integer(canary.step),
            "steps": .list(canary.steps.map { .number($0) }),
            "waits_for": .text(canary.waitsFor?.rawValue),
            "reason": .text(canary.reason?.rawValue),
            "why": .text(canary.sentence.isEmpty ? nil : canary.sentence),
            "comparisons": .list(
                canary.comparisons.map { comparison in
                    [
                        "test": .text(comparison.reason.rawValue),
                        "candidate_hits": .integer(Int(clamping: comparison.candidate.hits)),
                        "candidate_trials": .integer(Int(clamping: comparison.candidate.trials)),
                        "baseline_hits": .integer(Int(clamping: comparison.baseline.hits)),
                        "baseline_trials": .integer(Int(clamping: comparison.baseline.trials)),
                        "evidence": .number(comparison.evidence),
                        "edge_seconds": .number(Double(comparison.edge) / 1_000_000_000),
                    ]
                }),
        ]
    }
}
