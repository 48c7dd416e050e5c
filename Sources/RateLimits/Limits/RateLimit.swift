/// One limit: how many requests of one key in which time, and how that is counted.
///
/// Immutable and shared by all loops. What a decision needs of it is worked out here once, in whole numbers: a rate of
/// 7 per second has a token every 142,857,142 6/7 nanoseconds, which is kept as a quotient and a remainder, so that no
/// rounding adds up and no bucket drifts.
///
/// The identity of a limit is what is in its name and numbers: after a reload a limit that is still the same finds its
/// counts, and one that was changed begins anew.
package final class RateLimit: Sendable {
    package enum Algorithm: Hashable, Sendable {
        /// A bucket of `burst` tokens that fills at the rate (GCRA: only the time at which it is full again is kept).
        case tokenBucket(burst: Int)
        /// No more than the limit in any window of this length. Up to 64 requests are remembered one by one; above,
        /// they are counted in 64 parts of the window: never more than the limit, and a place comes free late by at
        /// most one part.
        case slidingWindow
        /// No more than the limit from one midnight (UTC) to the next, or in one calendar month (UTC).
        case quota(CalendarPeriod)
    }

    /// The periods a rate is written in.
    package enum Period: Int64, Sendable, CaseIterable {
        case second = 1
        case minute = 60
        case hour = 3_600
        case day = 86_400

        package var nanoseconds: Int64 { rawValue * 1_000_000_000 }
    }

    /// What is wrong with the numbers of a limit.
    package enum Fault: Error, Hashable, Sendable {
        /// Not from 1 to `RateLimit.maximum`.
        case limitOutOfRange
        case burstOutOfRange
        /// Not from one second to 400 days.
        case windowOutOfRange
        /// The bucket would take more than ten years to fill.
        case fillsTooSlowly
        /// Not 1 to 64 printable ASCII characters without quote and backslash.
        case badName
    }

    package static let maximum = 16_777_215

    /// The bounds of `window`.
    package static let windows: ClosedRange<Int64> = 1_000_000_000...400 * 86_400 * 1_000_000_000

    private static let longestFill: UInt64 = 10 * 366 * 86_400 * 1_000_000_000

    /// The name in `RateLimit` and `RateLimit-Policy`, in logs and in `explain`.
    package let name: [UInt8]
    package let algorithm: Algorithm
    /// Requests in each window: the number of `X-RateLimit-Limit`.
    package let limit: Int
    /// In nanoseconds; of a quota the length of its shortest period.
    package let window: Int64
    /// Whether a refusal is only counted and told, and the request goes on.
    package let isDryRun: Bool
    /// Name, algorithm and numbers as bytes: the first part of every key that is counted in Redis.
    package let identity: [UInt8]
    /// Of the identity: what stands for it in the keys of this process.
    let digest: KeyDigest

    /// Of a token bucket: the time for one token, and for all of them.
    let interval: RationalTime
    let capacity: RationalTime
    /// Of a sliding window: how long one part is, and how many at most are alive at once.
    let part: WindowParts

    package init(
        name: String, limit: Int, window: Int64, algorithm: Algorithm, isDryRun: Bool = false
    ) throws(Fault) {
        let name = Array(name.utf8)
        let isClean = name.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard isClean, (1...64).contains(name.count) else { throw .badName }
        guard (1...Self.maximum).contains(limit) else { throw .limitOutOfRange }
        guard Self.windows.contains(window) else { throw .windowOutOfRange }

        var burst = limit
        var kind: UInt8 = 0x77
        var period: CalendarPeriod?
        switch algorithm {
        case .tokenBucket(let size):
            burst = size
            kind = 0x62
        case .slidingWindow: break
        case .quota(let calendar):
            period = calendar
            kind = calendar == .day ? 0x64 : 0x6D
        }
        guard (1...Self.maximum).contains(burst) else { throw .burstOutOfRange }
        let interval = RationalTime(dividing: UInt64(window), by: UInt64(limit))
        // At most 2^24 × 2^55: the product needs more than 64 bits, the quotient is asked before it may overflow them.
        let product = UInt64(burst).multipliedFullWidth(by: UInt64(window))
        guard product.high < UInt64(limit) else { throw .fillsTooSlowly }
        let (quotient, remainder) = UInt64(limit).dividingFullWidth(product)
        guard quotient <= Self.longestFill else { throw .fillsTooSlowly }

        self.name = name
        self.algorithm = algorithm
        self.limit = limit
        self.window = period?.shortest ?? window
        self.isDryRun = isDryRun
        self.interval = interval
        capacity = RationalTime(whole: Int64(quotient), part: UInt32(remainder))
        part = WindowParts(limit: limit, window: window)
        var identity: [UInt8] = name + [0x3A, kind]
        Decimal.append(limit, to: &identity)
        identity.append(0x2F)
        Decimal.append(Int(self.window / 1_000_000), to: &identity)
        identity.append(0x2F)
        Decimal.append(burst, to: &identity)
        identity.append(0x3A)
        self.identity = identity
        var hash = SipHash13((0, 0))
        hash.append(identity.span)
        digest = hash.finish()
    }

    /// A token bucket for a rate as it is written: `requests_per_minute: 100, burst: 20`. The burst is the rate where
    /// it is not given.
    package convenience init(
        name: String, requests: Int, per period: Period, burst: Int? = nil, isDryRun: Bool = false
    ) throws(Fault) {
        try self.init(
            name: name, limit: requests, window: period.nanoseconds, algorithm: .tokenBucket(burst: burst ?? requests),
            isDryRun: isDryRun)
    }

    /// A quota of a calendar day or month.
    package convenience init(
        name: String, quota: Int, per period: CalendarPeriod, isDryRun: Bool = false
    ) throws(Fault) {
        try self.init(
            name: name, limit: quota, window: period.shortest, algorithm: .quota(period), isDryRun: isDryRun)
    }
}
