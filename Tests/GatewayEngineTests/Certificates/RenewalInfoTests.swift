import Testing

@testable import GatewayEngine

/// What an authority says about when to renew, and by which name it is asked (RFC 9773).
@Suite struct RenewalInfoTests {
    @Test func aWindow() throws {
        let text = """
            { "suggestedWindow": { "start": "2025-01-02T04:00:00Z", "end": "2025-01-03T04:00:00Z" },
              "explanationURL": "https://acme.example.com/docs/ari" }
            """
        let info = try #require(ACMERenewalInfo(Array(text.utf8)))
        #expect(info.window == 1_735_790_400..<1_735_876_800)
        #expect(info.explanation == "https://acme.example.com/docs/ari")
    }

    @Test(arguments: [
        "", "[]", "{}", "{ \"suggestedWindow\": 1 }", window("2025-01-02T04:00:00Z", "2025-01-02T04:00:00Z"),
        window("2025-01-03T04:00:00Z", "2025-01-02T04:00:00Z"), window("2025-01-02", "2025-01-03"), window("", ""),
    ])
    func none(text: String) {
        #expect(ACMERenewalInfo(Array(text.utf8)) == nil)
    }

    private static func window(_ start: String, _ end: String) -> String {
        "{ \"suggestedWindow\": { \"start\": \"\(start)\", \"end\": \"\(end)\" } }"
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64?(0)), ("1969-12-31T23:59:59z", -1), ("2000-02-29t12:00:00Z", 951_825_600),
        ("2026-11-21T13:00:00.25Z", 1_795_266_000), ("2026-11-21T15:30:00+02:30", 1_795_266_000),
        ("2026-11-21T05:00:00-08:00", 1_795_266_000), ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("0000-01-01T00:00:00Z", -62_167_219_200), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("2026-02-29T00:00:00Z", nil), ("1900-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil),
        ("2026-00-01T00:00:00Z", nil), ("2026-01-00T00:00:00Z", nil), ("2026-01-01T24:00:00Z", nil),
        ("2026-01-01T00:60:00Z", nil), ("2026-01-01T00:00:61Z", nil), ("2026-01-01T00:00:00", nil),
        ("2026-01-01T00:00:00.Z", nil), ("2026-01-01T00:00:00ZZ", nil), ("2026-01-01 00:00:00Z", nil),
        ("2026-01-01T00:00:00+24:00", nil), ("99999-01-01T00:00:00Z", nil), ("-026-01-01T00:00:00Z", nil), ("", nil),
    ])
    func instants(text: String, seconds: Int64?) {
        #expect(InternetTime.seconds(text) == seconds)
    }

    /// The example of RFC 9773 §4.1.
    @Test func names() {
        let keyID: [UInt8] = [
            0x69, 0x88, 0x5B, 0x6B, 0x87, 0x46, 0x40, 0x41, 0xE1, 0xB3, 0x7B, 0x84, 0x7B, 0xA0, 0xAE, 0x2C, 0xDE, 0x01,
            0xC8, 0xD4,
        ]
        let name = ACMERenewalName.text(keyID: keyID, serial: [0x00, 0x87, 0x65, 0x43, 0x21])
        #expect(name == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
        #expect(ACMERenewalName.text(keyID: [], serial: [1]) == nil)
        #expect(ACMERenewalName.text(keyID: keyID, serial: []) == nil)
    }

    /// The account's key, signed for one URL with the key of the other account.
    @Test func bindings() throws {
        let binding = ACMEBinding(keyID: "kid\"1", secret: [1, 2, 3], jwk: "{\"kty\":\"EC\"}")
        let text = try #require(binding.text(url: "https://ca/account"))
        // {"alg":"HS256","kid":"kid\"1","url":"https://ca/account"} and {"kty":"EC"}
        #expect(
            text.contains(
                "\"protected\":\"eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZFwiMSIsInVybCI6Imh0dHBzOi8vY2EvYWNjb3VudCJ9\""))
        #expect(text.contains("\"payload\":\"eyJrdHkiOiJFQyJ9\""))
        #expect(binding.text(url: "https://ca/other") != text)
        #expect(ACMEBinding(keyID: "a", secret: [], jwk: "{}").text(url: "https://ca/account") == nil)
    }
}
