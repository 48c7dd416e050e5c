import GatehouseTesting
import Testing

@testable import Identity

/// Whole tokens in the manner of Wycheproof's groups, which always run: each begins with a token that is good, and changes
/// one thing.
@Suite struct ForgedTokenTests {
    /// Every algorithm with a key of every algorithm: a token names what it likes, and is signed by whoever made it.
    @Test(arguments: SignatureAlgorithm.allCases) func namesAnotherAlgorithmThanItsKey(_ algorithm: SignatureAlgorithm)
        throws
    {
        let signer = Signer.of(algorithm)
        // The key says what it is for, as published keys do.
        let keys = try keySet(signer.jwk(alg: algorithm.name))
        #expect(fault(signer.token(claims()), keys) == nil)
        for other in SignatureAlgorithm.allCases where other != algorithm {
            let header = #"{"alg":"\#(other.name)","kid":"k"}"#
            // Signed by the right key, with the right and with the named arithmetic, and by somebody else's key.
            #expect(fault(signer.token(claims(), header: header), keys) == .algorithmNotAllowed, "\(other)")
            let isRSA = [.rsa, .rsaPSS].contains(other.family) && [.rsa, .rsaPSS].contains(algorithm.family)
            if isRSA || other.family == algorithm.family && algorithm.family == .hmac {
                #expect(
                    fault(signer.token(claims(), header: header, as: other), keys) == .algorithmNotAllowed, "\(other)")
            }
            #expect(fault(Signer.of(other).token(claims(), header: header), keys) == .algorithmNotAllowed, "\(other)")
        }
    }

    /// A set with a key of each kind: a token goes to the key that it names, whatever else is in the set.
    @Test func namesAnotherKeyOfTheSet() throws {
        let all = SignatureAlgorithm.allCases
        let keys = try KeySet.parse(
            Array(
                "{\"keys\":[\(all.map { Signer.of($0).jwk(kid: $0.name, alg: $0.name) }.joined(separator: ","))]}".utf8),
            origin: .configured)
        for algorithm in all {
            let signer = Signer.of(algorithm)
            #expect(fault(signer.token(claims(), kid: algorithm.name), keys) == nil)
            for other in all where other != algorithm {
                let fault = fault(signer.token(claims(), kid: other.name), keys)
                #expect(fault == .algorithmNotAllowed, "\(algorithm) with the key of \(other)")
            }
        }
    }

    /// Published secrets are no keys; and what everybody can read is no secret, in any of the forms that libraries have
    /// taken it in.
    @Test(
        arguments: [SignatureAlgorithm.rs256, .ps256, .es256, .es384, .es512, .edDSA],
        [
            SignatureAlgorithm.hs256, .hs384, .hs512,
        ])
    func signsWithThePublicKey(_ algorithm: SignatureAlgorithm, _ forged: SignatureAlgorithm) throws {
        let signer = Signer.of(algorithm)
        let jwk = signer.jwk()
        for origin in [VerificationKey.Origin.published, .configured] {
            let keys = try KeySet.parse(Array(jwk.utf8), origin: origin)
            for secret in [
                signer.pem(), Array(signer.pem().dropLast()), Array(jwk.utf8), keys.keys[0].fingerprint, [0],
            ] {
                let input = encoded(#"{"alg":"\#(forged.name)","kid":"k"}"#) + "." + encoded(claims())
                let code = try #require(SecretKey(secret)).code(for: Array(input.utf8).span, #require(forged.digest))
                #expect(fault(input + "." + encoded(code), keys) == .algorithmNotAllowed)
            }
        }
    }

    /// What stands between the dots is read in one way only: no blanks, no other alphabet, no padding, no bits that mean
    /// nothing, in any of the three parts.
    @Test(arguments: SignatureAlgorithm.allCases) func isSpelledInAnotherWay(_ algorithm: SignatureAlgorithm) throws {
        var random = SeededRandom()
        let signer = Signer.of(algorithm)
        let keys = try keySet(signer.jwk())
        let good = signer.token(claims())
        let parts = good.split(separator: ".").map(String.init)
        for place in 0..<3 {
            for addition in ["=", "==", "?", "#", " ", "\n", "\r\n", "\t", "+", "/", "%3D", "\u{0}", "é", "A", "AAAA"] {
                for position in ["front", "end", "middle"] {
                    var part = parts[place]
                    let offset =
                        switch position {
                        case "front": 0
                        case "end": part.count
                        default: Int.random(in: 1..<part.count, using: &random)
                        }
                    part.insert(contentsOf: addition, at: part.index(part.startIndex, offsetBy: offset))
                    var changed = parts
                    changed[place] = part
                    let token = changed.joined(separator: ".")
                    #expect(fault(token, keys) != nil, "\(place) \(position) \(addition), seed \(random.seed)")
                }
            }
            // Each bit of the last character that means nothing.
            var changed = parts
            let unused = [0, 0, 4, 2][changed[place].count % 4]
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let last = try #require(alphabet.firstIndex(of: changed[place].removeLast()))
            for bit in 0..<unused {
                var spelled = changed
                spelled[place].append(alphabet[last ^ (1 << bit)])
                #expect(fault(spelled.joined(separator: "."), keys) == .badEncoding)
            }
        }
    }

    /// Numbers of a signature on a curve that no signature has, alone and with each other.
    @Test(arguments: Curve.allCases) func hasNumbersThatNoSignatureHas(_ curve: Curve) throws {
        let signer = Signer.of(curve.algorithm)
        let keys = try keySet(signer.jwk())
        let half = curve.coordinateLength
        let order = curve.order
        let zero = [UInt8](repeating: 0, count: half)
        var one = zero
        one[half - 1] = 1
        // The order is odd: one less is the same but for its last bit.
        let below = Array(order.dropLast()) + [order[half - 1] & 0xFE]
        let input = Array((encoded(#"{"alg":"\#(curve.algorithm.name)","kid":"k"}"#) + "." + encoded(claims())).utf8)
        let good = signer.sign(input)
        let numbers = [zero, one, below, order, [UInt8](repeating: 0xFF, count: half), Array(good.prefix(half))]
        for r in numbers {
            for s in numbers {
                let token = String(decoding: input, as: UTF8.self) + "." + encoded(r + s)
                #expect(fault(token, keys) == .badSignature)
            }
        }
        #expect(fault(String(decoding: input, as: UTF8.self) + "." + encoded(good), keys) == nil)
    }

    /// A signature is as long as its key makes it, whatever zeros stand before or behind it.
    @Test(arguments: SignatureAlgorithm.allCases) func hasASignatureOfAnotherLength(_ algorithm: SignatureAlgorithm)
        throws
    {
        let signer = Signer.of(algorithm)
        let keys = try keySet(signer.jwk())
        let input = Array((encoded(#"{"alg":"\#(algorithm.name)","kid":"k"}"#) + "." + encoded(claims())).utf8)
        let good = signer.sign(input)
        let half = good.count / 2
        let others: [[UInt8]] = [
            [0] + good, good + [0], [0, 0] + good, good + [0, 0], Array(good.dropLast()), Array(good.dropFirst()),
            [0] + good[..<half] + [0] + good[half...], good[..<half] + [0] + good[half...], Array(good[..<half]), [0],
            [UInt8](repeating: 0, count: good.count), [UInt8](repeating: 0, count: 2 * good.count),
        ]
        for other in others {
            let token = String(decoding: input, as: UTF8.self) + "." + encoded(other)
            #expect(fault(token, keys) == .badSignature, "\(other.count) bytes")
        }
    }

    /// Keys for something else check nothing: RFC 7517 §4.2 and §4.3.
    @Test(arguments: [
        #","use":"enc""#, #","use":"SIG""#, #","use":"""#, #","use":7"#, #","key_ops":["encrypt"]"#, #","key_ops":[]"#,
        #","key_ops":["sign"]"#, #","key_ops":"verify""#, #","use":"sig","key_ops":["encrypt"]"#,
        #","alg":"RSA-OAEP""#, #","alg":"ES521""#, #","alg":"none""#, #","alg":"""#,
    ])
    func meansAKeyForSomethingElse(_ further: String) throws {
        for algorithm in [SignatureAlgorithm.rs256, .es256, .edDSA, .hs256] {
            #expect(throws: KeySet.Fault.noUsableKey) { try keySet(Signer.of(algorithm).jwk(further: further)) }
        }
    }

    /// A token that says twice what counts: readers that take the first and readers that take the last must not differ.
    @Test(arguments: [
        #"{"alg":"ES256","kid":"k","alg":"none"}"#, #"{"alg":"none","kid":"k","alg":"ES256"}"#,
        #"{"alg":"ES256","kid":"other","kid":"k"}"#, #"{"alg":"ES256","kid":"k","\u006bid":"k"}"#,
        #"{"alg":"ES256","kid":"k","jwk":{"a":1,"a":2}}"#,
    ])
    func saysSomethingTwice(_ header: String) throws {
        let signer = Signer.of(.es256)
        #expect(fault(signer.token(claims(), header: header), try keySet(signer.jwk())) == .badHeader)
    }

    /// Names of keys that mean something to a file system, a data base, a shell, or a log are names, and nobody's.
    @Test(arguments: [
        "../../../../dev/null", "/dev/null", "file:///dev/null", "k' OR '1'='1", "k\\u0000", "k; rm -rf /", "$(id)",
        "k%00", "%6b", "K", " k", "k ", "", "https://evil.example/jwks.json", "k\\n{\\\"level\\\":\\\"error\\\"}", "ｋ",
        "{\\\"$ne\\\":null}", "*", "k|x",
    ])
    func injectsByTheNameOfItsKey(_ kid: String) throws {
        let stranger = Signer(.es256)
        let keys = try keySet(Signer.of(.es256).jwk())
        let header = "{\"alg\":\"ES256\",\"kid\":\"\(kid)\"}"
        #expect(fault(stranger.token(claims(), header: header), keys) == .unknownKey)
        #expect(fault(Signer.of(.es256).token(claims(), header: header), keys) == .unknownKey)
        // Signed with nothing, as a verifier would that reads its key from /dev/null.
        let input = encoded("{\"alg\":\"HS256\",\"kid\":\"\(kid)\"}") + "." + encoded(claims())
        let code = try #require(SecretKey([0])).code(for: Array(input.utf8).span, .sha256)
        #expect(fault(input + "." + encoded(code), keys) == .unknownKey)
    }
}

extension Curve {
    /// The number of points (FIPS 186-5, SEC 2).
    fileprivate var order: [UInt8] {
        let text =
            switch self {
            case .p256: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
            case .p384:
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
            case .p521:
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                    + "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
            }
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }
}
