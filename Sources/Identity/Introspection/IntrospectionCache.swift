internal import JSONStream

/// What is known of tokens that somebody else judges, and which of them are being asked about: pure, for one authority,
/// shared by all loops under its owner's lock.
///
/// 1. An answer holds for `lifetime`, and never past the token's `exp`; that a token is not active holds for
///    `negativeLifetime`, or `lifetime` where that is shorter: whoever tries names costs the authority one call for each
///    and the gateway a few bytes.
/// 2. Of all who ask about a token at once, the first calls and the others wait.
/// 3. That nobody answered is not remembered: the next one tries again.
///
/// Tokens are known by their SHA-256; none is kept. Answers are bounded in number and in bytes; the oldest goes first.
package struct IntrospectionCache: Sendable {
    package enum Found: Sendable {
        /// It was active; `until` is when that must be asked anew.
        case active(ClaimSet, until: Int64)
        case inactive
        /// The caller asks, and tells `finished`.
        case ask
        /// Somebody asks already.
        case wait
    }

    package enum Outcome: Sendable {
        case answer(IntrospectionAnswer)
        case failure
    }

    private enum Entry: Sendable {
        case active(ClaimSet, until: Int64)
        case inactive(until: Int64)

        var until: Int64 {
            switch self {
            case .active(_, let until), .inactive(let until): until
            }
        }

        /// About how much memory it holds: an answer with its index, the digest twice.
        var bytes: Int {
            switch self {
            case .active(let claims, _): claims.document.bytes.count * 3 + 256
            case .inactive: 128
            }
        }
    }

    package static let negativeLifetime: Int64 = 10

    private let lifetime: Int64
    private let capacity: Int
    private let byteLimit: Int
    private var entries: [SHA256Digest: Entry] = [:]
    private var underWay: Set<SHA256Digest> = []
    /// The order in which they came, from `oldest` on. One that came again stands there twice, and goes with its first
    /// place.
    private var order: [SHA256Digest] = []
    private var oldest = 0
    package private(set) var bytes = 0

    /// - Parameter lifetime: seconds; 0: nothing is remembered.
    package init(lifetime: Int64, capacity: Int = 4_096, bytes: Int = 16 * 1024 * 1024) {
        self.lifetime = max(lifetime, 0)
        self.capacity = max(capacity, 1)
        byteLimit = bytes
    }

    package var count: Int { entries.count }

    /// At this epoch second.
    package mutating func lookUp(_ token: SHA256Digest, at second: Int64) -> Found {
        if let entry = entries[token] {
            if second < entry.until {
                switch entry {
                case .active(let claims, let until): return .active(claims, until: until)
                case .inactive: return .inactive
                }
            }
            drop(token)
        }
        return underWay.insert(token).inserted ? .ask : .wait
    }

    /// The call that `lookUp` asked for is over. Returns until when the answer holds; now, where it is not remembered.
    @discardableResult
    package mutating func finished(_ token: SHA256Digest, _ outcome: Outcome, at second: Int64) -> Int64 {
        underWay.remove(token)
        switch outcome {
        case .failure: return second
        case .answer(.inactive):
            let until = second + min(lifetime, Self.negativeLifetime)
            keep(token, .inactive(until: until), at: second)
            return until
        case .answer(.active(let claims, let expiry)):
            let until = min(second + lifetime, expiry ?? .max)
            keep(token, .active(claims, until: until), at: second)
            return until
        }
    }

    private mutating func keep(_ token: SHA256Digest, _ entry: Entry, at second: Int64) {
        guard entry.until > second else { return }
        drop(token)
        entries[token] = entry
        bytes += entry.bytes
        order.append(token)
        while entries.count > capacity || bytes > byteLimit || order.count - oldest > 2 * capacity {
            drop(order[oldest])
            oldest += 1
        }
        if oldest > capacity {
            order.removeFirst(oldest)
            oldest = 0
        }
    }

    private mutating func drop(_ token: SHA256Digest) {
        if let entry = entries.removeValue(forKey: token) { bytes -= entry.bytes }
    }
}
