import Testing

@testable import GatewayEngine

@Suite struct SystemLimitsTests {
    @Test(arguments: [
        ("150000 100000\n", 2), ("100000 100000", 1), ("50000 100000\n", 1), ("800000 100000\n", 8),
    ])
    func aQuotaIsRoundedUpToProcessors(text: String, processors: Int) {
        #expect(SystemLimits.processors(ofQuota: text) == processors)
    }

    @Test(arguments: ["max 100000\n", "", "max", "0 100000", "-1 100000", "100000", "a b"])
    func noQuotaIsNoLimit(text: String) {
        #expect(SystemLimits.processors(ofQuota: text) == nil)
    }

    @Test func theMachineSaysWhatItHas() {
        #expect(SystemLimits.processors >= 1)
        #expect((SystemLimits.memory ?? 0) > 1 << 20)
    }
}

@Suite struct MemoryGuardTests {
    @Test func levelsChangeAtTheirMarksAndDoNotSwing() {
        var memory = MemoryGuard(cap: 1_000)
        let steps: [(Int, MemoryGuard.Level?)] = [
            (500, nil), (949, nil), (950, .tight), (940, nil), (930, nil), (929, .normal), (980, .full), (979, .tight),
            (985, .full), (940, .tight), (900, .normal), (2_000, .full), (0, .normal),
        ]
        for (resident, expected) in steps {
            #expect(memory.update(resident: resident) == expected, "at \(resident)")
        }
    }

    @Test func withoutACapNothingIsGuarded() {
        var memory = MemoryGuard(cap: nil)
        #expect(memory.update(resident: .max) == nil)
    }
}
