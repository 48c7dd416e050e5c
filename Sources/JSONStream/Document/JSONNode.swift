/// A value of a document: a place in its index. Copying one copies no bytes.
package struct JSONNode: Sendable {
    package let document: JSONDocument
    /// Its place among the entries.
    package let index: Int

    private var entry: JSONDocument.Entry { document.entries[index] }

    /// One of `objectStart` for an object, `arrayStart` for an array, `string`, `number`, `true`, `false`, `null`.
    package var kind: JSONToken.Kind { entry.kind }
    package var isObject: Bool { kind == .objectStart }
    package var isArray: Bool { kind == .arrayStart }
    package var isNull: Bool { kind == .null }

    /// Where the value's text stands in the document's bytes.
    package var range: Range<Int> { Int(entry.start)..<Int(entry.end) }

    /// The value's text as it is written.
    package var text: ArraySlice<UInt8> { document.bytes[range] }

    /// The string that the value is.
    package var string: String? {
        guard let bytes = stringBytes else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The string that the value is, in UTF-8.
    package var stringBytes: [UInt8]? {
        kind == .string ? unquoted(index) : nil
    }

    /// Whether the value is the string `text`, without making one.
    package func isString(_ text: Span<UInt8>) -> Bool {
        kind == .string && quoted(index, equals: text)
    }

    /// The number that the value is, if it is whole and fits.
    package var int64: Int64? {
        guard kind == .number else { return nil }
        let bytes = document.bytes
        return JSONNumber.int64(bytes.span.extracting(range))
    }

    package var double: Double? {
        guard kind == .number else { return nil }
        let bytes = document.bytes
        return JSONNumber.double(bytes.span.extracting(range))
    }

    package var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The value of the member `name`; the last, should names that stand twice be kept.
    package func member(_ name: String) -> JSONNode? { member(Array(name.utf8)) }

    package func member(_ name: [UInt8]) -> JSONNode? {
        var found: JSONNode?
        for member in members where member.isNamed(name) { found = member.value }
        return found
    }

    /// The element at `position`, counted from 0.
    package func element(_ position: Int) -> JSONNode? {
        guard isArray, position >= 0 else { return nil }
        var left = position
        for element in elements {
            if left == 0 { return element }
            left -= 1
        }
        return nil
    }

    /// Members of an object or elements of an array; steps over each.
    package var count: Int {
        var count = 0
        if isObject { for _ in members { count += 1 } } else { for _ in elements { count += 1 } }
        return count
    }

    /// An object's members in order; none for what is no object.
    package var members: JSONMembers {
        JSONMembers(document: document, at: index + 1, end: isObject ? Int(entry.next) : index + 1)
    }

    /// An array's elements in order; none for what is no array.
    package var elements: JSONElements {
        JSONElements(document: document, at: index + 1, end: isArray ? Int(entry.next) : index + 1)
    }

    fileprivate func quoted(_ index: Int, equals name: Span<UInt8>) -> Bool {
        let entry = document.entries[index]
        let bytes = document.bytes
        let raw = bytes.span.extracting(Int(entry.start) + 1..<Int(entry.end) - 1)
        return JSONText.equals(raw, isEscaped: entry.isEscaped, name)
    }

    fileprivate func unquoted(_ index: Int) -> [UInt8] {
        let entry = document.entries[index]
        let range = Int(entry.start) + 1..<Int(entry.end) - 1
        guard entry.isEscaped else { return Array(document.bytes[range]) }
        var output: [UInt8] = []
        output.reserveCapacity(range.count)
        let bytes = document.bytes
        JSONText.unescape(bytes.span.extracting(range), into: &output)
        return output
    }
}

/// A member of an object: its name and its value.
package struct JSONMember: Sendable {
    package let value: JSONNode

    private var key: Int { value.index - 1 }

    fileprivate init(value: JSONNode) { self.value = value }

    package var name: String { String(decoding: nameBytes, as: UTF8.self) }

    /// The name in UTF-8, escapes undone.
    package var nameBytes: [UInt8] { value.unquoted(key) }

    /// The name as it is written, in quotes.
    package var nameText: ArraySlice<UInt8> {
        let entry = value.document.entries[key]
        return value.document.bytes[Int(entry.start)..<Int(entry.end)]
    }

    package func isNamed(_ name: [UInt8]) -> Bool { value.quoted(key, equals: name.span) }
}

package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    fileprivate let document: JSONDocument
    fileprivate var at: Int
    fileprivate let end: Int

    package mutating func next() -> JSONMember? {
        guard at < end else { return nil }
        // Behind a name stands its value.
        let member = JSONMember(value: JSONNode(document: document, index: at + 1))
        at = Int(document.entries[at + 1].next)
        return member
    }
}

package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    fileprivate let document: JSONDocument
    fileprivate var at: Int
    fileprivate let end: Int

    package mutating func next() -> JSONNode? {
        guard at < end else { return nil }
        let element = JSONNode(document: document, index: at)
        at = Int(document.entries[at].next)
        return element
    }
}
