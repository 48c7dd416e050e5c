import JSONStream

#if canImport(Glibc)
    import Glibc
#endif

/// Megabytes a second on one core, over documents that are made here. Figures only: nothing is asserted about time.
@main
struct JSONBenchmark {
    static func main() throws {
        for (name, document) in [
            ("users, 64 KiB", Samples.users(bytes: 64 * 1024, isPretty: false)),
            ("users with white space, 64 KiB", Samples.users(bytes: 64 * 1024, isPretty: true)),
            ("numbers, 64 KiB", Samples.numbers(bytes: 64 * 1024)),
            ("Cyrillic text, 64 KiB", Samples.text(bytes: 64 * 1024)),
        ] {
            try measure("validate \(name)", document.count) { try validate(document) }
            try measure("index \(name)", document.count) { _ = try JSONDocument(document) }
        }
    }

    static func validate(_ document: [UInt8]) throws {
        var tokenizer = JSONTokenizer()
        try tokenizer.validate(document.span, isLast: true)
    }

    /// The best of many short rounds, since what else runs on the machine only ever adds. With an argument, only the
    /// work whose name begins with it.
    static func measure(_ name: String, _ bytes: Int, _ body: () throws -> Void) rethrows {
        if CommandLine.arguments.count > 1, !name.hasPrefix(CommandLine.arguments[1]) { return }
        let repeats = max(1, 1_000_000 / bytes)
        var best = Double.infinity
        for _ in 0..<100 {
            let start = nanoseconds()
            for _ in 0..<repeats { try body() }
            best = min(best, Double(nanoseconds() - start) / Double(repeats))
        }
        print(name, Int(Double(bytes) / best * 1000), "MB/s")
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        // The variable outlives the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
