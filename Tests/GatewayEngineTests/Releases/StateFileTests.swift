import GatehouseTesting
import GatewayConfiguration
import Testing

@testable import GatewayEngine

@Suite struct StateFileTests {
    private static let record = SplitRecord(
        route: "/shop/**\"\\é", sides: [SplitSide(service: "old", weight: 90), SplitSide(service: "new", weight: 10)],
        weights: [9_500, 500], origin: .canary, changedAt: 1_700_000_000_123_456_789,
        canary: SplitRecord.Canary(
            rules: "new;100000;60000", state: "running", step: 1, reason: .stepPassed, sentence: "Not worse: 1 < 2."))

    @Test func whatIsWrittenIsReadAgain() throws {
        var plain = Self.record
        plain.canary = nil
        plain.origin = .operator
        var idle = Self.record
        idle.canary?.step = nil
        idle.canary?.reason = nil
        for records in [[], [Self.record], [Self.record, plain, idle]] {
            let text = ReleaseFile.encode(records)
            #expect(String(decoding: text, as: UTF8.self).hasPrefix(ReleaseFile.mark))
            #expect(try ReleaseFile.decode(text) == records)
        }
    }

    /// Cut off anywhere, or with any byte changed, it is refused or still whole: never a trap, never half of it.
    @Test func brokenTextIsRefusedAsAWhole() throws {
        let text = ReleaseFile.encode([Self.record, Self.record])
        for end in 0..<text.count - 2 {
            #expect(throws: ReleaseFile.Refusal.self) { try ReleaseFile.decode(Array(text[..<end])) }
        }
        var random = SeededRandom()
        for _ in 0..<2_000 {
            var changed = text
            changed[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if let records = try? ReleaseFile.decode(changed) {
                #expect(records.count == 2, "seed \(random.seed)")
            }
        }
    }

    @Test(arguments: [
        ("", "it is no JSON"), ("[]", "it does not say its version"), ("{}", "it does not say its version"),
        ("{\"gatehouse_releases\":2,\"splits\":[]}", "it has version 2"),
        ("{\"gatehouse_releases\":1}", "it has no list of splits"),
        ("{\"gatehouse_releases\":1,\"splits\":[{}]}", "split 1 is not complete"),
        (
            "{\"gatehouse_releases\":1,\"splits\":[{\"route\":\"a\",\"sides\":[{\"service\":\"s\",\"weight\":1}],"
                + "\"weights\":[-1],\"set_by\":\"operator\",\"changed_at\":1}]}", "split 1 is not complete"
        ),
    ])
    func aRefusalSaysWhy(_ text: String, _ reason: String) {
        let refusal = #expect(throws: ReleaseFile.Refusal.self) { try ReleaseFile.decode(Array(text.utf8)) }
        #expect(refusal?.reason.hasPrefix(reason) == true, "\(refusal?.reason ?? "")")
    }

    /// One gateway after another on the same file; `close` has written everything when it returns.
    private func stage(_ path: String, _ sides: KeyValuePairs<String, Int>, _ more: String = "") throws -> ReleaseStage
    {
        let stage = ReleaseStage(stateFile: path)
        try stage.load(ReleaseStage.configuration(sides, more))
        return stage
    }

    @Test func weightsSurviveARestart() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.json")
        let first = try stage(path, ["old": 90, "new": 10])
        try first.registry.setWeights(["old": 30, "new": 70], of: "shop")
        first.registry.close()
        let second = try stage(path, ["old": 90, "new": 10])
        #expect(second.weights == [30, 70] && second.lines.text.isEmpty)
        second.registry.close()
        // The file's own weights have changed meanwhile.
        let third = try stage(path, ["old": 50, "new": 50])
        #expect(third.weights == [50, 50])
        third.registry.close()
        #expect(try stage(path, ["old": 90, "new": 10]).weights == [90, 10])
    }

    @Test func aCanaryGoesOnWithItsStepAfterARestart() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("state.json")
        let first = try stage(path, ["old": 100, "new": 0], ReleaseStage.twoSteps)
        first.pass(1)
        try first.ask(2_000)
        first.pass(60)
        #expect(first.canary?.step == 1)
        first.registry.close()

        let second = try stage(path, ["old": 100, "new": 0], ReleaseStage.twoSteps)
        #expect(second.weights == [5_000, 5_000] && second.canary?.step == 1)
        second.pass(1)
        #expect(second.canary?.state == "running" && second.canary?.reason == .restart)
        try second.ask(2_000) { $0 == 1 ? .bad : .fine }
        second.pass(1)
        #expect(second.canary?.state == "rolled_back")
        second.registry.close()

        let third = try stage(path, ["old": 100, "new": 0], ReleaseStage.twoSteps)
        third.pass(1)
        #expect(third.canary?.state == "rolled_back" && third.weights == [10_000, 0])
        #expect(third.canary?.sentence == second.canary?.sentence && third.canary?.reason == .errorRate)
        third.registry.close()

        // Other rules are another canary.
        let fourth = try stage(path, ["old": 100, "new": 0], "canary: { candidate: new }")
        fourth.pass(1)
        #expect(fourth.canary?.state == "running" && fourth.canary?.step == 0)
        fourth.registry.close()
    }

    @Test func aBrokenFileIsSetAsideAndReplaced() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(ReleaseFile.mark + "1,\"splits\":[{", to: "state.json")
        let first = try stage(path, ["old": 90, "new": 10])
        #expect(first.weights == [90, 10])
        #expect(first.lines.text.count == 1 && first.lines.text[0].contains("the state file cannot be used"))
        try first.registry.setWeights(["new": 1], of: "shop")
        first.registry.close()
        #expect(TemporaryDirectory.read(path + ".unusable") == ReleaseFile.mark + "1,\"splits\":[{")
        #expect(try stage(path, ["old": 90, "new": 10]).weights == [0, 1])
    }

    /// A path that was mistyped must not cost anybody a file.
    @Test func aFileOfSomebodyElseIsLeftAlone() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("routes: []\n", to: "gateway.yaml")
        let first = try stage(path, ["old": 90, "new": 10])
        #expect(first.lines.text.count == 1 && first.lines.text[0].contains("not the gateway's own"))
        try first.registry.setWeights(["new": 1], of: "shop")
        #expect(first.weights == [0, 1])
        first.registry.close()
        #expect(TemporaryDirectory.read(path) == "routes: []\n")
    }

    @Test func aDirectoryThatIsNotThereIsToldOnce() throws {
        let directory = try TemporaryDirectory()
        let first = try stage(directory.file("missing/state.json"), ["old": 90, "new": 10])
        try first.registry.setWeights(["new": 1], of: "shop")
        first.registry.close()
        #expect(first.weights == [0, 1])
        #expect(first.lines.text.count { $0.contains("the state file cannot be written") } == 1)
    }
}
