package import GatewayEngine

/// The header fields of a message, in their order. Names are compared without case.
///
/// ```swift
/// var headers: Headers = ["Cache-Control": "no-store"]
/// headers["X-Version"] = "2"             // in place of any that is there
/// headers.add("Link", "</next>; rel=next")
/// ```
public struct Headers: Sendable, Hashable {
    /// One field.
    public struct Field: Sendable, Hashable {
        /// As it was written; the case does not matter.
        public var name: String
        /// Without blanks at either end.
        public var value: String

        /// One field, as it stands.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    private var fields: [Field]

    /// None.
    public init() { fields = [] }

    package init(_ fields: [ProgramField]) {
        self.fields = fields.map { Field(name: $0.name, value: $0.value) }
    }

    package var programFields: [ProgramField] { fields.map { ProgramField($0.name, $0.value) } }

    /// The value of the first field of this name. Setting it replaces all of that name; nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.equal($0.name, name) }?.value }
        set {
            remove(name)
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// The values of all fields of this name.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// Adds a field beside those of the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Removes all fields of this name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.equal($0.name, name) }
    }

    static func equal(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count && zip(one.utf8, other.utf8).allSatisfy { lowercase($0) == lowercase($1) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}

extension Headers: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { fields.count }
    public subscript(position: Int) -> Field { fields[position] }
}

extension Headers: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }
}
