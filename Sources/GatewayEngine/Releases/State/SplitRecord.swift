internal import GatewayConfiguration

/// What of one split is kept over a restart.
struct SplitRecord: Sendable, Hashable {
    struct Canary: Sendable, Hashable {
        /// `CanaryConfiguration.fingerprint`: another canary does not go on where this one was.
        var rules: String
        /// The state's name, and its step.
        var state: String
        var step: Int?
        var reason: CanaryReason?
        var sentence: String

        var wasRunning: Bool { state == "running" }

        /// A step under way is restored as paused, for the first tick to resume: its figures were not kept.
        func state(steps: Int) -> CanaryMachine.State? {
            switch state {
            case "idle": .idle
            case "running", "paused": step.flatMap { (0..<steps).contains($0) ? .paused(step: $0) : nil }
            case "promoted": .promoted
            case "rolled_back": .rolledBack(reason ?? .operator)
            default: nil
            }
        }
    }

    var route: String
    /// The configuration's, when the weights were set.
    var sides: [SplitSide]
    var weights: [Int]
    var origin: SplitState.Origin
    /// Nanoseconds since 1970.
    var changedAt: Int64
    var canary: Canary?
}

extension SplitState {
    /// nil where all is as the configuration says.
    func record() -> SplitRecord? {
        read { inner in
            guard let definition = inner.definition else { return inner.record }
            let isIdle = inner.machine.map { $0.state == .idle } ?? true
            guard !isIdle || inner.origin != .configuration else { return nil }
            let canary = inner.machine.flatMap { machine -> SplitRecord.Canary? in
                guard let configuration = definition.canary else { return nil }
                // Restored and not ticked yet: it still is what it was.
                let name = inner.resumesByItself ? "running" : machine.state.name
                return SplitRecord.Canary(
                    rules: configuration.fingerprint, state: name, step: machine.state.step, reason: inner.reason,
                    sentence: inner.sentence)
            }
            return SplitRecord(
                route: route, sides: definition.sides, weights: inner.weights, origin: inner.origin,
                changedAt: inner.changedAt, canary: canary)
        }
    }
}

extension CanaryConfiguration {
    /// Equal for equal rules, over restarts and versions.
    var fingerprint: String {
        let shares = steps.map { String(Int(($0 * 1_000_000).rounded())) }.joined(separator: ",")
        return "\(candidate);\(shares);\(pause.nanoseconds / 1_000_000);\(minRequests);"
            + "\(Int((maxErrorIncrease * 1_000_000).rounded()));\(Int((maxLatencyIncrease * 1_000_000).rounded()));"
            + "\(onInconclusive.rawValue);\(autoStart);\(autoPromote)"
    }
}
