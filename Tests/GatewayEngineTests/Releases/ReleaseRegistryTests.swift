import GatehouseTesting
import GatewayConfiguration
import HTTPWire
import Synchronization
import Testing

@testable import GatewayEngine

/// Releases without a socket: configurations are adopted, requests are chosen for by hand, time is passed.
final class ReleaseStage {
    let registry: ReleaseRegistry
    let lines = LogLines()
    private(set) var live: LiveSplit?
    private(set) var seconds: Int64 = 0

    /// What the log said.
    final class LogLines: Sendable {
        private let all = Mutex<[String]>([])
        func add(_ line: String) { all.withLock { $0.append(line) } }
        var text: [String] { all.withLock { $0 } }
    }

    init(stateFile: String? = nil, workers: Int = 2) {
        let lines = lines
        let log = OperationLog(format: .json, output: .lines { lines.add($0) })
        registry = ReleaseRegistry(workers: workers, log: log, stateFile: stateFile)
    }

    static let twoSteps = "canary: { candidate: new, steps: [10%, 50%], pause: 60s, min_requests: 100 }"

    /// `sides` as in `old: 90, new: 10`.
    static func configuration(_ sides: KeyValuePairs<String, Int>, _ more: String = "") throws -> GatewayConfiguration {
        let services = sides.map { "  \($0.key): { endpoints: [ \"http://127.0.0.1:1\" ] }\n" }.joined()
        let split = sides.map { "{ service: \($0.key), weight: \($0.value) }" }.joined(separator: ", ")
        return try GatewayConfiguration.parse(
            yaml: """
                services:
                \(services)
                routes: [ { name: shop, path: "/**", split: [ \(split) ]\(more.isEmpty ? "" : ", \(more)") } ]
                """)
    }

    /// As a reload does it: compiled first, adopted then.
    func load(_ configuration: GatewayConfiguration) throws {
        let metrics = Metrics(build: Metrics.Build(version: "", swiftVersion: ""), start: 0)
        let snapshot = try Snapshot(
            configuration, metrics: metrics, registry: ServiceRegistry(), releases: registry)
        if case .split(let split)? = snapshot.plans.first?.way { live = split }
        registry.adopt(configuration)
    }

    func pass(_ seconds: Int64) {
        self.seconds += seconds
        registry.tick(now: self.seconds * 1_000_000_000, wall: self.seconds * 1_000_000_000)
    }

    /// So many requests on one worker; each side answers as it is told. - Returns: how many each side got.
    @discardableResult
    func ask(_ count: Int, worker: Int = 0, answer: (Int) -> TryOutcome = { _ in .fine }) throws -> [Int] {
        let lane = try #require(live).lane(worker)
        var counts = [0, 0, 0]
        let (fields, empty, scratch) = (HeaderBlock(), [UInt8](), MatchScratch())
        for _ in 0..<count {
            let chosen = lane.side(
                for: SplitRequest(fields: fields, query: empty.span, path: empty.span, clientHigh: 0, clientLow: 0),
                scratch)
            counts[chosen.side] += 1
            lane.note(answer(chosen.side), side: chosen.side, latency: 10_000_000)
        }
        return counts
    }

    var weights: [Int] { (try? registry.report(of: "shop").sides.map(\.weight)) ?? [] }
    var canary: CanaryReport? { try? registry.report(of: "shop").canary }
}

extension TryOutcome {
    static let fine = TryOutcome(kind: .response, status: 200, latency: 0)
    static let bad = TryOutcome(kind: .response, status: 500, latency: 0)
    static let broken = TryOutcome(kind: .broken, latency: 0)
    static let abandoned = TryOutcome(kind: .abandoned, latency: 0)
}

