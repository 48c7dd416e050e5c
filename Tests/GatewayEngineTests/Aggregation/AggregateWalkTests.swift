import Testing

@testable import GatewayEngine

/// Random aggregates over random services, answered in a random order, against an evaluator that knows nothing of order,
/// sharing or streams: it asks for each part when it needs it, one after the other.
@Suite struct AggregateWalkTests {
    /// What services answer with, and what parts come to.
    indirect enum Value: Equatable {
        case number(Int)
        case array([Value])
        case object([(name: String, value: Value)])
        case null

        static func == (one: Value, other: Value) -> Bool { one.text == other.text }

        var text: String {
            switch self {
            case .number(let number): "\(number)"
            case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
            case .object(let members):
                "{" + members.map { "\"\($0.name)\":\($0.value.text)" }.joined(separator: ",") + "}"
            case .null: "null"
            }
        }

        subscript(name: String) -> Value? {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.name == name }?.value
        }

        /// As it stands in a path; nil: it is missing.
        var words: String? {
            switch self {
            case .number(let number): return "\(number)"
            case .array(let elements):
                let words = elements.compactMap { if case .number(let number) = $0 { "\(number)" } else { nil } }
                return words.isEmpty ? nil : words.joined(separator: ",")
            case .object, .null: return nil
            }
        }
    }

    struct Part {
        enum Fallback: CaseIterable { case fail, omit, null, value, pass }
        enum Pick: String, CaseIterable {
            case all = "$"
            case v = "$.v"
            case list = "$.list"
            case each = "$.list[*]"
        }

        /// A part, and a member of its value; nil: the value itself.
        typealias Reference = (part: Int, member: String?)

        var name: String
        var inPath: Reference?
        var inQuery: Reference?
        var each: Reference?
        var pick = Pick.all
        var fallback = Fallback.fail
        var concurrency = 1
        static let maxItems = 3

        var yaml: String {
            func text(_ reference: Reference, _ open: String, _ close: String) -> String {
                "\(open)p\(reference.part)\(reference.member.map { ".\($0)" } ?? "")\(close)"
            }
            var path = "/\(name)"
            if let inPath { path += "/" + text(inPath, "{", "}") }
            if each != nil { path += "/{item}" }
            var keys = ["service: users", "path: \"\(path)\""]
            if let inQuery { keys.append("query: { q: \"\(text(inQuery, "{", "}"))\" }") }
            if let each {
                keys.append("each: \"\(text(each, "$", ""))\"")
                keys.append("concurrency: \(concurrency), max_items: \(Self.maxItems)")
            }
            if pick != .all { keys.append("pick: \"\(pick.rawValue)\"") }
            keys.append("on_error: \(fallback == .value ? "{ value: { v: 9, list: [ 8 ] } }" : "\(fallback)")")
            return "  \(name): { \(keys.joined(separator: ", ")) }"
        }
    }

    /// A service that always says the same to the same call.
    static func answer(_ target: String, _ salt: UInt64) -> (value: Value?, outcome: PartOutcome) {
        var hash = salt
        for byte in target.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 29
        switch hash % 20 {
        case 0: return (nil, .failure(.upstreamTimeout))
        case 1: return (nil, .json("{}", status: 500))
        case 2: return (nil, .json("{\"v\":"))
        default:
            let list = (0..<Int(hash >> 8 % 5)).map { place -> Value in
                place == 2 ? .object([]) : .number(Int(hash >> 16 % 7) + place % 2)
            }
            var members: [(name: String, value: Value)] = [("list", .array(list))]
            if hash % 3 > 0 { members.append(("v", .number(Int(hash >> 24 % 100)))) }
            let value = Value.object(members)
            return (value, .json(value.text))
        }
    }

    // MARK: The plain evaluator

    struct Naive {
        enum Outcome {
            case value(Value)
            case nothing
        }
        /// A needed part has failed, here or below.
        struct Stop: Error {}

        let parts: [Part]
        let salt: UInt64
        var known: [Int: Outcome] = [:]
        var failed: Set<Int> = []
        var needed: Set<Int> = []

        mutating func value(_ index: Int) throws -> Value? {
            if needed.contains(index) { throw Stop() }
            if let outcome = known[index] { if case .value(let value) = outcome { return value } else { return nil } }
            // Whatever it refers to comes first, and may end it all.
            let part = parts[index]
            for reference in [part.inPath, part.inQuery, part.each].compactMap({ $0 }) { _ = try value(reference.part) }
            let value = try evaluate(index)
            known[index] = value.map(Outcome.value) ?? .nothing
            return value
        }

        private mutating func find(_ reference: Part.Reference) throws -> Value? {
            let value = try value(reference.part)
            guard let member = reference.member else { return value }
            return value?[member]
        }

        private mutating func evaluate(_ index: Int) throws -> Value? {
            let part = parts[index]
            guard let each = part.each else { return try call(index, item: nil) }
            guard let found = try find(each) else { return nil }
            var items = [found]
            if case .array(let elements) = found { items = elements }
            if items.count > Part.maxItems { return try fallback(index) }
            return .array(try items.compactMap { try call(index, item: $0) })
        }

        private mutating func call(_ index: Int, item: Value?) throws -> Value? {
            let part = parts[index]
            var target = "/\(part.name)"
            if let inPath = part.inPath {
                guard let words = try find(inPath)?.words else { return try fallback(index) }
                target += "/\(words)"
            }
            if let item {
                guard let words = item.words else { return try fallback(index) }
                target += "/\(words)"
            }
            if let inQuery = part.inQuery, let words = try find(inQuery)?.words { target += "?q=\(words)" }
            guard let value = AggregateWalkTests.answer(target, salt).value else { return try fallback(index) }
            switch part.pick {
            case .all: return value
            case .v: return value["v"]
            case .list: return value["list"]
            case .each:
                guard case .array(let elements) = value["list"], !elements.isEmpty else { return nil }
                return .array(elements)
            }
        }

        private mutating func fallback(_ index: Int) throws -> Value? {
            failed.insert(index)
            switch parts[index].fallback {
            case .fail, .pass:
                needed.insert(index)
                throw Stop()
            case .omit: return nil
            case .null: return .null
            case .value: return .object([("v", .number(9)), ("list", .array([.number(8)]))])
            }
        }
    }

    static func parts(_ walk: inout Walk) -> [Part] {
        let count = Int.random(in: 1...6, using: &walk)
        // Who may refer to whom: a shuffled order, so that references go up and down the file.
        let order = Array(0..<count).shuffled(using: &walk)
        var parts = (0..<count).map { Part(name: "p\($0)") }
        for (place, index) in order.enumerated() {
            func reference(_ members: [String?]) -> Part.Reference? {
                guard place > 0, Bool.random(using: &walk) else { return nil }
                return (order[Int.random(in: 0..<place, using: &walk)], members.randomElement(using: &walk) ?? nil)
            }
            parts[index].inPath = reference([nil, "v", "v", "list"])
            parts[index].inQuery = reference([nil, "v", "list"])
            parts[index].each = reference([nil, "list", "list"])
            parts[index].pick = Part.Pick.allCases.randomElement(using: &walk) ?? .all
            // Mostly such that an answer comes out.
            let soft: [Part.Fallback] = [.omit, .null, .value, .omit, .null, .value, .fail, .pass]
            parts[index].fallback = soft.randomElement(using: &walk) ?? .omit
            parts[index].concurrency = Int.random(in: 1...3, using: &walk)
        }
        return parts
    }

    @Test func randomPlans() throws {
        var walk = Walk()
        let seed = walk.seed
        var answered = 0
        for round in 0..<400 {
            let parts = Self.parts(&walk)
            let salt = walk.next()
            let text = "parts:\n" + parts.map(\.yaml).joined(separator: "\n")
            let comment: Comment = "round \(round), replay with GATEHOUSE_SEED=\(seed)\n\(text)"

            var naive = Naive(parts: parts, salt: salt)
            for index in parts.indices { _ = try? naive.value(index) }

            let machine = AggregateMachine(try Aggregates.compile(text), try Aggregates.request(), limit: 1 << 20)
            var open = machine.start()
            while !open.isEmpty {
                let call = open.remove(at: Int.random(in: 0..<open.count, using: &walk))
                let target = String(decoding: machine.request(of: call).target, as: UTF8.self)
                open += machine.answered(call, Self.answer(target, salt).outcome)
            }
            switch machine.result {
            case .answer(let body):
                answered += 1
                var members: [(name: String, value: Value)] = []
                for index in parts.indices {
                    if case .value(let value) = naive.known[index] { members.append((parts[index].name, value)) }
                }
                #expect(naive.needed.isEmpty, comment)
                #expect(String(decoding: body, as: UTF8.self) == Value.object(members).text, comment)
                #expect(machine.failedNames == naive.failed.sorted().map { parts[$0].name }, comment)
            case .failed(let part, _): #expect(part.map(naive.needed.contains) == true, comment)
            case .passed(let part, _): #expect(naive.needed.contains(part), comment)
            case nil: Issue.record("no result: \(comment)")
            }
        }
        #expect(answered > 40)
    }
}
