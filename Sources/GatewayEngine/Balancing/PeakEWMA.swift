internal import Synchronization

/// `peak_ewma`: of two different members drawn by weight, the one that promises the sooner answer: the latency expected
/// of it times the requests that it has to answer first, these relative to its weight.
///
/// Where `least_request` learns of a slow endpoint by the requests that pile up there, this one knows it after the first
/// answer, and sends it less even when each request finds it idle.
enum PeakEWMA {
    /// What an endpoint is thought to take that is busy and has never answered (nanoseconds): it should not get the whole
    /// load before the first answer.
    static let unknown = 1e9

    static func pick(
        _ eligible: EligibleEndpoints, _ random: inout IdentifierSource, avoiding avoided: Int, now: Int64
    ) -> Int {
        let first = eligible.draw(&random, except: avoided)
        let second = eligible.draw(&random, except: first)
        guard second >= 0, second != avoided else { return first }
        let mean = Double(eligible.total) / Double(eligible.members.count)
        let isSooner = cost(eligible.members[second], mean, now) < cost(eligible.members[first], mean, now)
        return isSooner ? second : first
    }

    /// The new request itself counts the same everywhere: the draw has heeded the weights already.
    private static func cost(_ member: EligibleEndpoints.Member, _ mean: Double, _ now: Int64) -> Double {
        let load = Double(member.state.inFlight.load(ordering: .relaxed)) * mean / Double(member.weight)
        let latency = member.state.latency.value(now: now)
        // Nobody knows: asked once to find out, and then left alone until it has answered.
        return latency == 0 ? load * unknown : latency * (load + 1)
    }
}

/// What an endpoint's answers have taken of late, shared by all workers without a lock.
///
/// A moving average that forgets with time, not with requests: an observation counts for e⁻¹ after `memory`. It is
/// sensitive to peaks: a slower answer than expected is believed at once, faster ones only bit by bit. While nobody
/// asks, it fades towards zero, so that an endpoint which was slow is asked again.
struct LatencyEstimate: ~Copyable {
    /// Ten seconds, in ticks.
    static let memory = Double(10_000_000_000 >> 20)
    /// What a failure is taken for at least (nanoseconds): an endpoint that refuses at once is not a fast one.
    static let failure: Int64 = 1_000_000_000

    /// The estimate (a `Float`'s bits) above the tick at which it was made. One word, so that both change together; a
    /// tick is about a millisecond (2^20 ns), counted in 32 bits.
    private let packed = Atomic<UInt64>(0)

    /// Nanoseconds that an answer would be expected to take now; 0: nothing is known.
    func value(now: Int64) -> Double {
        let old = packed.load(ordering: .relaxed)
        return Self.estimate(old) * Self.remaining(old, Self.tick(now))
    }

    /// Adds what one answer took.
    func observe(_ nanoseconds: Int64, now: Int64) {
        let sample = Double(max(1, nanoseconds))
        let tick = Self.tick(now)
        var old = packed.load(ordering: .relaxed)
        while true {
            let estimate = Self.estimate(old)
            let weight = Self.remaining(old, tick)
            // Nothing known is zero, so the first answer is a peak like any other.
            let new = sample >= estimate ? sample : estimate * weight + sample * (1 - weight)
            let desired = UInt64(Float(new).bitPattern) << 32 | UInt64(tick)
            let (done, found) = packed.weakCompareExchange(expected: old, desired: desired, ordering: .relaxed)
            if done { return }
            old = found
        }
    }

    private static func tick(_ now: Int64) -> UInt32 { UInt32(truncatingIfNeeded: now >> 20) }

    private static func estimate(_ packed: UInt64) -> Double {
        Double(Float(bitPattern: UInt32(truncatingIfNeeded: packed >> 32)))
    }

    /// How much of an estimate is left: e^-x by the first terms of its reciprocal's series, which falls as steadily and
    /// needs no call.
    private static func remaining(_ packed: UInt64, _ tick: UInt32) -> Double {
        // Of two workers the one whose turn began earlier sees a tick of its future: no time has passed.
        let elapsed = max(0, Int32(bitPattern: tick &- UInt32(truncatingIfNeeded: packed)))
        let x = Double(elapsed) / memory
        return 1 / (1 + x * (1 + x * (0.5 + x * (1.0 / 6))))
    }
}

extension TryOutcome {
    /// What `peak_ewma` learns. A failure counts as a slow answer, or an endpoint that fails at once would be the most
    /// attractive of all; that the client left says nothing.
    func teach(_ estimate: borrowing LatencyEstimate, now: Int64) {
        if kind == .abandoned { return }
        estimate.observe(isGatewayFailure ? max(latency, LatencyEstimate.failure) : latency, now: now)
    }
}
