internal import JSONStream

/// Where a claim stands: `sub`, `realm_access.roles`, `groups.0`, `https://example.com/roles`.
///
/// A claim of the whole name is taken first, because names with dots are common where they must not collide (RFC 7519
/// §4.2); else each dot is a step down, into an object by name, into an array by position.
package struct ClaimPath: Hashable, Sendable {
    package let text: String
    private let whole: [UInt8]
    private let steps: [[UInt8]]

    package init(_ text: String) {
        self.text = text
        whole = Array(text.utf8)
        steps = whole.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
    }

    func find(in root: JSONNode) -> JSONNode? {
        if let node = root.member(whole) { return node }
        guard steps.count > 1 else { return nil }
        var node = root
        for step in steps {
            guard let next = node.isArray ? node.element(Self.position(step)) : node.member(step) else { return nil }
            node = next
        }
        return node
    }

    /// Digits without a leading zero as a number; -1, which no element has, for all else.
    private static func position(_ step: [UInt8]) -> Int {
        guard (1...4).contains(step.count), step.allSatisfy({ (0x30...0x39).contains($0) }) else { return -1 }
        guard step.count == 1 || step[0] != 0x30 else { return -1 }
        return step.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
