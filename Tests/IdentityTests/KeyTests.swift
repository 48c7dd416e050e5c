import Testing

@testable import Identity

@Suite struct KeyTests {
    private func fault(_ jwk: String, _ origin: VerificationKey.Origin = .published) -> KeyFault? {
        // A second key that is good, so that the set is never without any.
        let text = "{\"keys\":[\(jwk),\(Signer.of(.edDSA).jwk())]}"
        do throws(KeySet.Fault) {
            return try KeySet.parse(Array(text.utf8), origin: origin).omissions.first?.fault
        } catch { return .malformed }
    }

    @Test(arguments: [
        (#"{}"#, KeyFault.missingMember), (#"{"kty":"none"}"#, .unknownType), (#"{"kty":1}"#, .invalidMember),
        (#"{"kty":"RSA","n":"AQAB"}"#, .missingMember), (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, .weakRSA),
        (#"{"kty":"RSA","n":"AQ==","e":"AQAB"}"#, .invalidMember),
        (#"{"kty":"RSA","n":"","e":"AQAB"}"#, .invalidMember),
        (#"{"kty":"EC","crv":"secp256k1","x":"","y":""}"#, .unknownCurve),
        (#"{"kty":"EC","x":"","y":""}"#, .missingMember),
        (#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, .invalidMember),
        (
            #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a8"}"#,
            .notOnCurve
        ),
        (
            #"{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            .notOnCurve
        ),
        (
            #"{"kty":"EC","crv":"P-384","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            .invalidMember
        ),
        (#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, .unknownCurve),
        (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"}"#, .invalidMember),
        (#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#, .publishedSecret),
        (#"[]"#, .malformed), (#""x""#, .malformed),
    ]) func leavesOutWhatIsNoKey(_ jwk: String, _ expected: KeyFault) {
        #expect(fault(jwk) == expected)
    }

    @Test func heedsWhatAKeyIsFor() {
        let signer = Signer.of(.rs256)
        #expect(fault(signer.jwk()) == nil)
        #expect(fault(signer.jwk(further: #","use":"sig""#)) == nil)
        #expect(fault(signer.jwk(further: #","key_ops":["verify","sign"]"#)) == nil)
        #expect(fault(signer.jwk(further: #","use":"enc""#)) == .notForSignatures)
        #expect(fault(signer.jwk(further: #","key_ops":["encrypt"]"#)) == .notForSignatures)
        #expect(fault(signer.jwk(further: #","key_ops":"verify""#)) == .invalidMember)
        #expect(fault(signer.jwk(alg: "none")) == .unknownAlgorithm)
        #expect(fault(signer.jwk(alg: "HS256")) == .algorithmMismatch)
        #expect(fault(signer.jwk(alg: "ES256")) == .algorithmMismatch)
        #expect(fault(Signer.of(.es256).jwk(alg: "ES384")) == .algorithmMismatch)
        #expect(fault(signer.jwk(further: #","kid":"again""#)) == .malformed)
    }

    @Test func holdsAKeyToItsAlgorithm() throws {
        let signer = Signer.of(.rs256)
        let keys = try keySet(signer.jwk(alg: "RS256"))
        #expect(fault(signer.token(claims()), keys) == nil)
        #expect(Gate.fault(signer.token(claims(), as: .rs384), keys) == .algorithmNotAllowed)
        #expect(Gate.fault(signer.token(claims(), as: .ps256), keys) == .algorithmNotAllowed)
    }

    private func fault(_ token: String, _ keys: KeySet) -> TokenFault? { Gate.fault(token, keys) }

    @Test func refusesWeakKeys() throws {
        #expect(fault(Signer(.rs256, rsaBits: 1_024).jwk()) == .weakRSA)
        let signer = Signer.of(.rs256)
        let modulus = encoded(signer.number("n"))
        for (exponent, expected) in [
            ([], KeyFault.invalidMember), ([0], .invalidExponent), ([1], .invalidExponent), ([2], .invalidExponent),
            ([3], nil), ([1, 0, 1], nil), ([0, 1, 0, 1], nil), ([2, 0, 0, 0, 1], .invalidExponent),
            ([1, 0, 0, 0, 0, 1], .invalidExponent), ([UInt8](repeating: 0xFF, count: 256), .invalidExponent),
        ] as [([UInt8], KeyFault?)] {
            #expect(fault(#"{"kty":"RSA","n":"\#(modulus)","e":"\#(encoded(exponent))"}"#) == expected, "\(exponent)")
        }
        let huge = encoded([UInt8](repeating: 0xFF, count: 1_025))
        #expect(fault(#"{"kty":"RSA","n":"\#(huge)","e":"AQAB"}"#) == .oversizedRSA)
        let even = encoded(signer.number("n").dropLast() + [0])
        #expect(fault(#"{"kty":"RSA","n":"\#(even)","e":"AQAB"}"#) == .invalidMember)
        #expect(keyFault { () throws(KeyFault) in try .secret([]) } == .emptySecret)
    }

    @Test func warnsOfShortSecrets() throws {
        let short = try VerificationKey.secret([UInt8](repeating: 1, count: 31))
        #expect(short.warnings() == [.shortSecret(bytes: 31, algorithm: .hs256)])
        let enough = try VerificationKey.secret([UInt8](repeating: 1, count: 32))
        #expect(enough.warnings().isEmpty)
        // Of the algorithms that are named the longest counts.
        #expect(enough.warnings(named: SignatureAlgorithms(.hs256)).isEmpty)
        #expect(enough.warnings(named: SignatureAlgorithms(.hs384)) == [.shortSecret(bytes: 32, algorithm: .hs384)])
        #expect(enough.warnings(named: .hmac) == [.shortSecret(bytes: 32, algorithm: .hs512)])
        let long = try VerificationKey.secret([UInt8](repeating: 1, count: 32), algorithms: SignatureAlgorithms(.hs512))
        #expect(long.warnings() == [.shortSecret(bytes: 32, algorithm: .hs512)])
        #expect(try VerificationKey.from(Signer.of(.es256)).warnings().isEmpty)
    }

    @Test func readsPEM() throws {
        let certificate = try VerificationKey.pem(Array(PEMTexts.certificate.utf8))
        #expect(certificate.algorithms == SignatureAlgorithms(.es256))
        for (text, expected) in [
            ("", KeyFault.unreadablePEM),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", .unreadablePEM),
            (PEMTexts.ed448, .unsupportedKey), (PEMTexts.secp256k1, .unsupportedKey),
            (String(PEMTexts.certificate.prefix(200)), .unreadablePEM),
        ] {
            #expect(keyFault { () throws(KeyFault) in try .pem(Array(text.utf8)) } == expected)
        }
        #expect(keyFault { () throws(KeyFault) in try .pem(Signer.of(.es256).pem(isPrivate: true)) } == .privateKey)
        #expect(keyFault { () throws(KeyFault) in try .pem(Signer(.rs256, rsaBits: 1_024).pem()) } == .weakRSA)
        #expect(
            keyFault { () throws(KeyFault) in try .pem(Signer.of(.es256).pem(), algorithms: .hmac) }
                == .algorithmMismatch)
    }

    @Test func readsSets() throws {
        func fault(_ text: String, _ change: (inout KeySet.Limits) -> Void = { _ in }) -> KeySet.Fault? {
            var limits = KeySet.Limits()
            change(&limits)
            do throws(KeySet.Fault) {
                _ = try KeySet.parse(Array(text.utf8), origin: .published, limits: limits)
                return nil
            } catch { return error }
        }
        let key = Signer.of(.es256).jwk()
        #expect(fault("{\"keys\":[\(key)]}") == nil)
        #expect(fault(key) == nil)
        #expect(fault("{\"keys\":[\(key)]}") { $0.bytes = 50 } == .tooLarge)
        #expect(fault("{\"keys\":[\(key),\(key),\(key)]}") { $0.keys = 2 } == .tooManyKeys)
        for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}", "<html>", "null"] {
            #expect(fault(text) == .malformed, "\(text)")
        }
        #expect(fault("{\"keys\":[]}") == .noUsableKey)
        #expect(fault("{\"keys\":[{\"kty\":\"x\"}]}") == .noUsableKey)
        let mixed = try KeySet.parse(Array("{\"keys\":[{\"kty\":\"x\"},\(key),7]}".utf8), origin: .published)
        #expect(mixed.keys.count == 1)
        #expect(mixed.omissions.map(\.index) == [0, 2])
    }

    @Test func keepsKeysThatAreStillThere() throws {
        let (one, two, three) = (
            Signer.of(.es256).jwk(kid: "1"), Signer.of(.rs256).jwk(kid: "2"), Signer.of(.edDSA).jwk(kid: "3")
        )
        let old = try keySet(one, two)
        let new = try keySet(two, three).replacing(old)
        #expect(new.keys[0] === old.keys[1])
        #expect(old.keys[0].isRetired)
        #expect(!old.keys[1].isRetired)
        // The same key under another name is another key.
        let renamed = try keySet(Signer.of(.rs256).jwk(kid: "9")).replacing(new)
        #expect(new.keys.allSatisfy { $0.isRetired })
        #expect(renamed.keys.allSatisfy { !$0.isRetired })
    }
}

/// Names that the suite's own functions hide.
enum Gate {
    static func fault(_ token: String, _ keys: KeySet) -> TokenFault? {
        do throws(TokenFault) {
            _ = try verify(token, keys)
            return nil
        } catch { return error }
    }
}
