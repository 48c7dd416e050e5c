import GatehouseTesting
import Testing

@testable import Identity

@Suite struct VerifiedTokenCacheTests {
    private let signer = Signer.of(.hs256)

    private func token(_ name: String, lifetime: Int64 = 300, keys: KeySet) throws -> VerifiedToken {
        let claims = #"{"iss":"https://issuer.example","aud":"api","sub":"\#(name)","exp":\#(now + lifetime)}"#
        return try verify(signer.token(claims), keys)
    }

    private func find(_ cache: VerifiedTokenCache, _ token: VerifiedToken, policy: Int = 1, at second: Int64 = now)
        -> VerifiedToken?
    {
        let text = token.text
        return cache.find(text.span, policy: policy, at: second)
    }

    @Test func recognisesWholeTokensUnderTheirPolicy() throws {
        let keys = try keySet(signer.jwk())
        let cache = VerifiedTokenCache()
        let token = try token("a", keys: keys)
        #expect(find(cache, token) == nil)
        cache.insert(token, policy: 1, at: now)
        #expect(find(cache, token) === token)
        #expect(find(cache, token, policy: 2) == nil)
        for place in [0, 10, token.text.count / 2, token.text.count - 1] {
            var other = token.text
            other[place] ^= 1
            #expect(cache.find(other.span, policy: 1, at: now) == nil)
        }
        let longer = token.text + [0x41]
        #expect(cache.find(longer.span, policy: 1, at: now) == nil)
        let shorter = Array(token.text.dropLast())
        #expect(cache.find(shorter.span, policy: 1, at: now) == nil)
        cache.insert(token, policy: 1, at: now)
        #expect(cache.count == 1)
    }

    @Test func forgetsAtExpiryWithoutSkew() throws {
        let cache = VerifiedTokenCache()
        let token = try token("a", lifetime: 10, keys: try keySet(signer.jwk()))
        cache.insert(token, policy: 1, at: now)
        #expect(find(cache, token, at: now + 9) === token)
        #expect(find(cache, token, at: now + 10) == nil)
        #expect(cache.count == 0)
        cache.insert(token, policy: 1, at: now + 10)
        #expect(cache.count == 0)
        cache.insert(token, policy: 1, at: now)
        cache.sweep(10, at: now + 10)
        #expect(cache.count == 0)
        #expect(cache.bytes == 0)
    }

    @Test func forgetsWhenTheKeyGoes() throws {
        let keys = try keySet(signer.jwk(), Signer.of(.es256).jwk(kid: "e"))
        let cache = VerifiedTokenCache()
        let token = try token("a", keys: keys)
        cache.insert(token, policy: 1, at: now)
        // A refresh that brings the same key changes nothing.
        let same = try keySet(signer.jwk()).replacing(keys)
        #expect(find(cache, token) === token)
        _ = try keySet(Signer.of(.es256).jwk(kid: "e")).replacing(same)
        #expect(find(cache, token) == nil)
        cache.insert(token, policy: 1, at: now)
        #expect(cache.count == 0)
    }

    @Test func isBoundedAndKeepsWhatIsUsed() throws {
        let keys = try keySet(signer.jwk())
        let cache = VerifiedTokenCache(limits: .init(tokens: 10, bytes: 1_000_000))
        let busy = try token("busy", keys: keys)
        cache.insert(busy, policy: 1, at: now)
        for number in 0..<200 {
            #expect(find(cache, busy) === busy)
            cache.insert(try token("\(number)", keys: keys), policy: 1, at: now)
            #expect(cache.count <= 10)
        }
        #expect(cache.count == 10)

        let small = VerifiedTokenCache(limits: .init(tokens: 1_000, bytes: busy.footprint * 3))
        for number in 0..<20 { small.insert(try token("\(number)", keys: keys), policy: 1, at: now) }
        #expect((1...3).contains(small.count))
        #expect(small.bytes <= busy.footprint * 3)
        let none = VerifiedTokenCache(limits: .init(tokens: 1_000, bytes: 10))
        none.insert(busy, policy: 1, at: now)
        #expect(none.count == 0)
    }

    /// Random use against a dictionary: never another token, never one that does not count; and nothing leaks.
    @Test func agreesWithADictionary() throws {
        var random = SeededRandom()
        let keys = try keySet(signer.jwk())
        let tokens = try (0..<60).map { try token("\($0)", lifetime: .random(in: 1...200, using: &random), keys: keys) }
        let cache = VerifiedTokenCache(limits: .init(tokens: 25, bytes: 1_000_000))
        var second = now
        var hits = 0
        for _ in 0..<5_000 {
            let token = tokens.randomElement(using: &random)!
            let policy = Int.random(in: 0...1, using: &random)
            if let found = find(cache, token, policy: policy, at: second) {
                hits += 1
                #expect(found === token, "seed \(random.seed)")
                #expect(second < token.expiry, "seed \(random.seed)")
            } else {
                cache.insert(token, policy: policy, at: second)
            }
            if Int.random(in: 0..<40, using: &random) == 0 { second += 1 }
            if Int.random(in: 0..<100, using: &random) == 0 {
                cache.sweep(.random(in: 0...30, using: &random), at: second)
            }
            #expect(cache.count <= 25, "seed \(random.seed)")
        }
        #expect(hits > 0)
        cache.sweep(1_000, at: .max)
        #expect(cache.count == 0, "seed \(random.seed)")
        #expect(cache.bytes == 0, "seed \(random.seed)")
    }
}
