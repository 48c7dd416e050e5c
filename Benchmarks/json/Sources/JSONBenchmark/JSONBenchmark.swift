import JSONStream

#if canImport(Glibc)
    import Glibc
#endif

/// Megabytes a second on one core, over documents that are made here. Figures only: nothing is asserted about time.
@main
struct JSONBenchmark {
    /// Those of the comparison with nginx, Lua and cjson.
    static let operations: [JSONRewritePlan.Operation] = [
        .remove("internal_id"), .remove("db_shard"), .remove("created_by_admin"), .rename("email_address", to: "email"),
    ]

    static func main() throws {
        var written = 0
        try measureMemory(&written)
        for (name, document) in [
            ("users, 64 KiB", Samples.users(bytes: 64 * 1024, isPretty: false)),
            ("users with white space, 64 KiB", Samples.users(bytes: 64 * 1024, isPretty: true)),
            ("numbers, 64 KiB", Samples.numbers(bytes: 64 * 1024)),
            ("Cyrillic text, 64 KiB", Samples.text(bytes: 64 * 1024)),
        ] {
            try measure("validate \(name)", document.count) { try validate(document) }
            let rewriter = JSONRewriter(try JSONRewritePlan(operations))
            try measure("rewrite \(name)", document.count) {
                rewriter.reset()
                try rewriter.push(document.span, isLast: true) { written += $0.count }
            }
            let pieces = stride(from: 0, to: document.count, by: 16 * 1024).map {
                Array(document[$0..<min($0 + 16 * 1024, document.count)])
            }
            try measure("rewrite in pieces \(name)", document.count) {
                rewriter.reset()
                for (number, piece) in pieces.enumerated() {
                    try rewriter.push(piece.span, isLast: number == pieces.count - 1) { written += $0.count }
                }
            }
            try measure("index \(name)", document.count) { _ = try JSONDocument(document) }
        }
    }

    /// 10 MiB in pieces of 16 KiB: what the program holds before and behind.
    static func measureMemory(_ written: inout Int) throws {
        let document = Samples.users(bytes: 10 * 1024 * 1024, isPretty: false)
        let rewriter = JSONRewriter(try JSONRewritePlan(operations))
        let before = residentKilobytes()
        let start = nanoseconds()
        var place = 0
        while place < document.count {
            let end = min(place + 16 * 1024, document.count)
            try rewriter.push(document.span.extracting(place..<end), isLast: end == document.count) {
                written += $0.count
            }
            place = end
        }
        let rate = Double(document.count) / Double(nanoseconds() - start) * 1000
        print("rewrite 10 MiB", Int(rate), "MB/s,", residentKilobytes() - before, "KiB more held")
    }

    /// What the program holds at the moment; 0 where the system does not say it in this way.
    static func residentKilobytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        var text: [CChar] = Array(repeating: 0, count: 128)
        // Leaves room for the zero at the end; the array lives through the call.
        let count = unsafe fread(&text, 1, 127, file)
        unsafe fclose(file)
        let numbers = String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return numbers.count > 1 ? (Int(numbers[1]) ?? 0) * 4 : 0
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
