/// An expression as its grammar says it.
indirect enum RegexpTree {
    case character(IRegexp.CharacterSet)
    /// The text's beginning or its end.
    case boundary(isStart: Bool)
    case sequence([RegexpTree])
    case alternatives([RegexpTree])
    /// Without a maximum, as often as one likes.
    case times(RegexpTree, minimum: Int, maximum: Int?)
}

/// Reads an expression by the grammar of RFC 9485 §3.
struct RegexpParser {
    private let text: [UInt32]
    private var at = 0
    private var depth = 0

    init(_ expression: [UInt8]) {
        var scalars: [UInt32] = []
        let span = expression.span
        var at = 0
        while at < span.count { scalars.append(IRegexp.character(span, &at)) }
        text = scalars
    }

    mutating func parse() throws(IRegexp.Problem) -> RegexpTree {
        let tree = try alternatives()
        guard at == text.count else { throw .syntax }
        return tree
    }

    private func peek() -> Unicode.Scalar? { at < text.count ? Unicode.Scalar(text[at]) : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard at < text.count, text[at] == scalar.value else { return false }
        at += 1
        return true
    }

    private mutating func alternatives() throws(IRegexp.Problem) -> RegexpTree {
        var branches = [try branch()]
        while take("|") { branches.append(try branch()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func branch() throws(IRegexp.Problem) -> RegexpTree {
        var pieces: [RegexpTree] = []
        while let scalar = peek(), scalar != "|", scalar != ")" { pieces.append(try piece()) }
        return .sequence(pieces)
    }

    private mutating func piece() throws(IRegexp.Problem) -> RegexpTree {
        let atom = try atom()
        if take("*") { return .times(atom, minimum: 0, maximum: nil) }
        if take("+") { return .times(atom, minimum: 1, maximum: nil) }
        if take("?") { return .times(atom, minimum: 0, maximum: 1) }
        guard take("{") else { return atom }
        guard let minimum = try count() else { throw .syntax }
        var maximum: Int? = minimum
        if take(",") { maximum = try count() }
        guard take("}"), maximum.map({ $0 >= minimum }) ?? true else { throw .syntax }
        return .times(atom, minimum: minimum, maximum: maximum)
    }

    private mutating func count() throws(IRegexp.Problem) -> Int? {
        var value: Int?
        while at < text.count, text[at] >= 0x30, text[at] <= 0x39 {
            let sum = (value ?? 0) * 10 + Int(text[at] - 0x30)
            guard sum <= IRegexp.largest else { throw .tooLarge }
            value = sum
            at += 1
        }
        return value
    }

    private mutating func atom() throws(IRegexp.Problem) -> RegexpTree {
        guard let scalar = peek() else { throw .syntax }
        at += 1
        switch scalar {
        case "(":
            depth += 1
            guard depth <= 64 else { throw .tooLarge }
            let inside = try alternatives()
            depth -= 1
            guard take(")") else { throw .syntax }
            return inside
        case ".":
            // RFC 9485 §5: all but the ends of lines.
            return .character(IRegexp.CharacterSet(ranges: [0x0A...0x0A, 0x0D...0x0D], isNegated: true))
        case "^": return .boundary(isStart: true)
        case "$": return .boundary(isStart: false)
        case "[": return .character(try characterClass())
        case "\\": return .character(try escape())
        case "*", "+", "?", "{", "}", ")", "]", "|": throw .syntax
        default: return .character(IRegexp.CharacterSet(ranges: [scalar.value...scalar.value]))
        }
    }

    /// Behind a backslash: a character that would mean something, or a category.
    private mutating func escape() throws(IRegexp.Problem) -> IRegexp.CharacterSet {
        guard let scalar = peek() else { throw .syntax }
        if scalar == "p" || scalar == "P" {
            at += 1
            guard take("{") else { throw .syntax }
            var name = ""
            while let letter = peek(), letter != "}" {
                name.unicodeScalars.append(letter)
                at += 1
                guard name.unicodeScalars.count <= 2 else { throw .syntax }
            }
            guard take("}"), let category = UnicodeCategory(name) else { throw .syntax }
            return IRegexp.CharacterSet(categories: [(category, scalar == "P")])
        }
        let single = try singleEscape()
        return IRegexp.CharacterSet(ranges: [single...single])
    }

    private mutating func singleEscape() throws(IRegexp.Problem) -> UInt32 {
        guard let scalar = peek() else { throw .syntax }
        at += 1
        switch scalar {
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        // ( ) * + - . ? [ \ ] ^ { | } and $, as in RFC 9485 §3.
        case "(", ")", "*", "+", "-", ".", "?", "[", "\\", "]", "^", "{", "|", "}", "$": return scalar.value
        default: throw .syntax
        }
    }

    /// Behind `[`.
    private mutating func characterClass() throws(IRegexp.Problem) -> IRegexp.CharacterSet {
        var set = IRegexp.CharacterSet()
        set.isNegated = take("^")
        var isEmpty = true
        // A hyphen stands for itself at the beginning and at the end.
        if take("-") {
            set.ranges.append(0x2D...0x2D)
            isEmpty = false
        }
        while let scalar = peek(), scalar != "]" {
            isEmpty = false
            if scalar == "-" {
                at += 1
                guard peek() == "]" else { throw .syntax }
                set.ranges.append(0x2D...0x2D)
                break
            }
            at += 1
            if scalar == "\\", peek() == "p" || peek() == "P" {
                set.categories += try escape().categories
                continue
            }
            let first = scalar == "\\" ? try singleEscape() : try plain(scalar)
            guard peek() == "-", at + 1 < text.count, text[at + 1] != 0x5D else {
                set.ranges.append(first...first)
                continue
            }
            at += 1
            guard let end = peek() else { throw .syntax }
            at += 1
            let last = end == "\\" ? try singleEscape() : try plain(end)
            guard first <= last else { throw .syntax }
            set.ranges.append(first...last)
        }
        guard !isEmpty, take("]") else { throw .syntax }
        return set
    }

    private func plain(_ scalar: Unicode.Scalar) throws(IRegexp.Problem) -> UInt32 {
        guard scalar != "[", scalar != "-" else { throw .syntax }
        return scalar.value
    }
}

/// Builds the machine from its end: each part is compiled with the state that follows it.
struct RegexpCompiler {
    private(set) var states: [IRegexp.State] = []
    private(set) var nexts: [Int] = []

    mutating func add(_ state: IRegexp.State, next: Int) throws(IRegexp.Problem) -> Int {
        guard states.count < IRegexp.largest else { throw .tooLarge }
        states.append(state)
        nexts.append(next)
        return states.count - 1
    }

    mutating func compile(_ tree: RegexpTree, next: Int) throws(IRegexp.Problem) -> Int {
        switch tree {
        case .character(let set): return try add(.character(set), next: next)
        case .boundary(let isStart): return try add(.boundary(isStart: isStart), next: next)
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next: next) }
            return next
        case .alternatives(let branches):
            var start = try compile(branches[branches.count - 1], next: next)
            for branch in branches.dropLast().reversed() {
                start = try add(.fork(try compile(branch, next: next), start), next: 0)
            }
            return start
        case .times(let part, let minimum, let maximum):
            var next = next
            if let maximum {
                let end = next
                for _ in minimum..<maximum { next = try add(.fork(try compile(part, next: next), end), next: 0) }
            } else {
                // The fork comes first, so that the part has something to go back to.
                let fork = try add(.accept, next: 0)
                states[fork] = .fork(try compile(part, next: fork), next)
                next = fork
            }
            for _ in 0..<minimum { next = try compile(part, next: next) }
            return next
        }
    }
}
