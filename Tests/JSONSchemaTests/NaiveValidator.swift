/// A value as a tree, and schemas read straight from it: as plain as can be, for a part of the language. What the module
/// does in another way must come to the same.
indirect enum Tree: Hashable {
    case null
    case bool(Bool)
    case number(Int)
    case string(String)
    case array([Tree])
    case object([String: Tree])

    var text: String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        // Written in several ways that mean the same.
        case .number(let number): number % 3 == 0 ? "\(number).0" : number % 3 == 1 ? "\(number)0e-1" : "\(number)"
        case .string(let string): "\"\(string)\""
        case .array(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.map { "\"\($0)\": \($1.text)" }.joined(separator: ","))}"
        }
    }

    subscript(name: String) -> Tree? { if case .object(let members) = self { members[name] } else { nil } }
}

struct NaiveValidator {
    /// What of the value was evaluated: names, and positions as text.
    typealias Evaluated = Set<String>

    let root: Tree

    /// nil: it does not fit.
    func evaluate(_ schema: Tree, _ value: Tree) -> Evaluated? {
        guard case .object(let keywords) = schema else { return schema == .bool(true) ? [] : nil }
        var evaluated: Evaluated = []
        var fits = true
        func apply(_ schema: Tree) -> Bool {
            guard let inner = evaluate(schema, value) else { return false }
            evaluated.formUnion(inner)
            return true
        }
        func check(_ condition: Bool) { fits = fits && condition }

        if case .string(let name)? = keywords["$ref"] {
            check(apply(root["$defs"]?[String(name.dropFirst("#/$defs/".count))] ?? .bool(false)))
        }
        if case .string(let type)? = keywords["type"] { check(type == self.type(of: value)) }
        if case .array(let values)? = keywords["enum"] { check(values.contains(value)) }
        if let constant = keywords["const"] { check(constant == value) }
        if case .array(let all)? = keywords["allOf"] { for schema in all { check(apply(schema)) } }
        if case .array(let some)? = keywords["anyOf"] { check(some.filter { apply($0) }.count > 0) }
        if case .array(let some)? = keywords["oneOf"] {
            let fitting = some.filter { evaluate($0, value) != nil }
            check(fitting.count == 1)
            if fitting.count == 1 { _ = apply(fitting[0]) }
        }
        if let negated = keywords["not"] { check(evaluate(negated, value) == nil) }
        if let condition = keywords["if"] {
            if apply(condition) {
                if let then = keywords["then"] { check(apply(then)) }
            } else if let otherwise = keywords["else"] {
                check(apply(otherwise))
            }
        }
        switch value {
        case .number(let number):
            if case .number(let minimum)? = keywords["minimum"] { check(number >= minimum) }
            if case .number(let maximum)? = keywords["exclusiveMaximum"] { check(number < maximum) }
            if case .number(let divisor)? = keywords["multipleOf"] { check(number % divisor == 0) }
        case .string(let string):
            if case .number(let minimum)? = keywords["minLength"] { check(string.count >= minimum) }
            if case .number(let maximum)? = keywords["maxLength"] { check(string.count <= maximum) }
        case .object(let members): check(object(keywords, members, &evaluated))
        case .array(let elements): check(array(keywords, elements, &evaluated))
        case .null, .bool: break
        }
        return fits ? evaluated : nil
    }

    private func type(of value: Tree) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .number: "integer"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    private func object(_ keywords: [String: Tree], _ members: [String: Tree], _ evaluated: inout Evaluated) -> Bool {
        var fits = true
        var own: Evaluated = []
        if case .object(let properties)? = keywords["properties"] {
            for (name, schema) in properties {
                guard let value = members[name] else { continue }
                own.insert(name)
                if evaluate(schema, value) == nil { fits = false }
            }
        }
        if let additional = keywords["additionalProperties"] {
            for (name, value) in members where !own.contains(name) {
                if evaluate(additional, value) == nil { fits = false }
            }
            own = Set(members.keys)
        }
        evaluated.formUnion(own)
        if case .array(let names)? = keywords["required"] {
            for case .string(let name) in names where members[name] == nil { fits = false }
        }
        if case .object(let dependent)? = keywords["dependentRequired"] {
            for case (let name, .array(let others)) in dependent where members[name] != nil {
                for case .string(let other) in others where members[other] == nil { fits = false }
            }
        }
        if let rest = keywords["unevaluatedProperties"] {
            for (name, value) in members where !evaluated.contains(name) {
                if evaluate(rest, value) == nil { fits = false }
            }
            evaluated = Set(members.keys)
        }
        return fits
    }

    private func array(_ keywords: [String: Tree], _ elements: [Tree], _ evaluated: inout Evaluated) -> Bool {
        var fits = true
        var count = 0
        if case .array(let prefix)? = keywords["prefixItems"] {
            for (schema, element) in zip(prefix, elements) {
                if evaluate(schema, element) == nil { fits = false }
                evaluated.insert("\(count)")
                count += 1
            }
        }
        if let items = keywords["items"] {
            for (place, element) in elements.enumerated().dropFirst(count) {
                if evaluate(items, element) == nil { fits = false }
                evaluated.insert("\(place)")
            }
        }
        if let contained = keywords["contains"] {
            let found = elements.indices.filter { evaluate(contained, elements[$0]) != nil }
            if found.isEmpty { fits = false }
            evaluated.formUnion(found.map { "\($0)" })
        }
        if keywords["uniqueItems"] == .bool(true), Set(elements).count != elements.count { fits = false }
        if case .number(let minimum)? = keywords["minItems"], elements.count < minimum { fits = false }
        if let rest = keywords["unevaluatedItems"] {
            for (place, element) in elements.enumerated() where !evaluated.contains("\(place)") {
                if evaluate(rest, element) == nil { fits = false }
            }
            evaluated = Set(elements.indices.map { "\($0)" })
        }
        return fits
    }
}
