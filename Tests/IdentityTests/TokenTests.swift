import GatehouseTesting
import Testing

@testable import Identity

@Suite struct TokenTests {
    private let signer = Signer.of(.es256)
    private func keys() throws -> KeySet { try keySet(signer.jwk()) }

    @Test(arguments: [
        "", ".", "..", "...", "a.b", "a.b.", ".b.c", "a.b.c.d", "a.b.c.d.e", "e30.e30", "Bearer", "a",
    ]) func refusesWhatHasNotThreeParts(_ text: String) throws {
        #expect(fault(text, try keys()) == .notCompact)
    }

    @Test func refusesHugeTokensUnread() throws {
        let good = signer.token(claims())
        #expect(
            fault(good, try keys(), limits: CompactToken.Limits(token: good.utf8.count - 1, header: 999)) == .tooLarge)
        #expect(fault(good, try keys(), limits: CompactToken.Limits(token: good.utf8.count, header: 999)) == nil)
        #expect(fault(good, try keys(), limits: CompactToken.Limits(token: 9_999, header: 10)) == .tooLarge)
        #expect(fault(String(repeating: "a", count: 1_000_000), try keys()) == .tooLarge)
        #expect(fault(String(repeating: "a", count: 8_193), try keys()) == .tooLarge)
        #expect(fault(String(repeating: "a", count: 8_192), try keys()) == .notCompact)
    }

    @Test func refusesOtherEncodings() throws {
        let good = signer.token(claims())
        let parts = good.split(separator: ".").map(String.init)
        for (head, body, tail) in [
            (parts[0] + "=", parts[1], parts[2]), (parts[0], parts[1] + "=", parts[2]),
            (parts[0], parts[1], parts[2] + "="),
            (parts[0], parts[1], parts[2] + "=="), (" " + parts[0], parts[1], parts[2]),
            (parts[0], parts[1], parts[2] + "\n"),
            (parts[0], "%" + parts[1], parts[2]), (parts[0], parts[1], parts[2] + "AAA"),
        ] {
            #expect(fault([head, body, tail].joined(separator: "."), try keys()) == .badEncoding)
        }
        // The last character of a signature of 64 bytes has four bits that mean nothing: only zeros are its text.
        let last = parts[2].last!
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let next = alphabet[alphabet.firstIndex(of: last)! + 1]
        #expect(fault(parts[0] + "." + parts[1] + "." + parts[2].dropLast() + String(next), try keys()) == .badEncoding)
    }

    @Test(arguments: [
        (#"{"alg":"none"}"#, TokenFault.unknownAlgorithm), (#"{"alg":"None"}"#, .unknownAlgorithm),
        (#"{"alg":"NONE"}"#, .unknownAlgorithm), (#"{"alg":"nOnE"}"#, .unknownAlgorithm),
        (#"{"alg":""}"#, .unknownAlgorithm),
        (#"{"alg":"es256"}"#, .unknownAlgorithm), (#"{"alg":"ES256 "}"#, .unknownAlgorithm),
        (#"{"alg":"ES256K"}"#, .unknownAlgorithm),
        (#"{"alg":null}"#, .badHeader), (#"{"alg":["ES256"]}"#, .badHeader), (#"{}"#, .badHeader), (#"[]"#, .badHeader),
        (#"{"alg":"ES256""#, .badHeader), (#"{"alg":"ES256"} x"#, .badHeader), (#"null"#, .badHeader),
        (#"{"alg":"ES256","alg":"ES256"}"#, .badHeader), (#"{"alg":"none","alg":"ES256"}"#, .badHeader),
        (#"{"alg":"ES256","\u0061lg":"ES256"}"#, .badHeader), (#"{"alg":"ES256","kid":7}"#, .badHeader),
        (#"{"alg":"ES256","kid":"k","kid":"k"}"#, .badHeader), (#"{"alg":"ES256","typ":7}"#, .badHeader),
        (#"{"alg":"ES256","crit":["exp"]}"#, .unsupportedCritical),
        (#"{"alg":"ES256","crit":[]}"#, .unsupportedCritical),
        (#"{"alg":"ES256","crit":null}"#, .unsupportedCritical),
        (#"{"alg":"ES256","crit":["b64"],"b64":false}"#, .unsupportedCritical),
        (#"{"alg":"ES256","b64":false}"#, .unencodedPayload), (#"{"alg":"ES256","b64":0}"#, .unencodedPayload),
        (#"{"alg":"ES256","kid":"other"}"#, .unknownKey), (#"{"alg":"ES256","kid":"K"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":""}"#, .unknownKey), (#"{"alg":"ES256","kid":"k\u0000"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"../../../dev/null"}"#, .unknownKey),
        (#"{"alg":"ES256","kid":"k' OR '1'='1"}"#, .unknownKey),
        (#"{"alg":"ES384","kid":"k"}"#, .algorithmNotAllowed), (#"{"alg":"RS256","kid":"k"}"#, .algorithmNotAllowed),
        (#"{"alg":"HS256","kid":"k"}"#, .algorithmNotAllowed), (#"{"alg":"EdDSA","kid":"k"}"#, .algorithmNotAllowed),
    ]) func refusesHeaders(_ header: String, _ expected: TokenFault) throws {
        #expect(fault(signer.token(claims(), header: header), try keys()) == expected)
    }

    @Test func acceptsHeadersThatSayMore() throws {
        for header in [
            #"{"alg":"ES256"}"#, #"{"alg":"ES256","kid":"k","b64":true}"#,
            #" {"typ":"JWT","alg":"ES256","kid":"\u006b"} "#,
        ] { #expect(fault(signer.token(claims(), header: header), try keys()) == nil, "\(header)") }
        // A key that the token brings along is nobody's.
        let stranger = Signer(.es256)
        for member in [
            "\"jwk\":\(stranger.jwk())", "\"jku\":\"https://evil.example\"", "\"x5c\":[\"AAAA\"]",
            "\"x5u\":\"http://e\"",
        ] {
            let header = "{\"alg\":\"ES256\",\"kid\":\"k\",\(member)}"
            #expect(fault(stranger.token(claims(), header: header), try keys()) == .badSignature)
            #expect(fault(signer.token(claims(), header: header), try keys()) == nil)
        }
    }

    /// The public key, which everybody has, as an HMAC secret.
    @Test(arguments: [SignatureAlgorithm.rs256, .ps256, .es256, .edDSA]) func isNotConfused(
        _ algorithm: SignatureAlgorithm
    ) throws {
        let signer = Signer.of(algorithm)
        let jwk = signer.jwk()
        let keys = try KeySet.parse(Array(jwk.utf8), origin: .published)
        let input = encoded(#"{"alg":"HS256","kid":"k"}"#) + "." + encoded(claims())
        for secret in [signer.pem(), Array(signer.pem().dropLast()), Array(jwk.utf8)] {
            let code = SecretKey(secret)!.code(for: Array(input.utf8).span, .sha256)
            #expect(fault(input + "." + encoded(code), keys) == .algorithmNotAllowed)
        }
        // `none` with a signature, with none, and with the good one.
        let none = encoded(#"{"alg":"none"}"#) + "." + encoded(claims()) + "."
        #expect(fault(none, keys) == .notCompact)
        #expect(fault(none + "AAAA", keys) == .unknownAlgorithm)
    }

    @Test func heedsTheIssuersAlgorithms() throws {
        let rs = Signer.of(.rs256)
        let keys = try keySet(rs.jwk())
        let narrow = rules { $0.algorithms = SignatureAlgorithms(.rs256) }
        #expect(fault(rs.token(claims()), keys, narrow) == nil)
        #expect(fault(rs.token(claims(), as: .ps256), keys, narrow) == .algorithmNotAllowed)
        #expect(fault(rs.token(claims(), as: .rs512), keys, narrow) == .algorithmNotAllowed)
    }

    @Test(arguments: [
        ("{\"exp\":\(now + 300)}", TokenFault.unknownIssuer), ("{\"iss\":\"https://issuer.example/\"}", .unknownIssuer),
        ("{\"iss\":7}", .badClaim), ("[]", .badPayload), ("", .badPayload), ("7", .badPayload),
        ("{\"iss\"", .badPayload),
        (claims(#""iss":"https://issuer.example""#), .badPayload), (claims(#""sub":"bob""#), .badPayload),
        (claims(#""s\u0075b":"bob""#), .badPayload), (claims(#""a":{"b":1,"b":2}"#), .badPayload),
        (claims("\"x\":\"\u{1}\""), .badPayload), (claims(#""x":"\ud800""#), .badPayload),
        (#"{"iss":"https://issuer.example","aud":"api"}"#, .noExpiry),
        (#"{"iss":"https://issuer.example","aud":"api","exp":"1900000000"}"#, .badClaim),
        (#"{"iss":"https://issuer.example","aud":"api","exp":null}"#, .badClaim),
        (#"{"iss":"https://issuer.example","aud":"api","exp":-1}"#, .badClaim),
        (#"{"iss":"https://issuer.example","aud":"api","exp":1e300}"#, .badClaim),
        (#"{"iss":"https://issuer.example","aud":"api","exp":99999999999999999999}"#, .badClaim),
        (#"{"iss":"https://issuer.example","exp":\#(now + 300)}"#, .wrongAudience),
        (#"{"iss":"https://issuer.example","aud":"other","exp":\#(now + 300)}"#, .wrongAudience),
        (#"{"iss":"https://issuer.example","aud":[],"exp":\#(now + 300)}"#, .wrongAudience),
        (#"{"iss":"https://issuer.example","aud":["x","API"],"exp":\#(now + 300)}"#, .wrongAudience),
        (#"{"iss":"https://issuer.example","aud":["api",7],"exp":\#(now + 300)}"#, .badClaim),
        (#"{"iss":"https://issuer.example","aud":{"api":1},"exp":\#(now + 300)}"#, .badClaim),
        (claims("\"nbf\":\(now + 61)"), .notYetValid), (claims("\"iat\":\(now + 61)"), .issuedInFuture),
        (claims("\"nbf\":\"x\""), .badClaim), (claims("\"iat\":[]"), .badClaim),
    ]) func refusesClaims(_ text: String, _ expected: TokenFault) throws {
        #expect(fault(signer.token(text), try keys()) == expected)
    }

    @Test(arguments: [
        #"{"iss":"https://issuer.example","aud":["x","api"],"exp":\#(now + 300)}"#, claims("\"nbf\":\(now + 60)"),
        claims("\"iat\":\(now + 60),\"nbf\":\(now - 5)"),
        #"{"iss":"https://issuer.example","aud":"api","exp":\#(now + 300).75}"#,
        #"{"iss":"https://issuer.example","aud":"api","exp":2e9}"#,
    ]) func acceptsClaims(_ text: String) throws {
        #expect(fault(signer.token(text), try keys()) == nil)
    }

    @Test func expiresWithTheSkewAndNotBefore() throws {
        let token = signer.token(claims())
        #expect(fault(token, try keys(), at: now + 300 + 59) == nil)
        #expect(fault(token, try keys(), at: now + 300 + 60) == .expired)
        #expect(fault(token, try keys(), rules { $0.skew = 0 }, at: now + 299) == nil)
        #expect(fault(token, try keys(), rules { $0.skew = 0 }, at: now + 300) == .expired)
    }

    @Test func asksForTypes() throws {
        let access = rules { $0.types = [Array("at+jwt".utf8)] }
        for (type, expected) in [
            ("at+jwt", nil), ("AT+JWT", nil), ("application/at+jwt", nil), ("JWT", TokenFault.wrongType),
        ] {
            let header = "{\"alg\":\"ES256\",\"typ\":\"\(type)\"}"
            #expect(fault(signer.token(claims(), header: header), try keys(), access) == expected)
        }
        #expect(fault(signer.token(claims()), try keys(), access) == .wrongType)
    }

    @Test func choosesRulesByIssuer() throws {
        let (one, other) = (rules(), rules { $0.issuer = Array("https://other.example".utf8) })
        let verifier = TokenVerifier(issuers: [one, other])
        func issuer(_ name: String) throws -> Int {
            let text = Array(signer.token("{\"iss\":\"\(name)\",\"exp\":\(now + 9)}").utf8)
            return try verifier.inspect(text.span).issuer
        }
        #expect(try issuer("https://issuer.example") == 0)
        #expect(try issuer("https://other.example") == 1)
        #expect(throws: TokenFault.unknownIssuer) { try issuer("https://third.example") }
    }

    /// Bounded work for tokens that name no key, whatever the set.
    @Test func triesFewKeysForATokenWithoutAName() throws {
        let others = (0..<20).map { _ in Signer(.es256).jwk(kid: nil) }
        let token = signer.token(claims(), kid: nil)
        let first = try KeySet.parse(
            Array("{\"keys\":[\((others.prefix(7) + [signer.jwk()]).joined(separator: ","))]}".utf8), origin: .published
        )
        #expect(fault(token, first) == nil)
        let late = try KeySet.parse(
            Array("{\"keys\":[\((others + [signer.jwk()]).joined(separator: ","))]}".utf8), origin: .published)
        #expect(fault(token, late) == .badSignature)
    }

    /// Good tokens with bytes changed, cut, doubled: nothing traps, and nothing but the token itself is accepted.
    @Test(arguments: [SignatureAlgorithm.hs256, .es256, .edDSA, .rs256]) func survivesAnything(
        _ algorithm: SignatureAlgorithm
    ) throws {
        var random = SeededRandom()
        let signer = Signer.of(algorithm)
        let keys = try keySet(signer.jwk())
        let good = Array(signer.token(claims()).utf8)
        let alphabet = Array("AQZaz09-_.={}\"\u{0}\u{7F}".utf8)
        for _ in 0..<1_500 {
            var text = good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<max(text.count, 1), using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where !text.isEmpty: text[place] = alphabet.randomElement(using: &random)!
                case 1 where !text.isEmpty: text.remove(at: place)
                case 2: text.insert(alphabet.randomElement(using: &random)!, at: place)
                default: text = Array(text.prefix(place))
                }
            }
            let isAccepted = fault(String(decoding: text, as: UTF8.self), keys) == nil
            #expect(!isAccepted || text == good, "seed \(random.seed)")
        }
    }

    @Test func codesAndTextsAreFitForHeaders() {
        let codes = Set(TokenFault.allCases.map(\.code))
        #expect(codes.count == TokenFault.allCases.count)
        for fault in TokenFault.allCases {
            #expect(fault.text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
    }
}
