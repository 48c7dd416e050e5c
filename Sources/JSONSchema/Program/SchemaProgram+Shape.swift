internal import JSONStream

/// What kinds of values a schema lets in, as far as that can be told without one: for those who must make a value of a
/// text before they can ask about it.
extension SchemaProgram {
    package struct ValueKinds: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let null = ValueKinds(rawValue: 1)
        package static let boolean = ValueKinds(rawValue: 2)
        package static let object = ValueKinds(rawValue: 4)
        package static let array = ValueKinds(rawValue: 8)
        package static let number = ValueKinds(rawValue: 16)
        package static let string = ValueKinds(rawValue: 32)
        /// The schema says nothing about it.
        package static let all: ValueKinds = [.null, .boolean, .object, .array, .number, .string]
    }

    /// Steps along references; what is behind more is not looked at.
    private static let depth = 16

    package func kinds(of schema: SchemaID) -> ValueKinds { kinds(schema.index, Self.depth) }

    private func instructions(_ schema: Int32) -> ArraySlice<Instruction> {
        let node = tables.nodes[Int(schema)]
        return tables.instructions[Int(node.start)..<Int(node.end)]
    }

    private func list(_ list: SchemaList) -> ArraySlice<Int32> {
        tables.lists[Int(list.start)..<Int(list.start + list.count)]
    }

    private func kinds(_ schema: Int32, _ depth: Int) -> ValueKinds {
        var kinds = ValueKinds.all
        guard depth > 0 else { return kinds }
        for instruction in instructions(schema) {
            switch instruction {
            case .type(let types):
                var named = ValueKinds(rawValue: types.rawValue & ValueKinds.all.rawValue)
                if types.contains(.integer) { named.insert(.number) }
                kinds.formIntersection(named)
            case .constant(let place): kinds.formIntersection(Self.kind(of: tables.constants[Int(place)]))
            case .enumeration(let place):
                let values = tables.enumerations[Int(place)].values
                kinds.formIntersection(values.reduce(into: []) { $0.formUnion(Self.kind(of: $1)) })
            case .call(let target): kinds.formIntersection(self.kinds(target, depth - 1))
            case .all(let all):
                for target in list(all) { kinds.formIntersection(self.kinds(target, depth - 1)) }
            case .any(let some), .one(let some):
                kinds.formIntersection(list(some).reduce(into: []) { $0.formUnion(self.kinds($1, depth - 1)) })
            default: break
            }
        }
        return kinds
    }

    private static func kind(of value: PlacedValue) -> ValueKinds {
        switch value.entry.kind {
        case .objectStart: .object
        case .arrayStart: .array
        case .string: .string
        case .number: .number
        case .true, .false: .boolean
        case .null: .null
        case .objectEnd, .arrayEnd, .key, .needMore, .end, .failed: []
        }
    }

    /// The schema of an array's elements; nil: none is found.
    package func elements(of schema: SchemaID) -> SchemaID? {
        find(schema.index, Self.depth) { instruction in
            guard case .array(let prefix, let rest) = instruction else { return nil }
            return rest >= 0 ? rest : list(prefix).first
        }
    }

    /// The schema of an object's member; nil: none is found.
    package func member(_ name: [UInt8], of schema: SchemaID) -> SchemaID? {
        find(schema.index, Self.depth) { instruction in
            guard case .object(let place) = instruction else { return nil }
            let rules = tables.objects[Int(place)]
            let slot = rules.names.find(name.span, 0, name.count)
            if slot >= 0, rules.slots[slot].schema >= 0 { return rules.slots[slot].schema }
            return rules.additional >= 0 ? rules.additional : nil
        }
    }

    /// The names that an object's schema lists.
    package func memberNames(of schema: SchemaID) -> [String] {
        var names: [String] = []
        _ = find(schema.index, Self.depth) { instruction in
            if case .object(let place) = instruction { names += tables.objects[Int(place)].slots.map(\.name) }
            return nil
        }
        return names
    }

    private func find(_ schema: Int32, _ depth: Int, _ take: (Instruction) -> Int32?) -> SchemaID? {
        guard depth > 0 else { return nil }
        for instruction in instructions(schema) {
            if let found = take(instruction) { return SchemaID(index: found) }
            switch instruction {
            case .call(let target):
                if let found = find(target, depth - 1, take) { return found }
            case .all(let targets), .any(let targets), .one(let targets):
                for target in list(targets) {
                    if let found = find(target, depth - 1, take) { return found }
                }
            default: break
            }
        }
        return nil
    }
}
