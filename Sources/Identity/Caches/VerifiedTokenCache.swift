internal import CSystem

/// The tokens that one loop has seen verified, so that a token is checked once and recognised from then on.
///
/// One belongs to each loop: there is no lock. Only tokens that passed every check are in it; that a token is bad is
/// not remembered, because keys come and go, and because remembering costs memory at the choice of whoever sends it.
///
/// It is found by the SipHash of the end of its text (the standard library's `Hasher`, whose secret is drawn by each
/// process) and then compared byte by byte. So recognising a token never rests on the hash: two texts that collide are
/// two tokens. The hash only spreads them, and the end of a token is enough for that: it is a signature, of which
/// nobody can choose so many bytes, not even who may have tokens signed. The comparison need not be in constant time: a
/// text is compared only with tokens that end as it does, and nobody has that end who has not seen the token.
///
/// An entry counts only
/// - under the policy it was verified for (`policy`): another may ask for another audience;
/// - before its token's `exp`, without skew: within the skew each request is checked anew;
/// - while its key has not been withdrawn.
///
/// Memory is bounded in tokens and in bytes. What goes is chosen by second chance: a hand goes round, passes over what
/// was used since it came by last, and takes what was not. So a loop under many one-time tokens keeps the ones in use.
package final class VerifiedTokenCache {
    package struct Limits: Hashable, Sendable {
        package var tokens = 4_096
        package var bytes = 16 * 1024 * 1024

        package init() {}

        package init(tokens: Int, bytes: Int) {
            self.tokens = tokens
            self.bytes = bytes
        }
    }

    private struct Entry {
        var token: VerifiedToken?
        var hash = 0
        var policy = 0
        /// The next entry of the same bucket, or of the free list; -1 at the end.
        var next: Int32 = -1
        var wasUsed = false
    }

    private var entries: [Entry] = []
    private var buckets: [Int32]
    private var free: Int32 = -1
    private var hand = 0
    private let limits: Limits
    package private(set) var count = 0
    /// About how much memory the tokens hold.
    package private(set) var bytes = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
        var size = 64
        while size < min(limits.tokens, 1 << 20) { size *= 2 }
        buckets = [Int32](repeating: -1, count: size)
    }

    /// The verified token of this text, if it still counts at this epoch second. Allocates nothing.
    package func find(_ text: Span<UInt8>, policy: Int, at second: Int64) -> VerifiedToken? {
        let hash = Self.hash(text)
        let bucket = hash & (buckets.count - 1)
        var place = buckets[bucket]
        while place >= 0 {
            let index = Int(place)
            let next = entries[index].next
            if entries[index].hash == hash, entries[index].policy == policy, let token = entries[index].token,
                Self.isText(text, of: token)
            {
                guard second < token.expiry, !token.isWithdrawn else {
                    remove(index)
                    return nil
                }
                entries[index].wasUsed = true
                return token
            }
            place = next
        }
        return nil
    }

    /// Remembers a token that was just verified.
    package func insert(_ token: VerifiedToken, policy: Int, at second: Int64) {
        guard second < token.expiry, !token.isWithdrawn, limits.tokens > 0 else { return }
        guard token.footprint <= limits.bytes else { return }
        // The same token may have been under verification twice.
        let text = token.text
        guard find(text.span, policy: policy, at: second) == nil else { return }
        while count >= limits.tokens || bytes + token.footprint > limits.bytes { evict(at: second) }

        let hash = Self.hash(text.span)
        let bucket = hash & (buckets.count - 1)
        let index: Int
        if free >= 0 {
            index = Int(free)
            free = entries[index].next
        } else {
            index = entries.count
            entries.append(Entry())
        }
        entries[index] = Entry(token: token, hash: hash, policy: policy, next: buckets[bucket], wasUsed: false)
        buckets[bucket] = Int32(index)
        count += 1
        bytes += token.footprint
    }

    /// Looks at so many entries and drops those that no longer count: for a timer, so that a quiet loop lets go too.
    package func sweep(_ steps: Int, at second: Int64) {
        for _ in 0..<min(steps, entries.count) {
            hand = hand + 1 < entries.count ? hand + 1 : 0
            if let token = entries[hand].token, second >= token.expiry || token.isWithdrawn { remove(hand) }
        }
    }

    /// Drops one entry: the next that was not used since the hand came by.
    private func evict(at second: Int64) {
        while count > 0 {
            hand = hand + 1 < entries.count ? hand + 1 : 0
            guard let token = entries[hand].token else { continue }
            if entries[hand].wasUsed, second < token.expiry, !token.isWithdrawn {
                entries[hand].wasUsed = false
                continue
            }
            remove(hand)
            return
        }
    }

    private func remove(_ index: Int) {
        guard let token = entries[index].token else { return }
        let bucket = entries[index].hash & (buckets.count - 1)
        let next = entries[index].next
        if buckets[bucket] == Int32(index) {
            buckets[bucket] = next
        } else {
            var place = Int(buckets[bucket])
            while entries[place].next != Int32(index) { place = Int(entries[place].next) }
            entries[place].next = next
        }
        entries[index] = Entry(next: free)
        free = Int32(index)
        count -= 1
        bytes -= token.footprint
    }

    /// Bytes at the end of a token that are hashed: of the shortest signature, base64url of 32 bytes, most.
    private static let hashedBytes = 32

    private static func hash(_ text: Span<UInt8>) -> Int {
        var hasher = Hasher()
        // Read during the call only.
        unsafe text.withUnsafeBytes { text in
            if text.count < hashedBytes { return unsafe hasher.combine(bytes: text) }
            // Word by word, which costs the hasher less than bytes; the last one ends where the text does.
            var offset = text.count &- hashedBytes
            while offset < text.count {
                hasher.combine(unsafe text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset &+= 8
            }
        }
        return hasher.finalize()
    }

    private static func isText(_ text: Span<UInt8>, of token: VerifiedToken) -> Bool {
        let kept = token.text
        guard text.count == kept.count else { return false }
        // Both have as many bytes as is asked here.
        return unsafe text.withUnsafeBytes { text in
            unsafe kept.withUnsafeBytes { kept in
                guard let one = text.baseAddress, let other = kept.baseAddress else { return true }
                return unsafe memcmp(one, other, text.count) == 0
            }
        }
    }
}
