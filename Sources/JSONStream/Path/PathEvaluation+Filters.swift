/// Conditions, values and how they compare (RFC 9535 §2.3.5.2.2).
extension PathEvaluation {
    /// A value in a comparison.
    private enum Value {
        case nothing
        case node(JSONNode)
        case string([UInt8])
        case number(integer: Int64?, Double)
        case bool(Bool)
        case null
    }

    mutating func holds(_ filter: PathFilter, _ current: Int) throws(JSONPathTooCostly) -> Bool {
        try spend()
        switch filter {
        case .or(let parts):
            for part in parts where try holds(part, current) { return true }
            return false
        case .and(let parts):
            for part in parts {
                guard try holds(part, current) else { return false }
            }
            return true
        case .not(let part): return try !holds(part, current)
        case .exists(let query): return try !nodes(query, current).isEmpty
        case .compare(let left, let comparison, let right):
            return try compare(try value(left, current), comparison, try value(right, current))
        case .matches(let subject, let pattern, let isSearch):
            guard case .string(let text) = try value(subject, current) else { return false }
            try spend(text.count)
            let expression: IRegexp?
            switch pattern {
            case .fixed(let fixed): expression = fixed
            case .computed(let operand):
                guard case .string(let source) = try value(operand, current) else { return false }
                expression = try? IRegexp(source)
                // What compiling costs at most, which is not known of one that cannot be.
                try spend(expression?.size ?? IRegexp.largest)
            }
            guard let expression else { return false }
            // A step of the expression's machine for each state and character at most, each cheaper than a value.
            try spend(text.count * expression.size / 64)
            return isSearch ? expression.search(text.span) : expression.match(text.span)
        }
    }

    private mutating func nodes(_ query: PathQuery, _ current: Int) throws(JSONPathTooCostly) -> [Int] {
        try select(query.segments, from: query.isRelative ? current : root)
    }

    private mutating func value(_ operand: PathOperand, _ current: Int) throws(JSONPathTooCostly) -> Value {
        switch operand {
        case .string(let bytes): return .string(bytes)
        case .number(let integer, let double): return .number(integer: integer, double)
        case .bool(let bool): return .bool(bool)
        case .null: return .null
        case .query(let query), .value(let query):
            let found = try nodes(query, current)
            return found.count == 1 ? Self.value(of: node(found[0])) : .nothing
        case .count(let query): return Self.number(try nodes(query, current).count)
        case .length(let operand):
            switch try value(operand, current) {
            case .string(let bytes):
                try spend(bytes.count)
                // Characters, not bytes: each has one byte that does not continue another.
                return Self.number(bytes.reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 })
            case .node(let node): return Self.number(node.count)
            case .nothing, .number, .bool, .null: return .nothing
            }
        }
    }

    private static func number(_ count: Int) -> Value { .number(integer: Int64(count), Double(count)) }

    /// The nearest number; what is too large for one counts as infinite.
    static func double(of node: JSONNode) -> Double {
        node.double ?? (node.text.first == UInt8(ascii: "-") ? -.infinity : .infinity)
    }

    /// Scalars as what they mean; objects and arrays as they stand.
    private static func value(of node: JSONNode) -> Value {
        switch node.kind {
        case .string: .string(node.stringBytes ?? [])
        case .number: .number(integer: node.int64, double(of: node))
        case .true: .bool(true)
        case .false: .bool(false)
        case .null: .null
        default: .node(node)
        }
    }

    private mutating func compare(
        _ left: Value, _ comparison: PathComparison, _ right: Value
    ) throws(JSONPathTooCostly) -> Bool {
        switch comparison {
        case .equal: return try equal(left, right)
        case .notEqual: return try !equal(left, right)
        case .less: return Self.less(left, right)
        case .greater: return Self.less(right, left)
        case .lessOrEqual: return Self.less(left, right) ? true : try equal(left, right)
        case .greaterOrEqual: return Self.less(right, left) ? true : try equal(left, right)
        }
    }

    /// Only numbers and strings have an order; that of strings is the one of their characters, which is that of UTF-8.
    private static func less(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.number(let one?, _), .number(let other?, _)): one < other
        case (.number(_, let one), .number(_, let other)): one < other
        case (.string(let one), .string(let other)): one.lexicographicallyPrecedes(other)
        default: false
        }
    }

    private mutating func equal(_ left: Value, _ right: Value) throws(JSONPathTooCostly) -> Bool {
        try spend()
        switch (left, right) {
        case (.nothing, .nothing), (.null, .null): return true
        case (.bool(let one), .bool(let other)): return one == other
        case (.string(let one), .string(let other)): return one == other
        case (.number(let one?, _), .number(let other?, _)): return one == other
        case (.number(_, let one), .number(_, let other)): return one == other
        case (.node(let one), .node(let other)): return try equal(one, other)
        default: return false
        }
    }

    /// Arrays element by element, objects member by member in any order. The depth of a document is limited, and so is
    /// that of this recursion.
    private mutating func equal(_ left: JSONNode, _ right: JSONNode) throws(JSONPathTooCostly) -> Bool {
        guard left.kind == right.kind, left.count == right.count else { return false }
        if left.isArray {
            for (one, other) in zip(left.elements, right.elements) {
                guard try equal(Self.value(of: one), Self.value(of: other)) else { return false }
            }
            return true
        }
        for member in left.members {
            try spend(left.count)
            guard let other = right.member(member.nameBytes) else { return false }
            guard try equal(Self.value(of: member.value), Self.value(of: other)) else { return false }
        }
        return true
    }
}
