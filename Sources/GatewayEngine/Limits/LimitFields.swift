internal import HTTPWire
internal import RateLimits

/// What a client is told of its limits.
///
/// `X-RateLimit-*` speak of one limit, the decisive one. The IETF fields (draft-ietf-httpapi-ratelimit-headers) are
/// lists of structured-field items (RFC 9651), one for each limit that is not in dry run.
///
/// The values are written down when the limits have decided, since the next request asks with the same objects; in the
/// arena of the request's fields, where they last as long as the request.
struct LimitFields {
    static let limitName: StaticString = "X-RateLimit-Limit"
    static let remainingName: StaticString = "X-RateLimit-Remaining"
    static let resetName: StaticString = "X-RateLimit-Reset"
    static let rateLimitName: StaticString = "RateLimit"
    static let policyName: StaticString = "RateLimit-Policy"

    /// Bits of the names' lengths, by which most responses are known to have none of them.
    private static var lengths: UInt64 {
        HeaderBlock.lengthBit(17) | HeaderBlock.lengthBit(21) | HeaderBlock.lengthBit(9) | HeaderBlock.lengthBit(16)
    }

    private static let lowercaseNames = [limitName, remainingName, resetName, rateLimitName, policyName].map {
        Bytes.lowercased($0.description)
    }

    /// The rate's number, not the burst.
    private var limit = ByteRange.empty
    private var remaining = ByteRange.empty
    /// The epoch second at which all of it is to be had again.
    private var reset = ByteRange.empty
    /// `"default";r=42;t=7`: what remains, and in how many seconds all of it is to be had again.
    private var rateLimit = ByteRange.empty
    private var policy = ByteRange.empty

    /// Nothing is told.
    init() {}

    var isEmpty: Bool { limit.isEmpty }

    /// - Parameters:
    ///   - decisive: the place of the limit that `X-RateLimit-*` speak of.
    ///   - fields: whose arena the values are kept in.
    init(_ check: LimitCheck, _ set: LimitSet, decisive: Int, at now: LimitTime, in fields: HeaderBlock) {
        let outcome = check.outcome(decisive)
        let (number, policies) = (set.limits[decisive].texts.limit, set.policy)
        limit = fields.store(number.span)
        remaining = fields.store(decimal: outcome.remaining)
        reset = fields.store(decimal: Int(outcome.reset))
        policy = fields.store(policies.span)
        let second = now.epoch / LimitTime.second
        let start = fields.byteCount
        for index in 0..<min(set.limits.count, check.count) {
            let one = set.limits[index]
            if one.rate.isDryRun { continue }
            let (item, outcome) = (one.texts.item, check.outcome(index))
            if fields.byteCount > start { _ = fields.store(", ") }
            _ = fields.store(item.span)
            _ = fields.store(";r=")
            _ = fields.store(decimal: outcome.remaining)
            _ = fields.store(";t=")
            _ = fields.store(decimal: Int(max(outcome.reset &- second, 0)))
        }
        rateLimit = fields.stored(since: start)
    }

    /// The limits that the client meets first are this gateway's: what a service says of its own under the same names is
    /// replaced.
    func append(from own: HeaderBlock, to fields: HeaderBlock) {
        if fields.mayHoldOther(ofLengths: Self.lengths) {
            for index in 0..<Self.lowercaseNames.count {
                let name = Self.lowercaseNames[index]
                fields.removeAll(named: name.span)
            }
        }
        fields.append(other: Self.limitName, value: own.bytes(limit))
        fields.append(other: Self.remainingName, value: own.bytes(remaining))
        fields.append(other: Self.resetName, value: own.bytes(reset))
        fields.append(other: Self.rateLimitName, value: own.bytes(rateLimit))
        fields.append(other: Self.policyName, value: own.bytes(policy))
    }

    /// What of a limit never changes, made once.
    struct Texts: Sendable {
        /// `100`
        let limit: [UInt8]
        /// `"default"`
        let item: [UInt8]
        /// `"default";q=100;w=60`: the quota and its window in seconds. Months differ in length: they have no window.
        let policy: [UInt8]

        init(_ rate: RateLimit) {
            limit = Array(String(rate.limit).utf8)
            // A name has no quote and no backslash: it was asked when the limit was made.
            item = Array("\"\(String(decoding: rate.name, as: UTF8.self))\"".utf8)
            var text = ";q=\(rate.limit)"
            if case .quota(.month) = rate.algorithm {} else { text += ";w=\(LimitTime.seconds(rate.window))" }
            policy = item + Array(text.utf8)
        }
    }
}
