import JSONStream
import Testing

/// The streaming rewriter against the tree, on random documents and random operations, cut anywhere.
@Suite struct RewriterFuzzTests {
    private static let names = ["a", "b", "c", "d", "key", ""]

    struct Maker {
        var random: Seeded

        mutating func name() -> String { names[random.below(names.count)] }

        /// A name as it may be written.
        mutating func spelled(_ name: String) -> String {
            guard random.chance(6) else { return "\"\(name)\"" }
            let escapes = name.utf8.map { "\\u00" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return "\"" + escapes.joined() + "\""
        }

        mutating func blank() -> String { random.chance(5) ? [" ", "\n", "  \t"][random.below(3)] : "" }

        mutating func value(_ depth: Int) -> String {
            switch random.below(depth > 4 ? 4 : 9) {
            case 0: return ["1", "-0.50", "1e5", "123456789012345678901"][random.below(4)]
            case 1: return ["true", "false", "null"][random.below(3)]
            case 2, 3: return ["\"\"", "\"x, y\"", "\"{]\\\"\"", "\"long text that is not short\""][random.below(4)]
            case 4, 5:
                let elements = (0..<random.below(4)).map { _ in blank() + value(depth + 1) + blank() }
                return "[" + elements.joined(separator: ",") + "]"
            default:
                var members: [String] = []
                var used: Set<String> = []
                for _ in 0..<random.below(6) {
                    let name = name()
                    guard used.insert(name).inserted || random.chance(3) else { continue }
                    members.append("\(blank())\(spelled(name))\(blank()):\(blank())\(value(depth + 1))\(blank())")
                }
                return "{" + members.joined(separator: ",") + "}"
            }
        }

        mutating func steps() -> [TreeRewriter.Step] {
            (0...random.below(3)).map { _ in
                switch random.below(10) {
                case 0: .any
                case 1: .index(random.below(3))
                case 2: .anywhere(name())
                case 3 where random.chance(3): .everything
                default: .name(name())
                }
            }
        }

        mutating func rule() -> TreeRewriter.Rule {
            let isPlain = random.chance(2)
            var steps = isPlain ? [.anywhere(name())] : steps()
            switch random.below(8) {
            case 0, 1, 2: return .init(steps: steps, isPlain: isPlain, action: .remove)
            case 3 where random.chance(2): return .init(steps: steps, isPlain: isPlain, action: .keep)
            case 4:
                let action: TreeRewriter.Action =
                    random.chance(2) ? .set("\"set\"") : .setMade(random.chance(2) ? TreeRewriter.made : nil)
                return .init(steps: steps, isPlain: isPlain, action: action)
            case 5:
                steps[steps.count - 1] = .name(name())
                let action: TreeRewriter.Action =
                    random.chance(2) ? .fill("{\"n\":0}") : .fillMade(random.chance(2) ? TreeRewriter.made : nil)
                return .init(steps: steps, action: action)
            default:
                if !isPlain { steps[steps.count - 1] = .name(name()) }
                return .init(steps: steps, isPlain: isPlain, action: .rename(name()))
            }
        }

        /// Rules that do not contradict each other: their order on one value is not what is tested here.
        mutating func rules() -> [TreeRewriter.Rule] {
            var rules: [TreeRewriter.Rule] = []
            var kinds: Set<String> = []
            for _ in 0...random.below(4) {
                let rule = rule()
                switch rule.action {
                case .set, .fill, .setMade, .fillMade:
                    guard kinds.insert("value").inserted else { continue }
                case .rename(let name):
                    let last = Self.last(rule)
                    guard name != last, kinds.insert("rename " + last).inserted else { continue }
                case .remove, .keep: break
                }
                rules.append(rule)
            }
            return rules
        }

        private static func last(_ rule: TreeRewriter.Rule) -> String {
            switch rule.steps[rule.steps.count - 1] {
            case .name(let name), .anywhere(let name): name
            default: "*"
            }
        }
    }

    @Test("the same as on a tree") func differential() throws {
        var maker = Maker(random: Seeded(walk: 400))
        let input = try JSONDocument(bytes(TreeRewriter.input))
        for round in 0..<2500 {
            let document = bytes(maker.blank() + maker.value(0) + maker.blank())
            let rules = maker.rules()
            let plan = try JSONRewritePlan(rules.map(\.operation), inputs: ["in"])
            #expect(plan.streams)
            let whole = rewrite(document, plan) { _ in input.root }
            let expected = TreeRewriter(rules: rules).rewrite(Tree(document))
            let adds = rules.contains {
                switch $0.action {
                case .set, .fill, .setMade, .fillMade: true
                default: false
                }
            }
            let note = "round \(round), seed \(Seeded.seed), \(rules.map(\.operation)), \(text(document))"
            #expect(whole.error == nil, "\(note)")
            guard whole.error == nil else { return }
            if adds {
                #expect(Tree(whole.output).sorted == expected.sorted, "\(note)")
                if Tree(whole.output).sorted != expected.sorted { return }
            } else {
                #expect(text(minified(whole.output)) == expected.text, "\(note)")
                if text(minified(whole.output)) != expected.text { return }
            }
            let cuts = maker.random.cuts(document.count, count: 1 + maker.random.below(6))
            for cuts in [cuts, maker.random.chance(4) ? Array(0..<document.count) : [document.count / 2]] {
                let pieces = rewrite(document, plan, cuts: cuts) { _ in input.root }
                #expect(
                    pieces.error == nil && minified(pieces.output) == minified(whole.output), "cuts \(cuts), \(note)")
                if minified(pieces.output) != minified(whole.output) { return }
            }
        }
    }

    @Test("what is removed never comes out, whatever follows") func secrecy() throws {
        var maker = Maker(random: Seeded(walk: 401))
        let plan = try JSONRewritePlan([
            .remove("secret"), .rename("a", to: "b"), .remove("$.key[*]"), .default("$.c.d", bytes("1")),
        ])
        for round in 0..<500 {
            let values = (0..<4).map { _ in maker.value(2) }
            let document = """
                {"a":\(values[0]),"secret":"SECRET","c":[{"b":1,"\\u0073ecret":["SECRET",\(values[1])],"a":2}],\
                "key":["SECRET",{"x":"SECRET"}],"d":\(values[2]),"secret" : {"a":"SECRET","b":\(values[3])}}
                """
            var input = bytes(document)
            let hides = !values.contains { $0.contains("\"key\"") }
            let place = maker.random.below(input.count)
            if maker.random.chance(2) {
                // Refused wherever it stands.
                input[place] = 0x01
            } else {
                input.removeSubrange(place...)
            }
            let cuts = maker.random.cuts(input.count, count: maker.random.below(5))
            let result = rewrite(input, plan, cuts: cuts)
            let note = "round \(round), seed \(Seeded.seed), \(result)"
            #expect(result.error != nil, "\(note)")
            #expect(!text(result.output).contains("SECRET") && hides || !hides, "\(note)")
        }
    }
}
