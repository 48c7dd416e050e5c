import HTTPWire
import RateLimits
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// What clients read of their limits, line by line.
@Suite struct LimitFieldsTests {
    /// 2024-02-28T23:00:00Z.
    private let now = LimitTime(monotonic: 5_000_000_007, epoch: 1_709_161_200_000_000_000)

    private func limit(_ name: String, _ change: (inout RateLimitConfiguration) -> Void) throws -> CompiledLimit {
        var configuration = RateLimitConfiguration()
        change(&configuration)
        return try CompiledLimit(
            configuration, name: name, key: CompiledLimitKey([.clientAddress], parameters: []), label: 0, series: .none)
    }

    /// The lines that a response gets which came with these fields, after so many requests.
    private func lines(_ limits: [CompiledLimit], requests: Int = 1, over own: [(String, String)] = []) -> [String] {
        let set = LimitSet(limits, source: .default)
        let store = LimitStore(limits: .init(keys: 100), secret: (1, 2))
        let check = LimitCheck()
        for _ in 0..<requests {
            check.removeAll()
            for limit in limits {
                let key = Array("k".utf8)
                check.add(limit.rate, key: key.span)
            }
            store.decide(check, at: now)
        }
        guard let decisive = check.decisive else { return [] }
        let request = HeaderBlock()
        _ = request.store("something before")
        let fields = LimitFields(check, set, decisive: decisive, at: now, in: request)
        let response = HeaderBlock()
        for (name, value) in own { response.append(name: name.utf8.span, value: value.utf8.span) }
        fields.append(from: request, to: response)
        let buffer = WireBuffer(capacity: 512)
        response.write(into: buffer)
        #expect(response.wireSize == buffer.count)
        let text = unsafe buffer.span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        return text.split(separator: "\r\n").map(String.init)
    }

    @Test func tellsWhatArticlesAndDraftsPrint() throws {
        let limits = [
            try limit("default") { ($0.requests, $0.burst) = (100, 20) },
            try limit("month") { ($0.requests, $0.period, $0.algorithm) = (1_000_000, .month, .quota) },
            try limit("dry") { ($0.requests, $0.period, $0.isDryRun) = (1, .minute, true) },
            try limit("day") { ($0.requests, $0.period, $0.algorithm) = (5, .day, .quota) },
        ]
        let expected = [
            "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 4", "X-RateLimit-Reset: 1709164800",
            #"RateLimit: "default";r=19;t=1, "month";r=999999;t=90000, "day";r=4;t=3600"#,
            #"RateLimit-Policy: "default";q=100;w=1, "month";q=1000000, "day";q=5;w=86400"#,
        ]
        #expect(lines(limits) == expected)
        // What a service says of limits of its own, in any case of letters, is replaced; names that are as long stay.
        let own = [
            ("x-ratelimit-limit", "9"), ("ETAG", "x"), ("X-RateLimit-Limit", "8"), ("RATELIMIT", "7"),
            ("X-RateLimit-Remaining", "6"), ("ratelimit-policy", "5"), ("X-Ratelimit-Reset", "4"),
            ("X-Something-Else!", "3"), ("X-Powered", "2"),
        ]
        #expect(lines(limits, over: own) == ["ETAG: x", "X-Something-Else!: 3", "X-Powered: 2"] + expected)
    }

    @Test func tellsOfTheLimitThatRefuses() throws {
        let limits = [
            try limit("wide") { $0.requests = 100 },
            try limit("narrow") { ($0.requests, $0.burst) = (100, 1) },
        ]
        // Of the limit that would have admitted it is told what it would have left.
        #expect(
            lines(limits, requests: 2) == [
                "X-RateLimit-Limit: 100", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1709161201",
                #"RateLimit: "wide";r=98;t=1, "narrow";r=0;t=1"#,
                #"RateLimit-Policy: "wide";q=100;w=1, "narrow";q=100;w=1"#,
            ])
    }

    @Test func saysNothingOfARehearsal() throws {
        #expect(lines([try limit("dry") { ($0.requests, $0.isDryRun) = (1, true) }], requests: 2) == [])
    }
}
