import Testing

@testable import Identity

/// The examples of the RFCs that are not plain signed tokens (those are in `PublishedToken.all`): what of them is refused,
/// and why, and what their claims say.
@Suite struct StandardsTests {
    private static let shared = PublishedToken.all.first { $0.source == "RFC 7515 A.1" }!
    private func keys(_ source: String) throws -> KeySet {
        let example = try #require(PublishedToken.all.first { $0.source == source })
        return try KeySet.parse(Array(example.key.utf8), origin: .configured)
    }

    /// RFC 7519 §3.1: the same token as RFC 7515 A.1, with the claims that it has.
    @Test func aWholeTokenOfTheStandard() throws {
        let keys = try keys("RFC 7515 A.1")
        var rules = IssuerRules()
        rules.issuer = Array("joe".utf8)
        rules.headerClaims = [ClaimPath("http://example.com/is_root")]
        let token = try verify(Self.shared.token, keys, rules, at: 1_300_819_379)
        #expect(token.expiry == 1_300_819_380)
        #expect(token.headerTexts == [Array("true".utf8)])
        #expect(fault(Self.shared.token, keys, rules, at: 1_300_819_380 + 59) == nil)
        #expect(fault(Self.shared.token, keys, rules, at: 1_300_819_380 + 60) == .expired)
        rules.audiences = [Array("api".utf8)]
        #expect(fault(Self.shared.token, keys, rules, at: 1_300_819_379) == .wrongAudience)
        rules.issuer = Array("Joe".utf8)
        #expect(fault(Self.shared.token, keys, rules, at: 1_300_819_379) == .unknownIssuer)
    }

    /// RFC 7519 §6.1 and RFC 7515 A.5: unsecured, and with a signature put behind it.
    @Test func unsecuredTokens() throws {
        let keys = try keys("RFC 7515 A.1")
        let unsecured =
            "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
            + "cnVlfQ."
        #expect(fault(unsecured, keys, IssuerRules(), at: 1_300_819_379) == .notCompact)
        let signature = try #require(Self.shared.token.split(separator: ".").last)
        #expect(fault(unsecured + signature, keys, IssuerRules(), at: 1_300_819_379) == .unknownAlgorithm)
    }

    /// RFC 7515 appendix E, and the same with an algorithm that there is: what must be understood and is not.
    @Test(arguments: ["none", "HS256"]) func whatMustBeUnderstood(_ algorithm: String) throws {
        let header = """
            {"alg":"\(algorithm)",\r\n "crit":["http://example.com/UNDEFINED"],\r\n "http://example.com/UNDEFINED":true\r\n}
            """
        let token = encoded(header) + "." + encoded("FAIL") + ".AAAA"
        #expect(fault(token, try keys("RFC 7515 A.1")) == .unsupportedCritical)
    }

    /// RFC 7797 §4.1 and §4.2: an unencoded payload, detached, and RFC 7520 §4.5: a detached one.
    @Test func detachedAndUnencodedPayloads() throws {
        let keys = try keys("RFC 7515 A.1")
        #expect(
            fault(
                "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY",
                keys)
                == .unsupportedCritical)
        let example = try #require(PublishedToken.all.first { $0.source == "RFC 7520 4.4" })
        let parts = example.token.split(separator: ".")
        let own = try KeySet.parse(Array(example.key.utf8), origin: .configured)
        #expect(throws: TokenFault.badSignature) { try signer(of: "\(parts[0])..\(parts[2])", among: own) }
        #expect(fault("\(parts[0])..\(parts[2])", own) == .badPayload)
    }

    /// RFC 7520 §4.6 protects only the algorithm: as a token of its own it has the signature that stands there.
    @Test func aHeaderThatSaysOnlyTheAlgorithm() throws {
        let example = try #require(PublishedToken.all.first { $0.source == "RFC 7520 4.4" })
        let keys = try KeySet.parse(Array(example.key.utf8), origin: .configured)
        let payload = try #require(example.token.split(separator: ".").dropFirst().first)
        let token = "eyJhbGciOiJIUzI1NiJ9.\(payload).bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20"
        #expect(try signer(of: token, among: keys) === keys.keys[0])
    }

    /// RFC 7515 A.6 and A.7, RFC 7520 §4.6 to §4.8: the JSON serialisations are not for tokens (RFC 7519 §1).
    @Test(arguments: [
        #"{"payload":"eyJpc3MiOiJqb2UifQ","protected":"eyJhbGciOiJIUzI1NiJ9","signature":"AAAA"}"#,
        #"{"payload":"eyJpc3MiOiJqb2UifQ","signatures":[{"protected":"eyJhbGciOiJIUzI1NiJ9","signature":"AAAA"}]}"#,
    ])
    func otherSerialisations(_ text: String) throws {
        #expect(fault(text, try keys("RFC 7515 A.1")) == .notCompact)
    }

    /// RFC 7519 A.1 and A.2: encrypted tokens have five parts.
    @Test func encryptedTokens() throws {
        let token =
            "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.QR1Owv2ug2WyPBnbQrRARTeEk9kDO2w8qDcjiHnSJflSdv1iNqhWXaKH4MqAkQtM.AxY8DCtDaGlsbGljb3RoZQ.MKOle7UQrG6nSxTLX6Mqwt0orbHvAKeWnDYvpIAeZ72deHxz3roJDXQyhxx0wKaMHDjUEOKIwrtkHthpqEanSBNYHZgmNOV7sln1Eu9g3J8.fiK51VwhsxJ-siBMR-YFiA"
        #expect(fault(token, try keys("RFC 7515 A.1")) == .notCompact)
    }
}
