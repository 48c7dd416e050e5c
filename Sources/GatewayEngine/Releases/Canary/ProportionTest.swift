#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How often something happened, out of how many times it could have.
struct Proportion: Sendable, Hashable {
    var hits = 0.0
    var trials = 0.0

    var share: Double { trials > 0 ? hits / trials : 0 }
    var misses: Double { trials - hits }
}

/// Whether the candidate's proportion is greater than the baseline's by more than is allowed; may be asked after every
/// response, as often as one likes, and stays honest.
///
/// A test that is made for one look (a t-test, chi-square) and looked at twice a second finds a difference sooner or
/// later where there is none. This one is a mixture sequential probability ratio test (Robbins 1970; for two samples as
/// "universal inference", Wasserman, Ramdas and Balakrishnan 2020):
///
/// 1. The likelihood of what both sides did, averaged over a prior for each side's true proportion. The prior is fixed
///    before the first of these responses.
/// 2. Divided by the greatest likelihood that any harmless pair of proportions gives: candidate <= baseline + allowance.
/// 3. For the true pair, if it is harmless, the average divided by its own likelihood is a martingale that begins at 1, and
///    2. is at most that. So the chance that it ever reaches 1/alpha, at any time, is at most alpha (Ville's inequality).
///
/// Both sides may have any sizes, and the test is exact for small counts: no normal approximation. What it costs: about
/// half again as many responses as a test of one fixed size, which nobody knows beforehand.
struct ProportionTest: Sendable, Hashable {
    /// By how much the candidate's proportion may exceed the baseline's.
    var allowance: Double
    /// The baseline's earlier behaviour, worth at most `priorLimit` responses: it saves finding out anew what is known.
    var prior = Proportion()

    static let priorLimit = 1_000.0

    init(allowance: Double, history: Proportion = Proportion()) {
        self.allowance = allowance
        let scale = min(1, Self.priorLimit / max(history.trials, 1))
        prior = Proportion(hits: history.hits * scale, trials: history.trials * scale)
    }

    /// The logarithm of the evidence that the candidate is worse than allowed: harm is proven when it reaches
    /// log(1/alpha). At most 0 while it does not even look worse.
    func evidence(candidate: Proportion, baseline: Proportion) -> Double {
        guard candidate.trials > 0, baseline.trials > 0 else { return 0 }
        guard candidate.share > baseline.share + allowance else { return 0 }
        let candidateMixture = mixture(candidate, 0.5, 0.5)
        let baselineMixture = mixture(baseline, prior.hits + 0.5, prior.misses + 0.5)
        return candidateMixture + baselineMixture - greatestHarmless(candidate, baseline)
    }

    /// How many standard errors the candidate looks worse than allowed.
    func deviation(candidate: Proportion, baseline: Proportion) -> Double {
        guard candidate.trials > 0, baseline.trials > 0 else { return 0 }
        // With one success and one failure more on each side, so that nothing is certain (Agresti and Caffo 2000).
        let one = (candidate.hits + 1) / (candidate.trials + 2)
        let other = (baseline.hits + 1) / (baseline.trials + 2)
        let variance = one * (1 - one) / (candidate.trials + 2) + other * (1 - other) / (baseline.trials + 2)
        return (one - other - allowance) / variance.squareRoot()
    }

    private func mixture(_ seen: Proportion, _ a: Double, _ b: Double) -> Double {
        LogGamma.beta(a + seen.hits, b + seen.misses) - LogGamma.beta(a, b)
    }

    /// The greatest log-likelihood under candidate <= baseline + allowance. Since the candidate looks worse than that, it
    /// lies on the border, between the two proportions seen; the likelihood there is concave, so its slope is bisected.
    private func greatestHarmless(_ candidate: Proportion, _ baseline: Proportion) -> Double {
        var low = baseline.share
        var high = min(candidate.share - allowance, 1 - allowance)
        for _ in 0..<48 {
            let middle = (low + high) / 2
            let slope =
                Self.slope(baseline, at: middle) + Self.slope(candidate, at: middle + allowance)
            if slope > 0 { low = middle } else { high = middle }
        }
        let middle = (low + high) / 2
        return Self.logLikelihood(baseline, at: middle) + Self.logLikelihood(candidate, at: middle + allowance)
    }

    private static func slope(_ seen: Proportion, at share: Double) -> Double {
        (seen.hits > 0 ? seen.hits / share : 0) - (seen.misses > 0 ? seen.misses / (1 - share) : 0)
    }

    private static func logLikelihood(_ seen: Proportion, at share: Double) -> Double {
        (seen.hits > 0 ? seen.hits * log(share) : 0) + (seen.misses > 0 ? seen.misses * log(1 - share) : 0)
    }
}
