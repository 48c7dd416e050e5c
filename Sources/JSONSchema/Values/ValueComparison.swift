internal import JSONStream

/// A value somewhere in a document.
struct PlacedValue: Sendable {
    let document: JSONDocument
    let index: Int

    var entry: JSONDocument.Entry { document.entries[index] }

    func at(_ index: Int) -> PlacedValue { PlacedValue(document: document, index: index) }
}

/// When values of JSON are equal (JSON Schema core §4.2.2): numbers by what they are worth, strings by their
/// characters, objects whatever the order of their members.
enum ValueComparison {
    static func equal(_ left: PlacedValue, _ right: PlacedValue) -> Bool {
        let (one, other) = (left.entry, right.entry)
        guard one.kind == other.kind else { return false }
        switch one.kind {
        case .string: return textsEqual(left, right)
        case .number: return number(left) == number(right)
        case .arrayStart: return arraysEqual(left, right)
        case .objectStart: return objectsEqual(left, right)
        case .true, .false, .null, .key, .objectEnd, .arrayEnd, .needMore, .end, .failed: return true
        }
    }

    static func number(_ value: PlacedValue) -> ExactNumber {
        let (bytes, entry) = (value.document.bytes, value.entry)
        return ExactNumber(bytes.span.extracting(Int(entry.start)..<Int(entry.end)))
    }

    /// The inside of a string or name, escapes undone.
    static func text(_ value: PlacedValue) -> [UInt8] {
        let (bytes, entry) = (value.document.bytes, value.entry)
        let range = Int(entry.start) + 1..<Int(entry.end) - 1
        guard entry.isEscaped else { return Array(bytes[range]) }
        var output: [UInt8] = []
        JSONText.unescape(bytes.span.extracting(range), into: &output)
        return output
    }

    static func textsEqual(_ left: PlacedValue, _ right: PlacedValue) -> Bool {
        let (one, other) = (left.entry, right.entry)
        if one.isEscaped || other.isEscaped { return text(left) == text(right) }
        guard one.end &- one.start == other.end &- other.start else { return false }
        let (bytes, others) = (left.document.bytes, right.document.bytes)
        var offset = 1
        let end = Int(one.end &- one.start) - 1
        while offset < end {
            if bytes[Int(one.start) + offset] != others[Int(other.start) + offset] { return false }
            offset += 1
        }
        return true
    }

    private static func arraysEqual(_ left: PlacedValue, _ right: PlacedValue) -> Bool {
        var (one, other) = (left.index + 1, right.index + 1)
        let (end, otherEnd) = (Int(left.entry.next), Int(right.entry.next))
        while one < end, other < otherEnd {
            guard equal(left.at(one), right.at(other)) else { return false }
            one = Int(left.document.entries[one].next)
            other = Int(right.document.entries[other].next)
        }
        return one == end && other == otherEnd
    }

    /// Both sorted by name, so that no choice of names makes it slow.
    private static func objectsEqual(_ left: PlacedValue, _ right: PlacedValue) -> Bool {
        let (one, other) = (members(left), members(right))
        guard one.count == other.count else { return false }
        for place in one.indices {
            guard one[place].name == other[place].name, equal(left.at(one[place].value), right.at(other[place].value))
            else { return false }
        }
        return true
    }

    private static func members(_ object: PlacedValue) -> [(name: [UInt8], value: Int)] {
        var members: [(name: [UInt8], value: Int)] = []
        var key = object.index + 1
        let end = Int(object.entry.next)
        while key < end {
            members.append((text(object.at(key)), key + 1))
            key = Int(object.document.entries[key + 1].next)
        }
        members.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return members
    }

    // MARK: Hashes

    /// Equal for equal values. The process's own seed is in it: nobody outside can choose values that collide.
    static func hash(_ value: PlacedValue) -> Int {
        var hasher = Hasher()
        let entry = value.entry
        hasher.combine(entry.kind.rawValue)
        switch entry.kind {
        case .string: hasher.combine(text(value))
        case .number: hasher.combine(number(value))
        case .arrayStart:
            var index = value.index + 1
            while index < Int(entry.next) {
                hasher.combine(hash(value.at(index)))
                index = Int(value.document.entries[index].next)
            }
        case .objectStart:
            // A sum does not depend on the order.
            var sum = 0
            var key = value.index + 1
            while key < Int(entry.next) {
                var member = Hasher()
                member.combine(text(value.at(key)))
                member.combine(hash(value.at(key + 1)))
                sum &+= member.finalize()
                key = Int(value.document.entries[key + 1].next)
            }
            hasher.combine(sum)
        case .true, .false, .null, .key, .objectEnd, .arrayEnd, .needMore, .end, .failed: break
        }
        return hasher.finalize()
    }

    /// Whether two elements of an array are equal: the places of the first such pair.
    static func firstRepeated(in array: PlacedValue) -> Int? {
        var seen: [Int: [Int]] = [:]
        var index = array.index + 1
        let end = Int(array.entry.next)
        let entries = array.document.entries
        while index < end {
            let hash = hash(array.at(index))
            for earlier in seen[hash, default: []] where equal(array.at(earlier), array.at(index)) { return index }
            seen[hash, default: []].append(index)
            index = Int(entries[index].next)
        }
        return nil
    }
}

/// Where a value stands, as a JSON Pointer (RFC 6901).
enum Pointers {
    /// Walks down to it: only for those few values about which something is said.
    static func pointer(to index: Int, in document: JSONDocument) -> String {
        var pointer: [UInt8] = []
        var container = 0
        let entries = document.entries
        while container != index {
            let isObject = entries[container].kind == .objectStart
            guard isObject || entries[container].kind == .arrayStart else { break }
            var child = container + 1
            var position = 0
            var found = -1
            while child < Int(entries[container].next) {
                let value = isObject ? child + 1 : child
                if index >= child, index < Int(entries[value].next) {
                    pointer.append(UInt8(ascii: "/"))
                    if isObject {
                        append(ValueComparison.text(PlacedValue(document: document, index: child)), to: &pointer)
                    } else {
                        JSONText.append(position, to: &pointer)
                    }
                    found = value
                    break
                }
                position += 1
                child = Int(entries[value].next)
            }
            // A name's pointer is that of its value.
            guard found >= 0, found <= index else { break }
            container = found
        }
        return String(decoding: pointer, as: UTF8.self)
    }

    private static func append(_ name: [UInt8], to pointer: inout [UInt8]) {
        for byte in name {
            switch byte {
            case UInt8(ascii: "~"): pointer.append(contentsOf: "~0".utf8)
            case UInt8(ascii: "/"): pointer.append(contentsOf: "~1".utf8)
            default: pointer.append(byte)
            }
        }
    }

    /// A name as a step of a pointer.
    static func escaped(_ name: String) -> String {
        var step: [UInt8] = []
        append(Array(name.utf8), to: &step)
        return String(decoding: step, as: UTF8.self)
    }
}
