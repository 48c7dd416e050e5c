import GatehouseTesting
import Testing

@testable import Identity

@Suite struct Base64URLTests {
    @Test(arguments: [
        ("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9vYmE", "fooba"),
        ("Zm9vYmFy", "foobar"), ("_-8", "\u{0}"),
    ]) func readsAndWrites(_ text: String, _ expected: String) {
        let bytes = decoded(Array(text.utf8))
        if text == "_-8" { #expect(bytes == [0xFF, 0xEF]) } else { #expect(bytes == Array(expected.utf8)) }
        #expect(bytes.map { encoded($0) } == text)
    }

    /// Padding, the other alphabet, blanks, lengths that no bytes have, bits that mean nothing.
    @Test(arguments: [
        "Zg==", "Zm8=", "Zg=", "/+8", "Zm9v\n", " Zm9v", "Zm 9v", "Z", "Zm9vY", "Zh", "Zm9", "Zm9vYh", "Zm9vYmF",
        "Zm9*", "Zm9\u{0}", "Zé", "====",
    ]) func refuses(_ text: String) {
        #expect(decoded(Array(text.utf8)) == nil)
    }

    /// Each text that is accepted is the one that its bytes make.
    @Test func hasOneTextForEachValue() {
        var random = SeededRandom()
        let alphabet = Array("ABCDwxyz0189-_=+/".utf8)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            guard let bytes = Base64URL.decode(text.span) else { continue }
            accepted += 1
            #expect(Array(encoded(bytes).utf8) == text, "seed \(random.seed)")
        }
        #expect(accepted > 100)
        for count in 0..<100 {
            let bytes = random.bytes(count)
            #expect(decoded(Array(encoded(bytes).utf8)) == bytes, "seed \(random.seed)")
        }
    }
}
