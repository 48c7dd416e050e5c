/// A JSON Pointer (RFC 6901), compiled: `/a/0/b~1c`.
package struct JSONPointer: Sendable, Hashable {
    package enum Problem: Error, Sendable {
        /// A pointer is empty or begins with `/`.
        case noSlash
        /// `~` stands only in `~0` and `~1` (RFC 6901 §3).
        case badEscape
    }

    /// A step: a member's name, which may also be an element's position.
    private struct Step: Sendable, Hashable {
        var name: [UInt8]
        /// Digits without a leading zero (RFC 6901 §4); `-`, the element behind the last, is never there.
        var position: Int?
    }

    private let steps: [Step]

    package init(_ text: String) throws(Problem) {
        var steps: [Step] = []
        var name: [UInt8] = []
        var isBegun = false
        var isEscape = false
        for byte in text.utf8 {
            if isEscape {
                guard byte == UInt8(ascii: "0") || byte == UInt8(ascii: "1") else { throw .badEscape }
                name.append(byte == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                isEscape = false
            } else if byte == UInt8(ascii: "/") {
                if isBegun { steps.append(Self.step(name)) }
                isBegun = true
                name = []
            } else {
                guard isBegun else { throw .noSlash }
                isEscape = byte == UInt8(ascii: "~")
                if !isEscape { name.append(byte) }
            }
        }
        guard !isEscape else { throw .badEscape }
        if isBegun { steps.append(Self.step(name)) }
        self.steps = steps
    }

    private static func step(_ name: [UInt8]) -> Step {
        let isNumber = !name.isEmpty && name.count < 19 && name.allSatisfy { $0 &- 0x30 < 10 }
        let isCanonical = isNumber && (name.count == 1 || name[0] != 0x30)
        return Step(name: name, position: isCanonical ? name.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil)
    }

    func find(from root: JSONNode) -> JSONNode? {
        var node = root
        for step in steps {
            var next: JSONNode?
            if node.isObject {
                next = node.member(step.name)
            } else if let position = step.position {
                next = node.element(position)
            }
            guard let next else { return nil }
            node = next
        }
        return node
    }
}
