/// Header or trailer fields as they stood on the wire: in order, with their own case, duplicates kept.
public struct FieldList: Sendable, Hashable, CustomStringConvertible {
    public struct Field: Sendable, Hashable {
        public var name: String
        /// Without the white space around it. Bytes that are not UTF-8 read as U+FFFD; the raw head has them.
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public var all: [Field]

    public init(_ all: [Field] = []) { self.all = all }

    /// Every value of a name, in order; names compare without case.
    public func values(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return all.filter { $0.name.lowercased() == wanted }.map(\.value)
    }

    /// The value of a name that stands exactly once; nil when it is absent or repeated.
    public subscript(name: String) -> String? {
        let found = values(name)
        return found.count == 1 ? found[0] : nil
    }

    public func contains(_ name: String) -> Bool { !values(name).isEmpty }

    /// The names as written.
    public var names: [String] { all.map(\.name) }

    public var description: String {
        all.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    }
}
