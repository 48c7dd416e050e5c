import HTTPWire
import Testing

@testable import GatewayEngine

/// What is said of how long an answer holds: no more than the weakest of its parts.
@Suite struct PartFreshnessTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var parts: [String]
        var expected: String?
        var hasFailed = false
        var isPersonal = false
        var testDescription: String { parts.joined(separator: " | ") }

        init(_ parts: [String], _ expected: String?, failed: Bool = false, personal: Bool = false) {
            (self.parts, self.expected, hasFailed, isPersonal) = (parts, expected, failed, personal)
        }
    }

    static let cases = [
        Case(["", ""], nil),
        Case(["Cache-Control: max-age=60", "Cache-Control: max-age=10"], "max-age=10"),
        Case(["Cache-Control: public, max-age=60", "Cache-Control: PUBLIC , max-age=\"10\""], "public, max-age=10"),
        Case(["Cache-Control: public, max-age=60", "Cache-Control: max-age=10"], "max-age=10"),
        Case(["Cache-Control: max-age=60", ""], "no-cache"),
        Case(["Cache-Control: private", "Cache-Control: max-age=10"], "private"),
        Case(["Cache-Control: private, max-age=5", "Cache-Control: max-age=10"], "private, max-age=5"),
        Case(["Cache-Control: no-store", "Cache-Control: max-age=10"], "no-store"),
        Case(["Cache-Control: no-cache", "Cache-Control: max-age=10"], "no-cache"),
        Case(["Cache-Control: max-age=60\nAge: 45", "Cache-Control: max-age=20"], "max-age=15"),
        Case(["Cache-Control: max-age=60\nAge: 100", "Cache-Control: max-age=20"], "max-age=0"),
        Case(["Cache-Control: max-age=x", "Cache-Control: max-age=20"], "max-age=0"),
        Case(["Cache-Control: max-age=60, s-maxage=5", "Cache-Control: max-age=20"], "max-age=20, s-maxage=5"),
        Case(
            ["Cache-Control: max-age=60", "Cache-Control: max-age=30, must-revalidate"], "max-age=30, must-revalidate"),
        Case(["Cache-Control: max-age=60\nCache-Control: private"], "private, max-age=60"),
        Case(["Cache-Control: public, s-maxage=60"], "private", personal: true),
        Case(["Cache-Control: max-age=60"], "no-store", failed: true),
        Case([""], "no-store", failed: true),
        Case([""], nil, personal: true),
    ]

    @Test(arguments: cases)
    func theWeakest(_ example: Case) {
        let parts = example.parts.map { PartFreshness(Self.block($0)) }
        let control = PartFreshness.weakest(
            parts, hasFailed: example.hasFailed, isPersonal: example.isPersonal)
        #expect(control.map { String(decoding: $0, as: UTF8.self) } == example.expected)
    }

    @Test func varyIsKept() {
        let part = PartFreshness(Self.block("Vary: Accept, X-Tenant\nVary: *"))
        #expect(part.vary.map { String(decoding: $0, as: UTF8.self) } == ["accept", "x-tenant", "*"])
        #expect(!part.isStated)
    }

    private static func block(_ text: String) -> HeaderBlock {
        let block = HeaderBlock()
        for line in text.split(separator: "\n") {
            let halves = line.split(separator: ":", maxSplits: 1)
            let name = Array(halves[0].utf8)
            let value = Array(halves[1].drop { $0 == " " }.utf8)
            block.append(name: name.span, value: value.span)
        }
        return block
    }
}
