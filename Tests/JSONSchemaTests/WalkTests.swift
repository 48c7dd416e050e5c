import Foundation
import JSONSchema
import JSONStream
import Testing

/// Random schemas and values: the compiled program against the naive validator.
@Suite struct WalkTests {
    struct Source: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = (state ^ state &>> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word &>> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word &>> 31
        }
        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    }

    static let names = ["a", "b", "c", "\\u0064"]

    static func value(_ source: inout Source, _ depth: Int) -> Tree {
        switch source.below(depth > 0 ? 7 : 4) {
        case 0: .null
        case 1: .bool(source.below(2) == 0)
        case 2: .number(source.below(7) - 2)
        case 3: .string(["", "x", "xy", "\u{e9}", "\u{1F600}\u{1F600}"][source.below(5)])
        case 4: .array((0..<source.below(4)).map { _ in value(&source, depth - 1) })
        default:
            .object(
                Dictionary(
                    (0..<source.below(4)).map { _ in
                        (["a", "b", "c", "d"][source.below(4)], value(&source, depth - 1))
                    },
                    uniquingKeysWith: { first, _ in first }))
        }
    }

    static func schema(_ source: inout Source, _ depth: Int) -> Tree {
        if depth == 0 || source.below(8) == 0 { return .bool(source.below(4) > 0) }
        var keywords: [String: Tree] = [:]
        func name(_ source: inout Source) -> Tree { .string(["a", "b", "c", "d"][source.below(4)]) }
        func list(_ source: inout Source) -> Tree {
            .array((0..<1 + source.below(3)).map { _ in schema(&source, depth - 1) })
        }
        for _ in 0..<1 + source.below(3) {
            switch source.below(24) {
            case 0:
                keywords["type"] = .string(
                    ["null", "boolean", "integer", "string", "array", "object"][source.below(6)])
            case 1: keywords["enum"] = .array((0..<1 + source.below(12)).map { _ in value(&source, 1) })
            case 2: keywords["const"] = value(&source, 1)
            case 3: keywords["allOf"] = list(&source)
            case 4: keywords["anyOf"] = list(&source)
            case 5: keywords["oneOf"] = list(&source)
            case 6: keywords["not"] = schema(&source, depth - 1)
            case 7:
                keywords["if"] = schema(&source, depth - 1)
                if source.below(2) == 0 { keywords["then"] = schema(&source, depth - 1) }
                if source.below(2) == 0 { keywords["else"] = schema(&source, depth - 1) }
            case 8: keywords["minimum"] = .number(source.below(5) - 2)
            case 9: keywords["exclusiveMaximum"] = .number(source.below(5))
            case 10: keywords["multipleOf"] = .number(1 + source.below(3))
            case 11: keywords["minLength"] = .number(source.below(3))
            case 12: keywords["maxLength"] = .number(source.below(3))
            case 13, 14:
                keywords["properties"] = .object([
                    "a": schema(&source, depth - 1), "d": schema(&source, depth - 1),
                ])
            case 15: keywords["additionalProperties"] = schema(&source, depth - 1)
            case 16: keywords["required"] = .array([name(&source)])
            case 17: keywords["dependentRequired"] = .object(["a": .array([name(&source)])])
            case 18: keywords["unevaluatedProperties"] = schema(&source, depth - 1)
            case 19: keywords["prefixItems"] = list(&source)
            case 20: keywords["items"] = schema(&source, depth - 1)
            case 21: keywords["contains"] = schema(&source, depth - 1)
            case 22:
                keywords[source.below(2) == 0 ? "uniqueItems" : "unevaluatedItems"] = .bool(true)
                if source.below(2) == 0 { keywords["unevaluatedItems"] = schema(&source, depth - 1) }
            default: keywords["$ref"] = .string("#/$defs/\(["one", "two"][source.below(2)])")
            }
        }
        return .object(keywords)
    }

    @Test func theProgramSaysWhatTheNaiveOneSays() throws {
        let seed = ProcessInfo.processInfo.environment["GATEHOUSE_SEED"].flatMap(UInt64.init) ?? .random(in: 0 ... .max)
        var source = Source(state: seed)
        let validator = SchemaValidator()
        var counts = [false: 0, true: 0]
        for _ in 0..<1_500 {
            guard case .object(var keywords) = Self.schema(&source, 3) else { continue }
            // What is referred to refers to nothing, so that nothing goes round.
            keywords["$defs"] = .object(["one": Self.leaf(&source), "two": Self.leaf(&source)])
            let root = Tree.object(keywords)
            let naive = NaiveValidator(root: root)
            let document = try JSONDocument(Array(root.text.utf8))
            var compiler = SchemaCompiler()
            let number = compiler.add(document, uri: "walk.json")
            let id = compiler.compile(document.root, in: number)
            let program = try compiler.finish()
            for _ in 0..<12 {
                let value = Self.value(&source, 3)
                let expected = naive.evaluate(root, value) != nil
                counts[expected, default: 0] += 1
                let text = value.text.replacing("\"d\":", with: "\"\\u0064\":")
                let verdict = validator.validate(
                    try JSONDocument(Array(text.utf8)), by: id, of: program, errors: 3)
                #expect(
                    verdict.isValid == expected && verdict.errors.isEmpty == expected,
                    "GATEHOUSE_SEED=\(seed): \(root.text) asked about \(text)")
                if verdict.isValid != expected { return }
            }
        }
        #expect(counts[true, default: 0] > 500 && counts[false, default: 0] > 500)
    }

    private static func leaf(_ source: inout Source) -> Tree {
        while true {
            let schema = schema(&source, 2)
            if !schema.text.contains("$ref") { return schema }
        }
    }
}
