/// An I-Regexp (RFC 9485), compiled into a machine that is in several states at once, so that its time is bounded by the
/// text's length times the machine's size: no text makes it go back and try again.
///
/// It works on the bytes of UTF-8 text, a character (a Unicode scalar) at a time. A `^` or `$` that is not escaped is a
/// place in the text, as in all engines that RFC 9485 §5 maps to, and not a character.
package struct IRegexp: Sendable {
    package enum Problem: Error, Sendable {
        /// Not by the grammar of RFC 9485 §3.
        case syntax
        /// Repeats that make the machine larger than 4,096 states, or more than 64 groups within each other.
        case tooLarge
    }

    /// What a state does.
    enum State: Sendable {
        /// One character of the set.
        case character(CharacterSet)
        /// Nothing is read; goes on at each of both.
        case fork(Int, Int)
        /// Nothing is read; goes on only at the text's beginning, or its end.
        case boundary(isStart: Bool)
        case accept
    }

    /// Characters that fit. Ranges are as few as the expression names, and are looked through one by one.
    struct CharacterSet: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var categories: [(category: UnicodeCategory, isNegated: Bool)] = []
        var isNegated = false

        func contains(_ scalar: UInt32) -> Bool {
            var isIn = ranges.contains { $0.contains(scalar) }
            if !isIn, !categories.isEmpty, let value = Unicode.Scalar(scalar) {
                let category = value.properties.generalCategory
                isIn = categories.contains { $0.category.contains(category) != $0.isNegated }
            }
            return isIn != isNegated
        }
    }

    static let largest = 4096

    /// `states[i]` goes on at `nexts[i]`, if it is no fork.
    let states: [State]
    let nexts: [Int]
    let start: Int

    /// How many states the machine has: what a character costs at most.
    package var size: Int { states.count }

    package init(_ expression: [UInt8]) throws(Problem) {
        var parser = RegexpParser(expression)
        let tree = try parser.parse()
        var compiler = RegexpCompiler()
        let accept = try compiler.add(.accept, next: 0)
        start = try compiler.compile(tree, next: accept)
        states = compiler.states
        nexts = compiler.nexts
    }

    /// The whole text fits.
    package func match(_ text: Span<UInt8>) -> Bool { run(text, isSearch: false) }

    /// Some part of the text fits.
    package func search(_ text: Span<UInt8>) -> Bool { run(text, isSearch: true) }

    private func run(_ text: Span<UInt8>, isSearch: Bool) -> Bool {
        var current = StateSet(count: states.count)
        var next = StateSet(count: states.count)
        var pending: [Int] = []
        var at = 0
        enter(start, &current, &pending, isStart: true, isEnd: text.count == 0)
        while true {
            if isSearch, current.hasAccept { return true }
            guard at < text.count else { return current.hasAccept }
            let scalar = Self.character(text, &at)
            next.removeAll()
            for state in current.members {
                guard case .character(let set) = states[state], set.contains(scalar) else { continue }
                enter(nexts[state], &next, &pending, isStart: false, isEnd: at == text.count)
            }
            if isSearch { enter(start, &next, &pending, isStart: false, isEnd: at == text.count) }
            swap(&current, &next)
            if current.members.isEmpty { return false }
        }
    }

    /// Adds a state and those it leads to without reading.
    private func enter(_ state: Int, _ set: inout StateSet, _ pending: inout [Int], isStart: Bool, isEnd: Bool) {
        pending.append(state)
        while let state = pending.popLast() {
            guard set.insert(state) else { continue }
            switch states[state] {
            case .character: break
            case .fork(let one, let other):
                pending.append(other)
                pending.append(one)
            case .boundary(let needsStart):
                if needsStart ? isStart : isEnd { pending.append(nexts[state]) }
            case .accept: set.hasAccept = true
            }
        }
    }

    /// The states the machine is in: a list, and for each whether it is there.
    private struct StateSet {
        private(set) var members: [Int] = []
        private var marks: [Bool]
        var hasAccept = false

        init(count: Int) { marks = Array(repeating: false, count: count) }

        mutating func insert(_ state: Int) -> Bool {
            guard !marks[state] else { return false }
            marks[state] = true
            members.append(state)
            return true
        }

        mutating func removeAll() {
            for state in members { marks[state] = false }
            members.removeAll(keepingCapacity: true)
            hasAccept = false
        }
    }

    /// The character at `at`, which moves behind it. What is not UTF-8 counts as U+FFFD, a byte each.
    static func character(_ text: Span<UInt8>, _ at: inout Int) -> UInt32 {
        let length = JSONText.characterLength(text, at: at)
        let first = UInt32(text[at])
        guard length > 1 else {
            at += 1
            return length == 1 ? first : 0xFFFD
        }
        var scalar = first & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[at + offset] & 0x3F) }
        at += length
        return scalar
    }
}

/// A general category of Unicode as `\p{…}` names it: one, or all that begin with the letter.
struct UnicodeCategory: Sendable {
    private let members: Set<Unicode.GeneralCategory>

    init?(_ name: String) {
        let found = Self.names.filter { name.count == 1 ? $0.key.hasPrefix(name) : $0.key == name }
        guard !found.isEmpty else { return nil }
        members = Set(found.values)
    }

    func contains(_ category: Unicode.GeneralCategory) -> Bool { members.contains(category) }

    private static let names: [String: Unicode.GeneralCategory] = [
        "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
        "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark, "Nd": .decimalNumber,
        "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation, "Pd": .dashPunctuation,
        "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
        "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol, "Sk": .modifierSymbol, "So": .otherSymbol,
        "Zs": .spaceSeparator, "Zl": .lineSeparator, "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format,
        "Co": .privateUse, "Cn": .unassigned,
    ]
}
