/// Names, strings, numbers and literals: what may be cut by the end of a piece.
extension JSONTokenizer {
    /// Goes on with the text that the last piece cut through.
    @inline(never)
    mutating func resume(
        _ base: UnsafePointer<UInt8>, _ bound: Int, _ count: Int, _ offset: inout Int, _ isLast: Bool
    ) -> JSONToken.Kind {
        let was = cut
        cut = .none
        switch was {
        case .none: return .failed
        case .string: return unsafe string(cutKind, base, bound, count, &offset, isLast)
        case .number: return unsafe number(base, bound, count, &offset, isLast)
        case .literal: return unsafe literal(cutKind, from: literalIndex, base, bound, count, &offset, isLast)
        }
    }

    @inline(__always)
    mutating func string(
        _ kind: JSONToken.Kind, _ base: UnsafePointer<UInt8>, _ bound: Int, _ count: Int, _ offset: inout Int,
        _ isLast: Bool
    ) -> JSONToken.Kind {
        var at = offset
        let outcome = unsafe text.scan(base, bound, &at)
        if text.isEscaped { flags |= JSONToken.escaped }
        offset = at
        end = at
        if _slowPath(outcome != .complete) {
            if case .refused(let code) = outcome { return fail(code, at) }
            return interrupt(.string, kind, bound, count, &offset, isLast)
        }
        flags |= JSONToken.last
        if kind == .key {
            // Nearly always the colon follows at once.
            if at < bound, unsafe base[at] == UInt8(ascii: ":") {
                place = .memberValue
                offset = at &+ 1
            } else {
                place = .colon
            }
        } else {
            endValue()
        }
        return kind
    }

    @inline(__always)
    mutating func number(
        _ base: UnsafePointer<UInt8>, _ bound: Int, _ count: Int, _ offset: inout Int, _ isLast: Bool
    ) -> JSONToken.Kind {
        var at = offset
        let isOver = unsafe number.scan(base, bound, &at)
        offset = at
        end = at
        if _slowPath(!isOver) {
            guard isLast, bound == count, number.isComplete else {
                return interrupt(.number, .number, bound, count, &offset, isLast)
            }
        } else if _slowPath(!number.isComplete) {
            return fail(.badNumber, at)
        }
        flags |= JSONToken.last
        endValue()
        return .number
    }

    @inline(__always)
    mutating func literal(
        _ kind: JSONToken.Kind, from index: Int, _ base: UnsafePointer<UInt8>, _ bound: Int, _ count: Int,
        _ offset: inout Int, _ isLast: Bool
    ) -> JSONToken.Kind {
        // The letters, the first lowest.
        let word: UInt64 = kind == .true ? 0x65_7572_74 : kind == .false ? 0x65_736C_6166 : 0x6C_6C75_6E
        let size = kind == .false ? 5 : 4
        var at = offset
        var index = index
        while index < size {
            guard at < bound else {
                offset = at
                end = at
                literalIndex = index
                return interrupt(.literal, kind, bound, count, &offset, isLast)
            }
            let letter = UInt8(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: index &* 8))
            guard unsafe base[at] == letter else { return fail(.badLiteral, at) }
            at &+= 1
            index &+= 1
        }
        offset = at
        end = at
        flags |= JSONToken.last
        endValue()
        return kind
    }

    /// The piece ends within a text: gives what is there of it as a fragment.
    @inline(never)
    private mutating func interrupt(
        _ cut: Cut, _ kind: JSONToken.Kind, _ bound: Int, _ count: Int, _ offset: inout Int, _ isLast: Bool
    ) -> JSONToken.Kind {
        self.cut = cut
        cutKind = kind
        guard bound == count else { return fail(.tooLarge, bound) }
        guard !isLast else { return fail(.truncated, count) }
        return kind
    }
}