@Suite struct ReleaseRegistryTests {
    @Test func weightsSetAtRunTimeReachEveryWorkerAtOnce() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        #expect(try stage.ask(100) == [90, 10, 0])
        try stage.registry.setWeights(["old": 50, "new": 50], of: "shop")
        #expect(try stage.ask(100, worker: 0) == [50, 50, 0])
        #expect(try stage.ask(100, worker: 1) == [50, 50, 0])
        // Blue/green: one name moves everything.
        try stage.registry.setWeights(["new": 1], of: "shop")
        #expect(stage.weights == [0, 1])
        #expect(try stage.ask(100, worker: 1) == [0, 100, 0])
        try stage.registry.resetWeights(of: "shop")
        #expect(try stage.ask(100) == [90, 10, 0])
        #expect(try stage.registry.report(of: "shop").setBy == "configuration")
        #expect(stage.lines.text.count { $0.contains("weights were set") } == 3)
    }

    @Test func whatCannotBeSetIsRefusedAndChangesNothing() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        let cases: [([String: Int], String, ReleaseError)] = [
            (["old": 0, "new": 0], "shop", .sumIsZero(route: "shop")), ([:], "shop", .sumIsZero(route: "shop")),
            (["other": 1], "shop", .noSide(route: "shop", service: "other", sides: ["old", "new"])),
            (["old": -1], "shop", .badWeight(route: "shop", service: "old")),
            (["old": 1_000_001], "shop", .badWeight(route: "shop", service: "old")),
            (["old": 1], "nobody", .noSplit(route: "nobody")),
        ]
        for (weights, route, expected) in cases {
            #expect(throws: expected) { try stage.registry.setWeights(weights, of: route) }
            #expect(!expected.description.isEmpty)
        }
        #expect(throws: ReleaseError.noCanary(route: "shop")) { try stage.registry.promoteCanary(of: "shop") }
        #expect(stage.weights == [90, 10] && stage.lines.text.isEmpty)
        #expect(ReleaseError.noSplit(route: "").isNotFound && !ReleaseError.sumIsZero(route: "").isNotFound)
    }

    /// What was set holds over reloads, until the file's own weights or sides change.
    @Test func theFilesOwnChangeWins() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        try stage.registry.setWeights(["old": 1, "new": 3], of: "shop")
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10], "split_key: client_ip"))
        #expect(stage.weights == [1, 3])
        try stage.load(ReleaseStage.configuration(["old": 80, "new": 20]))
        #expect(stage.weights == [80, 20])
        try stage.registry.setWeights(["new": 1], of: "shop")
        try stage.load(ReleaseStage.configuration(["old": 80, "new": 10, "third": 10]))
        #expect(stage.weights == [80, 10, 10])
        #expect(try stage.ask(100) == [80, 10, 10])
    }

    /// A configuration that was compiled but never came into force, as one of a reload with errors.
    @Test func compilingAloneChangesNothing() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        try stage.registry.setWeights(["old": 50, "new": 50], of: "shop")
        let metrics = Metrics(build: Metrics.Build(version: "", swiftVersion: ""), start: 0)
        let other = try ReleaseStage.configuration(["other": 1, "new": 1])
        let snapshot = try Snapshot(other, metrics: metrics, registry: ServiceRegistry(), releases: stage.registry)
        #expect(stage.weights == [50, 50])
        #expect(try stage.ask(100) == [50, 50, 0])
        // Its own requests, were there any, go by its own weights.
        guard case .split(let split)? = snapshot.plans.first?.way else { return }
        #expect(split.state.view(of: split.rule.configuration.sides).weights == [1, 1])
    }

    @Test func aRouteThatGoesIsForgotten() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        try stage.registry.setWeights(["new": 1], of: "shop")
        stage.registry.adopt(GatewayConfiguration())
        #expect(stage.registry.report().isEmpty)
        try stage.load(ReleaseStage.configuration(["old": 90, "new": 10]))
        #expect(stage.weights == [90, 10])
    }

    @Test func whatAClientGaveUpIsNotCounted() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 50, "new": 50]))
        let outcomes: [TryOutcome] = [.fine, .bad, .broken, .abandoned]
        var index = 0
        try stage.ask(8, worker: 1) { _ in
            defer { index += 1 }
            return outcomes[index / 2]
        }
        let sides = try stage.registry.report(of: "shop").sides
        #expect(sides.map(\.answers) == [3, 3] && sides.map(\.errors) == [2, 2])
    }

    // MARK: Canaries

    @Test func aCanaryRunsOverBothWorkersAndIsPromoted() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 100, "new": 0], ReleaseStage.twoSteps))
        #expect(try stage.ask(100) == [100, 0, 0])
        stage.pass(1)
        #expect(stage.weights == [9_000, 1_000])
        for worker in [0, 1] { #expect(try stage.ask(1_000, worker: worker) == [900, 100, 0]) }
        stage.pass(60)
        #expect(stage.canary?.step == 1 && stage.weights == [5_000, 5_000])
        try stage.ask(1_000)
        stage.pass(60)
        #expect(stage.canary?.state == "promoted" && stage.weights == [0, 10_000])
        #expect(try stage.ask(50, worker: 1) == [0, 50, 0])
        let log = stage.lines.text.filter { $0.contains("a canary has changed") }
        #expect(log.count == 3 && log[1].contains("candidate 0 of 200") && log[2].contains("\"to\":\"promoted\""))
    }

    @Test func aBadCandidateGetsNothingMore() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 100, "new": 0], ReleaseStage.twoSteps))
        stage.pass(1)
        try stage.ask(1_000) { $0 == 1 ? .broken : .fine }
        stage.pass(1)
        #expect(stage.canary?.state == "rolled_back" && stage.canary?.reason == .errorRate)
        #expect(stage.canary?.sentence.contains("candidate 100 of 100 (100.00 %)") == true)
        #expect(try stage.ask(100, worker: 1) == [100, 0, 0])
        #expect(stage.lines.text.last?.contains("\"level\":\"warning\"") == true)
        // Another attempt, on an operator's word; not by a reload of the same file.
        try stage.load(ReleaseStage.configuration(["old": 100, "new": 0], ReleaseStage.twoSteps))
        stage.pass(1)
        #expect(stage.canary?.state == "rolled_back")
        try stage.registry.startCanary(of: "shop")
        #expect(stage.canary?.state == "running" && stage.weights == [9_000, 1_000])
    }

    @Test func operatorsHaveTheLastWord() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 100, "new": 0], ReleaseStage.twoSteps))
        stage.pass(1)
        #expect(throws: ReleaseError.canaryIsRunning(route: "shop")) {
            try stage.registry.setWeights(["old": 1], of: "shop")
        }
        try stage.registry.pauseCanary(of: "shop")
        #expect(throws: ReleaseError.notPossible(route: "shop", order: .pause, state: "paused")) {
            try stage.registry.pauseCanary(of: "shop")
        }
        try stage.registry.setWeights(["old": 1], of: "shop")
        #expect(stage.weights == [1, 0])
        try stage.registry.resumeCanary(of: "shop")
        #expect(stage.weights == [9_000, 1_000])
        try stage.registry.promoteCanary(of: "shop")
        #expect(stage.weights == [0, 10_000])
        try stage.registry.rollBackCanary(of: "shop")
        #expect(stage.weights == [10_000, 0] && stage.canary?.reason == .operator)
    }

    @Test func aReloadThatDoesNotConcernTheCanaryLetsItGoOn() throws {
        let stage = ReleaseStage()
        let sides: KeyValuePairs = ["old": 100, "new": 0]
        try stage.load(ReleaseStage.configuration(sides, ReleaseStage.twoSteps))
        stage.pass(1)
        try stage.ask(500)
        try stage.load(
            ReleaseStage.configuration(
                sides, ReleaseStage.twoSteps + ", split_overrides: [ { header: X-New, service: new } ]"))
        try stage.ask(500)
        stage.pass(60)
        // All thousand requests counted, those before the reload too.
        #expect(stage.canary?.step == 1)
        // Other rules: from the beginning, with the file's weights.
        try stage.load(ReleaseStage.configuration(sides, "canary: { candidate: new, auto_start: false }"))
        #expect(stage.canary?.state == "idle" && stage.weights == [100, 0])
        stage.pass(60)
        #expect(stage.canary?.state == "idle")
    }

    @Test func thePageShowsWeightsStatesAndReasons() throws {
        let stage = ReleaseStage()
        try stage.load(ReleaseStage.configuration(["old": 100, "new": 0], ReleaseStage.twoSteps))
        stage.pass(1)
        try stage.ask(1_000) { $0 == 1 ? .bad : .fine }
        stage.pass(1)
        let metrics = Metrics(build: Metrics.Build(version: "", swiftVersion: ""), start: 0)
        metrics.show(stage.registry)
        let buffer = WireBuffer(capacity: 1_024)
        metrics.write(into: buffer)
        let page = buffer.span.text
        for line in [
            "gatehouse_split_weight{route=\"shop\",service=\"old\"} 10000",
            "gatehouse_split_weight{route=\"shop\",service=\"new\"} 0",
            "gatehouse_split_answers_total{route=\"shop\",service=\"new\"} 100",
            "gatehouse_split_errors_total{route=\"shop\",service=\"new\"} 100",
            "gatehouse_canary_state{route=\"shop\",state=\"rolled_back\"} 1",
            "gatehouse_canary_state{route=\"shop\",state=\"running\"} 0",
            "gatehouse_canary_transitions_total{route=\"shop\",to=\"running\",reason=\"configuration\"} 1",
            "gatehouse_canary_transitions_total{route=\"shop\",to=\"rolled_back\",reason=\"error_rate\"} 1",
        ] {
            #expect(page.contains(line + "\n"), "\(line)")
        }
    }

    @Test(arguments: [0.0, 0.1, 0.25, 1.0 / 3, 0.999, 1.0])
    func aMirrorTakesExactlyItsShare(share: Double) {
        var configuration = MirrorConfiguration(service: "copy")
        configuration.share = share
        let plan = MirrorPlan(configuration, service: 0)
        let taken = (0..<3_000).map { _ in plan.takesNext() }
        for start in stride(from: 0, to: 2_000, by: 7) {
            let count = taken[start..<start + 1_000].count { $0 }
            #expect(abs(Double(count) - share * 1_000) < 1, "\(count) at \(start)")
        }
    }
}
