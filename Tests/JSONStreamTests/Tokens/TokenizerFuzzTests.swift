import JSONStream
import Testing

/// Random documents and what mutations make of them.
@Suite struct TokenizerFuzzTests {
    private static let pieces: [[UInt8]] = [
        bytes("\""), bytes("\\"), bytes("\\u"), bytes("\\ud800"), bytes("\\udc00"), bytes(","), bytes(":"), bytes("{"),
        bytes("}"), bytes("["), bytes("]"), bytes("0"), bytes("-"), bytes("1e"), bytes("."), bytes("true"),
        bytes("nul"),
        bytes(" "), bytes("\n"), [0x00], [0x1F], [0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90],
        [0xEF, 0xBB, 0xBF],
    ]

    @Test("no outcome depends on cuts, and the index and the rewriter take the same documents") func mutations() throws
    {
        var maker = RewriterFuzzTests.Maker(random: Seeded(walk: 402))
        let limits = JSONLimits(depth: 12, size: 400)
        let nothing = try JSONRewritePlan([])
        var accepted = 0
        for round in 0..<3000 {
            var input = bytes(maker.blank() + maker.value(0) + maker.blank())
            for _ in 0..<maker.random.below(3) {
                let place = maker.random.below(input.count + 1)
                switch maker.random.below(4) {
                case 0 where place < input.count: input[place] = UInt8(maker.random.below(256))
                case 1 where place < input.count: input.remove(at: place)
                default: input.insert(contentsOf: Self.pieces[maker.random.below(Self.pieces.count)], at: place)
                }
            }
            let note = "round \(round), seed \(Seeded.seed), \(input)"
            let whole = read(input, limits: limits)
            if whole.error == nil { accepted += 1 }
            let cuts = maker.random.cuts(input.count, count: 1 + maker.random.below(6))
            #expect(read(input, cuts: cuts, limits: limits) == whole, "cuts \(cuts), \(note)")
            #expect(read(input, cuts: Array(0..<input.count), limits: limits) == whole, "byte by byte, \(note)")
            do {
                let document = try JSONDocument(input, limits: limits, duplicates: .keep)
                #expect(
                    whole.error == nil && text(minified(Array(document.root.text))) == text(minified(input)), "\(note)")
            } catch {
                #expect(whole.error == error, "\(note)")
            }
            let rewritten = rewrite(input, nothing, cuts: cuts, limits: limits)
            #expect(rewritten.error == whole.error, "\(note)")
            if whole.error == nil { #expect(minified(rewritten.output) == minified(input), "\(note)") }
        }
        // Both outcomes are seen.
        #expect(accepted > 300 && accepted < 2900)
    }

    @Test("escapes mean what they say, however strings are compared") func strings() throws {
        var random = Seeded(walk: 403)
        let scalars: [Unicode.Scalar] = [
            "a", "\"", "\\", "/", "\n", "\u{08}", "\u{00}", "é", "中", "😀", "\u{FFFF}", "\u{7F}",
        ]
        for round in 0..<1000 {
            var meaning = ""
            var raw = "\""
            for _ in 0..<random.below(6) {
                let scalar = scalars[random.below(scalars.count)]
                meaning.unicodeScalars.append(scalar)
                if random.chance(2) || scalar.value < 0x20 || scalar == "\"" || scalar == "\\" {
                    for unit in String(scalar).utf16 {
                        let digits = String(unit, radix: 16, uppercase: random.chance(2))
                        raw += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }
                } else {
                    raw.unicodeScalars.append(scalar)
                }
            }
            let root = try JSONDocument(bytes("{\(raw + "\""):1}")).root
            let note = "round \(round), seed \(Seeded.seed), \(raw)"
            #expect(root.members.first { _ in true }?.name == meaning, "\(note)")
            #expect(root.member(meaning)?.int64 == 1, "\(note)")
            #expect(root.member(meaning + "x") == nil, "\(note)")
            #expect(try JSONDocument(JSONText.quoted(meaning)).root.string == meaning, "\(note)")
            #expect(throws: JSONError.self, "\(note)") {
                _ = try JSONDocument(bytes("{\(raw + "\""):1,\(text(JSONText.quoted(meaning))):2}"))
            }
        }
    }
}
