import GatehouseTesting
import Testing

@testable import Identity

@Suite struct SignatureTests {
    @Test(arguments: PublishedToken.all) func verifiesPublishedTokens(_ example: PublishedToken) throws {
        let keys = try KeySet.parse(Array(example.key.utf8), origin: .configured)
        #expect(try signer(of: example.token, among: keys) === keys.keys[0])
        // One character of the payload.
        let dot = example.token.firstIndex(of: ".")!
        var changed = example.token
        let place = changed.index(dot, offsetBy: 5)
        changed.replaceSubrange(place...place, with: changed[place] == "A" ? "B" : "A")
        #expect(throws: TokenFault.badSignature) { try signer(of: changed, among: keys) }
    }

    @Test(arguments: SignatureAlgorithm.allCases) func verifiesWhatItsKeySigned(_ algorithm: SignatureAlgorithm) throws
    {
        let signer = Signer.of(algorithm)
        let keys = try keySet(signer.jwk())
        let token = signer.token(claims())
        #expect(try verify(token, keys).key === keys.keys[0])
        #expect(fault(Signer(algorithm, rsaBits: 2048).token(claims()), keys) == .badSignature)
        // The same from PEM.
        if algorithm.family != .hmac {
            let key = try VerificationKey.pem(signer.pem())
            #expect(fault(token, KeySet([key])) == nil)
        }
    }

    /// Signatures that are cut, padded, lengthened, turned, or one bit away.
    @Test(arguments: SignatureAlgorithm.allCases) func refusesOtherSignatures(_ algorithm: SignatureAlgorithm) throws {
        var random = SeededRandom()
        let signer = Signer.of(algorithm)
        let key = try VerificationKey.from(signer)
        let message = Array("a message".utf8)
        let good = signer.sign(message)
        #expect(key.takes(good, of: message, by: algorithm))

        var others: [[UInt8]] = [
            [], [0], Array(good.dropLast()), Array(good.dropFirst()), good + [0], [0] + good, good + good,
            [UInt8](repeating: 0, count: good.count), [UInt8](repeating: 0xFF, count: good.count), good.reversed(),
            Array(good.prefix(good.count / 2)), Array(good.prefix(16)), Array("".utf8),
        ]
        if algorithm.family == .ecdsa {
            let half = good.count / 2
            let zero = [UInt8](repeating: 0, count: half)
            // r or s zero; halves exchanged; each half with a zero in front; the DER form.
            others += [
                zero + good[half...], good[..<half] + zero, Array(good[half...] + good[..<half]),
                [0] + good[..<half] + [0] + good[half...],
                ECDSASignature.der(good.span, on: Curve.allCases.first { $0.algorithm == algorithm }!)!,
            ]
        }
        for _ in 0..<60 {
            var changed = good
            let bit = Int.random(in: 0..<good.count * 8, using: &random)
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            others.append(changed)
        }
        for other in others where other != good {
            #expect(!key.takes(other, of: message, by: algorithm), "seed \(random.seed)")
        }
        let longer = message + [0]
        #expect(!key.takes(good, of: longer, by: algorithm))
        #expect(!key.takes(good, of: [], by: algorithm))
    }

    /// Each key with each algorithm that is not its own, with a signature that the key's own arithmetic would take.
    @Test(arguments: SignatureAlgorithm.allCases) func takesNoAlgorithmOfAnotherKind(_ algorithm: SignatureAlgorithm)
        throws
    {
        let signer = Signer.of(algorithm)
        let key = try VerificationKey.from(signer)
        let message = Array("a message".utf8)
        for other in SignatureAlgorithm.allCases where other != algorithm {
            let ownFamily = other.family == algorithm.family && algorithm.family != .ecdsa
            let isRSA = [.rsa, .rsaPSS].contains(other.family) && [.rsa, .rsaPSS].contains(algorithm.family)
            let signature =
                other.family == .hmac
                ? SecretKey(signer.algorithm.family == .hmac ? signer.secret : signer.pem())!.code(
                    for: message.span, other.digest!)
                : signer.sign(message, as: isRSA ? other : nil)
            // One family's key takes all digests of it, unless it says which; that is not confusion.
            #expect(key.takes(signature, of: message, by: other) == (ownFamily || isRSA), "\(other)")
            // Signed for one and sent as another: never.
            let good = signer.sign(message)
            #expect(!key.takes(good, of: message, by: other), "\(other)")
        }
    }

    /// A half of zero modulo the curve's order, or one at the order itself, is none.
    @Test func refusesNumbersAtTheOrder() throws {
        let signer = Signer.of(.es256)
        let key = try VerificationKey.from(signer)
        let message = Array("m".utf8)
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
            0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let good = signer.sign(message)
        for half in [order + Array(good[32...]), Array(good[..<32]) + order, order + order] {
            #expect(!key.takes(half, of: message, by: .es256))
        }
    }

    /// A PSS signature whose salt is not as long as the digest is another signature (RFC 7518 §3.5), and so is one
    /// whose padding is another.
    @Test(arguments: [0, 20, 31, 33, 64]) func refusesOtherSalts(_ salt: Int) throws {
        let signer = Signer.of(.ps256)
        let key = try VerificationKey.from(signer)
        let message = Array("m".utf8)
        #expect(key.takes(signer.sign(message, salt: 32), of: message, by: .ps256))
        #expect(!key.takes(signer.sign(message, salt: salt), of: message, by: .ps256))
        #expect(!key.takes(signer.sign(message, as: .rs256), of: message, by: .ps256))
        #expect(!key.takes(signer.sign(message, salt: 32), of: message, by: .rs256))
    }

    @Test func readsEverySignatureOfACurveWithLeadingZeros() throws {
        // Of 600 signatures some have a half that begins with a zero byte.
        let signer = Signer.of(.es256)
        let key = try VerificationKey.from(signer)
        var zeros = 0
        for number in 0..<600 {
            let message = [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)]
            let signature = signer.sign(message)
            if signature[0] == 0 || signature[32] == 0 { zeros += 1 }
            #expect(key.takes(signature, of: message, by: .es256))
        }
        #expect(zeros > 0)
    }
}

extension VerificationKey {
    /// The public half of a signer, or its secret.
    static func from(_ signer: Signer) throws -> VerificationKey {
        try KeySet.parse(Array(signer.jwk().utf8), origin: .configured).keys[0]
    }
}
