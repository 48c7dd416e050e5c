/// Says why a canary did what it did, with the figures.
enum CanaryWords {
    static func sentence(
        _ reason: CanaryReason, _ findings: [CanaryJudge.Finding], rules: CanaryRules
    ) -> String {
        switch reason {
        case .configuration: "It began, as the configuration says."
        case .operator: "An operator said so."
        case .restart: "The gateway was started again; the step begins anew."
        case .stepPassed, .stepsPassed: "Not worse than allowed: \(figures(findings))."
        case .inconclusive: "The step had its time and nothing is certain: \(figures(findings))."
        case .errorRate, .medianLatency, .tailLatency:
            findings.first { CanaryReason($0.test) == reason }.map { alarm($0, rules) } ?? ""
        }
    }

    private static func alarm(_ finding: CanaryJudge.Finding, _ rules: CanaryRules) -> String {
        let allowed =
            switch finding.test {
            case .errors: "\(percent(rules.maxErrorIncrease)) more is allowed"
            case .median: "slower than the baseline's median, after taking off the \(latency(rules)) that is allowed"
            case .tail:
                "slower than the baseline's 95th percentile, after taking off the \(latency(rules)) that is allowed"
            }
        let chance = "chance makes it look so in less than 1 of \(Int(1 / rules.alarm)) runs"
        return "\(words(finding)); \(allowed); \(chance)."
    }

    private static func latency(_ rules: CanaryRules) -> String { percent(Double(rules.maxLatencyIncrease) / 1_000) }

    static func figures(_ findings: [CanaryJudge.Finding]) -> String {
        findings.map(words).joined(separator: "; ")
    }

    private static func words(_ finding: CanaryJudge.Finding) -> String {
        let name =
            switch finding.test {
            case .errors: "errors"
            case .median: "beyond the median"
            case .tail: "beyond the 95th percentile"
            }
        return "\(name): candidate \(share(finding.candidate)), baseline \(share(finding.baseline))"
    }

    private static func share(_ seen: Proportion) -> String {
        "\(Int(seen.hits)) of \(Int(seen.trials)) (\(percent(seen.share)))"
    }

    /// With two digits behind the point.
    static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
    }
}
