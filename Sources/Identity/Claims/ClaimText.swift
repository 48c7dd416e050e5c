package import JSONStream

/// A claim as the value of a header.
///
/// Texts stand as they are, numbers and booleans as they are written, arrays as their elements with commas between.
/// What a header cannot say without saying something else is refused, and with it the token: control characters (a line
/// end would begin another header), blanks at either end (the next reader trims them: " root" would become "root"), a
/// comma within an element (one role would become two), objects and arrays within arrays.
package enum ClaimText: Hashable, Sendable {
    /// There is no such claim, or it is null, an empty text or an empty array: no header.
    case absent
    case value([UInt8])
    case refused

    /// Longer values would fill the head of the request upstream.
    package static let longest = 4 * 1024

    package init(_ node: JSONNode?) {
        guard let node, !node.isNull else {
            self = .absent
            return
        }
        var text: [UInt8] = []
        if node.isArray {
            for element in node.elements {
                guard let part = Self.scalar(element), !part.isEmpty, !part.contains(UInt8(ascii: ",")) else {
                    self = .refused
                    return
                }
                if !text.isEmpty { text.append(UInt8(ascii: ",")) }
                text += part
            }
        } else {
            guard let scalar = Self.scalar(node) else {
                self = .refused
                return
            }
            text = scalar
        }
        guard text.count <= Self.longest else {
            self = .refused
            return
        }
        self = text.isEmpty ? .absent : .value(text)
    }

    /// The text of what is neither object nor array; nil where it cannot stand in a header.
    private static func scalar(_ node: JSONNode) -> [UInt8]? {
        switch node.kind {
        case .string:
            guard let bytes = node.stringBytes else { return nil }
            guard bytes.first != 0x20, bytes.last != 0x20 else { return nil }
            // Tabs are control characters too: within a value they are legal, and nobody's name.
            return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? bytes : nil
        case .number, .true, .false: return Array(node.text)
        default: return nil
        }
    }
}
