/// The language in which the vocabulary is described: once, for three readers.
///
/// The checker walks a document along it, the JSON Schema for editors is written from it, and so is the reference table
/// of docs/configuration.md. What is not in here is unknown to all three.
indirect enum Shape: Sendable {
    case scalar(ScalarKind)
    case list(Shape)
    /// One value, or a list of them.
    case oneOrList(Shape)
    /// A mapping whose keys the user chooses.
    case map(keys: ScalarKind, values: Shape)
    case object(ObjectShape)
    /// One of several; told apart by being a scalar, a list or a mapping, scalars also by trying each.
    case choice([Shape])
    /// Any value: what JSON templates are made of.
    case anything
}

extension Shape {
    static let boolean = Shape.scalar(.boolean)
    static let duration = Shape.scalar(.duration(off: true))
    static let text = Shape.scalar(.text)
    static let share = Shape.scalar(.share)
    static let fieldName = Shape.scalar(.fieldName)

    static func integer(_ range: ClosedRange<Int>) -> Shape { .scalar(.integer(range)) }
    static func size(_ range: ClosedRange<Int>) -> Shape { .scalar(.size(range)) }
    static func word(_ values: String...) -> Shape { .scalar(.word(values)) }
}

/// A key that an object may have.
struct Field: Sendable {
    var key: Key
    var shape: Shape
    /// One or two sentences, for the editor's pop-up and the reference.
    var summary: String
    /// As it would be written; nil where absence is a case of its own.
    var defaultValue: String?
    var isRequired: Bool

    init(
        _ key: Key, _ shape: Shape, _ summary: String, default defaultValue: String? = nil, required: Bool = false
    ) {
        self.key = key
        self.shape = shape
        self.summary = summary
        self.defaultValue = defaultValue
        isRequired = required
    }
}

/// A mapping with known keys.
final class ObjectShape: Sendable {
    enum Rule: Sendable {
        case exactlyOne([Key])
        case atLeastOne([Key])
        case atMostOne([Key])

        var keys: [Key] {
            switch self {
            case .exactlyOne(let keys), .atLeastOne(let keys), .atMostOne(let keys): keys
            }
        }
    }

    /// The name in the reference and in the JSON Schema's `$defs`.
    let name: String
    let summary: String
    let fields: [Field]
    let rules: [Rule]
    /// For each rule, the presence bits of its keys.
    let ruleMasks: [UInt64]
    /// By the key's ordinal: the index in `fields`, -1 for a key that does not belong here.
    let positions: [Int16]
    let requiredMask: UInt64

    init(_ name: String, _ summary: String, rules: [Rule] = [], _ fields: [Field]) {
        self.name = name
        self.summary = summary
        self.fields = fields
        self.rules = rules
        var positions = [Int16](repeating: -1, count: Key.allCases.count)
        for (index, field) in fields.enumerated() {
            precondition(positions[field.key.ordinal] == -1, "\(name) describes \(field.key.rawValue) twice")
            positions[field.key.ordinal] = Int16(index)
        }
        self.positions = positions
        ruleMasks = rules.map { rule in
            rule.keys.reduce(0) { $0 | 1 << UInt64(positions[$1.ordinal]) }
        }
        precondition(fields.count < 64, "\(name) has too many keys for one word of presence bits")
        requiredMask = fields.enumerated().reduce(0) { $1.element.isRequired ? $0 | 1 << UInt64($1.offset) : $0 }
    }
}
