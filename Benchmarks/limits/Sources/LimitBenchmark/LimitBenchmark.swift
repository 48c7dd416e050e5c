import CSystem
import RateLimits

#if canImport(Glibc)
    import Glibc
#endif

/// A million keys in the counts of one process, by each algorithm: what one costs, in the tables and in resident memory,
/// how long a decision takes, and what is left of it when all have expired.
@main
enum LimitBenchmark {
    static let keys = 1_000_000
    static let second: Int64 = 1_000_000_000

    static func main() throws(RateLimit.Fault) {
        try measure("token bucket", RateLimit(name: "bucket", requests: 100, per: .minute))
        try measure("quota of a day", RateLimit(name: "quota", quota: 100, per: .day))
        try measure(
            "sliding window, 1 of 100 used",
            RateLimit(name: "window", limit: 100, window: 60 * second, algorithm: .slidingWindow))
    }

    private static func measure(_ name: String, _ limit: RateLimit) {
        let before = residentBytes()
        let store = LimitStore(secret: (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210))
        let check = LimitCheck()
        var key = InlineArray<8, UInt8>(repeating: 0)
        let clock = ContinuousClock()
        let start = clock.now
        for number in 0..<keys {
            for place in 0..<8 { key[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
            check.removeAll()
            _ = check.add(limit, key: key.span)
            // All within the time in which the first still matters.
            store.decide(check, at: LimitTime(monotonic: Int64(number), epoch: Int64(number)))
        }
        let each = (clock.now - start) / keys
        let full = store.statistics
        let resident = residentBytes() - before
        // More than a day later, as often as the gateway's clock sweeps in some minutes.
        let later = LimitTime(monotonic: 90_000 * second, epoch: 90_000 * second)
        var turns = 0
        while store.statistics.bytes > 0, turns < 100_000 {
            for _ in 0..<8 { store.sweep(slots: 2_048, at: later) }
            turns += 1
        }
        let empty = store.statistics
        let left = residentBytes() - before
        let trimming = clock.now
        gh_trim_memory()
        let trimmed = clock.now - trimming
        print(
            "\(name): \(full.keys) keys, \(full.bytes / full.keys) bytes each in the tables,",
            "\(resident / full.keys) of resident memory; a decision on a new key \(each);",
            "expired after \(turns) sweeps: \(empty.keys) keys, \(empty.bytes / 1024) KiB in the tables,",
            "\(left / 1024) KiB resident, and \((residentBytes() - before) / 1024) KiB after malloc_trim in \(trimmed)")
    }

    private static func residentBytes() -> Int {
        var buffer = [CChar](repeating: 0, count: 256)
        // The pointers live across the calls; the text fits the buffer.
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe fclose(file) }
        guard unsafe fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
        let words = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
