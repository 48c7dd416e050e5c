/// The values of the fields that tell a client about its limits, appended to bytes that the caller uses again and
/// again: no `String`, and no allocation once they have grown.
///
/// `X-RateLimit-*` speak of one limit, the decisive one. The IETF fields (draft-ietf-httpapi-ratelimit-headers) are
/// lists of structured-field items (RFC 9651), one for each limit that is not in dry run.
package enum LimitFields {
    package static let limitName: StaticString = "X-RateLimit-Limit"
    package static let remainingName: StaticString = "X-RateLimit-Remaining"
    package static let resetName: StaticString = "X-RateLimit-Reset"
    package static let retryAfterName: StaticString = "Retry-After"
    package static let rateLimitName: StaticString = "RateLimit"
    package static let policyName: StaticString = "RateLimit-Policy"

    /// The rate's number, not the burst.
    package static func appendLimit(of item: LimitCheck.Item, to bytes: inout [UInt8]) {
        Decimal.append(item.limit.limit, to: &bytes)
    }

    package static func appendRemaining(of item: LimitCheck.Item, to bytes: inout [UInt8]) {
        Decimal.append(item.outcome.remaining, to: &bytes)
    }

    /// The epoch second at which all of it is to be had again.
    package static func appendReset(of item: LimitCheck.Item, to bytes: inout [UInt8]) {
        Decimal.append(Int(item.outcome.reset), to: &bytes)
    }

    /// Seconds, at least 1; only where the limit refuses.
    package static func appendRetryAfter(of item: LimitCheck.Item, to bytes: inout [UInt8]) {
        Decimal.append(Int(max(item.outcome.retryAfter, 1)), to: &bytes)
    }

    /// `"default";r=42;t=7`: what remains, and in how many seconds all of it is to be had again.
    package static func appendRateLimit(of check: LimitCheck, at now: LimitTime, to bytes: inout [UInt8]) {
        let second = now.epoch / LimitTime.second
        appendList(of: check, to: &bytes) { item, bytes in
            append(";r=", to: &bytes)
            Decimal.append(item.outcome.remaining, to: &bytes)
            append(";t=", to: &bytes)
            Decimal.append(Int(max(item.outcome.reset &- second, 0)), to: &bytes)
        }
    }

    /// `"default";q=100;w=60`: the quota and its window in seconds. Months differ in length: they have no window.
    package static func appendPolicy(of check: LimitCheck, to bytes: inout [UInt8]) {
        appendList(of: check, to: &bytes) { item, bytes in
            append(";q=", to: &bytes)
            Decimal.append(item.limit.limit, to: &bytes)
            if case .quota(.month) = item.limit.algorithm { return }
            append(";w=", to: &bytes)
            Decimal.append(Int(LimitTime.seconds(item.limit.window)), to: &bytes)
        }
    }

    private static func appendList(
        of check: LimitCheck, to bytes: inout [UInt8], _ parameters: (LimitCheck.Item, inout [UInt8]) -> Void
    ) {
        var isFirst = true
        for index in check.items.indices where !check.items[index].limit.isDryRun {
            let item = check.items[index]
            if !isFirst { append(", ", to: &bytes) }
            isFirst = false
            // A name has no quote and no backslash: it was asked when the limit was made.
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: item.limit.name)
            bytes.append(UInt8(ascii: "\""))
            parameters(item, &bytes)
        }
    }

    private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        // A literal lives as long as the program.
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
