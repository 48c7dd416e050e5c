/// What a schema asks of a value, a step at a time. Numbers are places in the program's tables; -1: none.
enum Instruction: Sendable {
    /// The schema `false`.
    case never
    case type(TypeSet)
    case constant(Int32)
    case enumeration(Int32)
    /// `$ref`.
    case call(Int32)
    /// `$dynamicRef` to a dynamic anchor.
    case dynamicCall(Int32)
    case all(SchemaList)
    case any(SchemaList)
    case one(SchemaList)
    case not(Int32)
    case conditional(if: Int32, then: Int32, else: Int32)

    case object(Int32)
    case propertyNames(Int32)
    case minProperties(Int)
    case maxProperties(Int)
    case dependentRequired(Int32)
    case dependentSchemas(Int32)

    case array(prefix: SchemaList, rest: Int32)
    case contains(Int32, minimum: Int, maximum: Int)
    case minItems(Int)
    case maxItems(Int)
    case uniqueItems

    case minLength(Int)
    case maxLength(Int)
    case pattern(Int32)
    case format(Format)

    case bound(Int32)
    case multipleOf(Int32)

    case unevaluatedItems(Int32)
    case unevaluatedProperties(Int32)
}

/// The values of `type`.
struct TypeSet: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = TypeSet(rawValue: 1)
    static let boolean = TypeSet(rawValue: 2)
    static let object = TypeSet(rawValue: 4)
    static let array = TypeSet(rawValue: 8)
    static let number = TypeSet(rawValue: 16)
    static let string = TypeSet(rawValue: 32)
    static let integer = TypeSet(rawValue: 64)

    static let names: [(name: String, type: TypeSet)] = [
        ("null", .null), ("boolean", .boolean), ("object", .object), ("array", .array), ("number", .number),
        ("string", .string), ("integer", .integer),
    ]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init?(_ name: String) {
        guard let known = Self.names.first(where: { $0.name == name }) else { return nil }
        self = known.type
    }

    /// As a sentence says it.
    var description: String {
        Self.names.filter { contains($0.type) }.map { $0.name == "null" ? "null" : Self.article($0.name) }
            .joined(separator: " or ")
    }

    private static func article(_ name: String) -> String {
        ["object", "array", "integer"].contains(name) ? "an \(name)" : "a \(name)"
    }
}

/// A part of the program's lists of schemas.
struct SchemaList: Sendable {
    var start: Int32
    var count: Int32

    static let empty = SchemaList(start: 0, count: 0)
}

/// `minimum` and its like.
struct NumberBound: Sendable {
    enum Kind: Sendable { case minimum, maximum, exclusiveMinimum, exclusiveMaximum }

    let kind: Kind
    let value: ExactNumber
    /// The same, if it is small and whole.
    let small: Int64?
    let text: String

    func admits(_ order: Int) -> Bool {
        switch kind {
        case .minimum: order >= 0
        case .maximum: order <= 0
        case .exclusiveMinimum: order > 0
        case .exclusiveMaximum: order < 0
        }
    }
}

struct NumberDivisor: Sendable {
    let value: ExactNumber
    let small: Int64?
    let text: String
}

/// What is asked of an object's members, in one pass over them: `properties`, `patternProperties`,
/// `additionalProperties` and `required`.
final class ObjectRules: Sendable {
    struct Slot: Sendable {
        let name: String
        /// -1: it is only required.
        let schema: Int32
        let isRequired: Bool
    }

    struct Pattern: Sendable {
        let pattern: Int32
        let schema: Int32
    }

    let names: NameTable
    let slots: [Slot]
    let patterns: [Pattern]
    /// -1: there is none.
    let additional: Int32
    let required: Int
    /// Members are listed, so that others are undocumented.
    let listsMembers: Bool

    init(
        names: NameTable, slots: [Slot], patterns: [Pattern], additional: Int32, required: Int, listsMembers: Bool
    ) {
        self.names = names
        self.slots = slots
        self.patterns = patterns
        self.additional = additional
        self.required = required
        self.listsMembers = listsMembers
    }
}

struct DependentNames: Sendable {
    let name: [UInt8]
    let required: [[UInt8]]
}

struct DependentSchema: Sendable {
    let name: [UInt8]
    let schema: Int32
}

/// Values of `enum`. Few are compared one by one, many found by their hash.
struct Enumeration: Sendable {
    let values: [PlacedValue]
    let places: [Int: [Int]]

    init(_ values: [PlacedValue]) {
        self.values = values
        var places: [Int: [Int]] = [:]
        if values.count > Self.few {
            for (place, value) in values.enumerated() { places[ValueComparison.hash(value), default: []].append(place) }
        }
        self.places = places
    }

    private static let few = 8

    func contains(_ value: PlacedValue) -> Bool {
        guard values.count > Self.few else { return values.contains { ValueComparison.equal($0, value) } }
        return places[ValueComparison.hash(value), default: []].contains { ValueComparison.equal(values[$0], value) }
    }
}
