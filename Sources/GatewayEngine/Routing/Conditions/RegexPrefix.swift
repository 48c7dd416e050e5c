/// Finds the literal segments that every match of a path expression begins with, such as `api`, `users` of
/// `/api/users/[0-9]+`.
///
/// They decide two things: where the route ranks, and at which node of the trie it waits. A prefix that is too short
/// only costs time, one that is too long would lose matches; so whenever the expression holds something that this small
/// reader does not follow, the answer is the empty prefix.
enum RegexPrefix {
    static func segments(_ text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        guard !hasTopLevelAlternative(bytes) else { return [] }
        var literal: [UInt8] = []
        var index = bytes.first == UInt8(ascii: "^") ? 1 : 0
        while index < bytes.count {
            var byte = bytes[index]
            if byte == UInt8(ascii: "\\") {
                // Only an escaped punctuation mark is a literal; `\d`, `\Q` and the like are not.
                guard index + 1 < bytes.count, isPunctuation(bytes[index + 1]) else { break }
                index += 1
                byte = bytes[index]
            } else if isMeta(byte) {
                break
            }
            index += 1
            // Something behind it may make it optional, or repeat it.
            if index < bytes.count, isQuantifier(bytes[index]) { break }
            literal.append(byte)
        }
        guard literal.first == UInt8(ascii: "/"), let slash = literal.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
            return []
        }
        return literal[1..<slash].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// Whether a `|` stands outside of all groups, or may.
    private static func hasTopLevelAlternative(_ bytes: [UInt8]) -> Bool {
        guard bytes.contains(UInt8(ascii: "|")) else { return bytesHaveQuoting(bytes) }
        // Comments, quoting and extended syntax would mislead the count of parentheses.
        guard !bytesHaveQuoting(bytes), !bytes.contains(UInt8(ascii: "#")) else { return true }
        var depth = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: "["): index = endOfClass(bytes, from: index)
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "|") where depth <= 0: return true
            default: break
            }
            index += 1
        }
        return false
    }

    /// `\Q…\E`
    private static func bytesHaveQuoting(_ bytes: [UInt8]) -> Bool {
        zip(bytes, bytes.dropFirst()).contains {
            $0 == UInt8(ascii: "\\") && ($1 == UInt8(ascii: "Q") || $1 == UInt8(ascii: "E"))
        }
    }

    /// The index of the `]` that ends a character class. A `]` right behind `[` or `[^` is a member, and so is what a
    /// backslash escapes; named classes as in `[[:alpha:]]` have a `]` of their own.
    private static func endOfClass(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start + 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "^") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "]") { index += 1 }
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index] == UInt8(ascii: "["), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ":")
            {
                index += 2
                while index < bytes.count, bytes[index] != UInt8(ascii: "]") { index += 1 }
            }
            index += 1
        }
        return index
    }

    private static func isMeta(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "^"), UInt8(ascii: "$"), UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "|"), UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "{"):
            true
        default: false
        }
    }

    private static func isQuantifier(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "?") || byte == UInt8(ascii: "*") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "{")
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte < 0x7F else { return false }
        let letter = byte | 0x20
        return !(letter >= 0x61 && letter <= 0x7A) && !(byte >= 0x30 && byte <= 0x39)
    }
}
