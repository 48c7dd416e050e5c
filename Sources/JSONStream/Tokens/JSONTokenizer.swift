/// Reads a JSON document (RFC 8259) from bytes that come in pieces cut anywhere, checks all of it, and says what stands
/// where. It copies nothing and converts nothing: a token is a range of the piece.
///
/// 1. For each piece, the driver calls `next` until it says `needMore`; the offset is 0 at the start of each piece.
/// 2. Behind the last piece (which may be empty) `isLast` is true, and the answer at the end is `end`.
/// 3. An error is final.
///
/// What comes out does not depend on how the bytes were cut, but for fragments. Every rule of the grammar is checked:
/// UTF-8 in strings, escapes and surrogate pairs, numbers, and that nothing follows the document. Nothing is checked
/// across members: equal names in one object are for those to find who keep names.
///
/// Memory is the struct itself: one bit for each open level says whether it is an object. The scanning of strings and
/// numbers, where most bytes are, stands in files of its own.
package struct JSONTokenizer: ~Copyable {
    /// What the grammar allows next.
    enum Place: UInt8 {
        /// The document itself. Can transition to: firstKey, firstElement, done.
        case start
        /// Behind `[`. Can transition to: firstKey, firstElement, behindElement, behindMember, done.
        case firstElement
        /// Behind `,` in an array. Can transition to: firstKey, firstElement, behindElement.
        case element
        /// Behind `{`. Can transition to: colon, memberValue, behindElement, behindMember, done.
        case firstKey
        /// Behind `,` in an object. Can transition to: colon, memberValue.
        case key
        /// Behind a name. Can transition to: memberValue.
        case colon
        /// Behind `:`. Can transition to: firstKey, firstElement, behindMember.
        case memberValue
        /// Behind an element. Can transition to: element, behindElement, behindMember, done.
        case behindElement
        /// Behind a member. Can transition to: key, behindElement, behindMember, done.
        case behindMember
        /// Behind the document.
        case done
        /// An error was found, which stays.
        case refused
    }

    /// The text that the last piece cut through.
    enum Cut: UInt8 {
        case none, string, number, literal
    }

    var place = Place.start
    var cut = Cut.none
    var cutKind = JSONToken.Kind.null
    private(set) package var depth = 0
    /// One bit a level, the lowest first: is it an object.
    private var objects = InlineArray<16, UInt64>(repeating: 0)
    /// Bytes of the pieces before this one.
    private var consumed = 0
    private let limits: JSONLimits

    // What the scanners of texts remember over a cut.
    var text = StringScan()
    var number = NumberScan.start
    var literalIndex = 0

    // The token that was found last.
    var start = 0
    var end = 0
    var flags: UInt8 = 0
    /// Why `advance` said `failed`.
    private(set) var error = JSONError(.truncated, at: 0)

    package init(limits: JSONLimits = JSONLimits()) {
        self.limits = limits
        text.keepsLoneSurrogates = limits.keepsLoneSurrogates
    }

    /// The next token in `input` from `offset` on.
    ///
    /// - Parameter isLast: no bytes follow this piece.
    package mutating func next(
        _ input: Span<UInt8>, from offset: inout Int, isLast: Bool
    ) throws(JSONError) -> JSONToken {
        precondition(offset >= 0 && offset <= input.count, "offset outside of the piece")
        var at = offset
        // The pointer is used within the closure only; an empty span may have none, and then no byte is read.
        let kind = unsafe input.withUnsafeBufferPointer { bytes in
            unsafe advance(JSONStream.start(of: bytes), bytes.count, &at, isLast)
        }
        offset = at
        if kind == .failed { throw error }
        return JSONToken(kind: kind, start: start, end: end, flags: flags)
    }

    /// The offset of the current piece's first byte in the document.
    var pieceStart: Int { consumed }

    /// The work of `next`, for loops of this module that hold a pointer to `count` bytes.
    mutating func advance(
        _ base: UnsafePointer<UInt8>, _ count: Int, _ offset: inout Int, _ isLast: Bool
    ) -> JSONToken.Kind {
        // Bytes beyond the size limit are not looked at, so that what is found first does not depend on cuts.
        let bound = min(count, limits.size &- consumed)
        var at = offset
        if _slowPath(cut != .none) {
            if at >= bound && !isLast { return pause(bound, count, &offset, isLast) }
            start = at
            flags &= JSONToken.escaped
            return unsafe resume(base, bound, count, &offset, isLast)
        }
        while true {
            guard at < bound else {
                offset = at
                return pause(bound, count, &offset, isLast)
            }
            // `at` is below `bound`, which is at most `count`, here and below.
            let byte = unsafe base[at]
            if byte <= 0x20 {
                guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return refuse(byte, at) }
                at &+= 1
                while at &+ 8 <= bound {
                    let word = unsafe Words.load(base + at)
                    let others = word ^ Words.spaces
                    guard others == 0 else {
                        at &+= Words.first(others)
                        break
                    }
                    at &+= 8
                }
                continue
            }
            switch place {
            case .behindMember:
                if byte == UInt8(ascii: ",") {
                    place = .key
                    at &+= 1
                    continue
                }
                guard byte == UInt8(ascii: "}") else { return refuse(byte, at) }
                return close(.objectEnd, at, &offset)
            case .behindElement:
                if byte == UInt8(ascii: ",") {
                    place = .element
                    at &+= 1
                    continue
                }
                guard byte == UInt8(ascii: "]") else { return refuse(byte, at) }
                return close(.arrayEnd, at, &offset)
            case .key, .firstKey:
                guard byte == UInt8(ascii: "\"") else {
                    guard byte == UInt8(ascii: "}"), place == .firstKey else { return refuse(byte, at) }
                    return close(.objectEnd, at, &offset)
                }
                begin(at)
                at &+= 1
                text.begin()
                offset = at
                return unsafe string(.key, base, bound, count, &offset, isLast)
            case .colon:
                guard byte == UInt8(ascii: ":") else { return refuse(byte, at) }
                place = .memberValue
                at &+= 1
                continue
            case .done, .refused:
                return refuse(byte, at)
            case .start, .memberValue, .element, .firstElement:
                begin(at)
                offset = at
                switch byte {
                case UInt8(ascii: "\""):
                    offset = at &+ 1
                    text.begin()
                    return unsafe string(.string, base, bound, count, &offset, isLast)
                case UInt8(ascii: "-"), 0x30...0x39:
                    number = .start
                    return unsafe number(base, bound, count, &offset, isLast)
                case UInt8(ascii: "{"): return open(.objectStart, at, &offset)
                case UInt8(ascii: "["): return open(.arrayStart, at, &offset)
                case UInt8(ascii: "]") where place == .firstElement: return close(.arrayEnd, at, &offset)
                case UInt8(ascii: "t"): return unsafe literal(.true, from: 0, base, bound, count, &offset, isLast)
                case UInt8(ascii: "f"): return unsafe literal(.false, from: 0, base, bound, count, &offset, isLast)
                case UInt8(ascii: "n"): return unsafe literal(.null, from: 0, base, bound, count, &offset, isLast)
                default: return refuse(byte, at)
                }
            }
        }
    }

    @inline(__always)
    private mutating func begin(_ at: Int) {
        start = at
        flags = JSONToken.first
    }
}

// MARK: Structure

extension JSONTokenizer {
    @inline(__always)
    private mutating func open(_ kind: JSONToken.Kind, _ at: Int, _ offset: inout Int) -> JSONToken.Kind {
        guard depth < limits.depth else { return fail(.tooDeep, at) }
        let bit = UInt64(1) &<< UInt64(truncatingIfNeeded: depth & 63)
        // The depth is below its limit, which is at most 16 words of bits.
        if kind == .objectStart {
            unsafe objects[unchecked: depth &>> 6] |= bit
            place = .firstKey
        } else {
            unsafe objects[unchecked: depth &>> 6] &= ~bit
            place = .firstElement
        }
        depth &+= 1
        offset = at &+ 1
        end = offset
        flags = JSONToken.whole
        return kind
    }

    @inline(__always)
    private mutating func close(_ kind: JSONToken.Kind, _ at: Int, _ offset: inout Int) -> JSONToken.Kind {
        depth &-= 1
        start = at
        offset = at &+ 1
        end = offset
        flags = JSONToken.whole
        endValue()
        return kind
    }

    /// Behind a value: what its surroundings allow next.
    @inline(__always)
    mutating func endValue() {
        guard depth > 0 else {
            place = .done
            return
        }
        let level = depth &- 1
        // As in `open`.
        let isObject = unsafe objects[unchecked: level &>> 6] &>> UInt64(truncatingIfNeeded: level & 63) & 1 == 1
        place = isObject ? .behindMember : .behindElement
    }

    /// The piece, or what may be looked at of it, is used.
    private mutating func pause(_ bound: Int, _ count: Int, _ offset: inout Int, _ isLast: Bool) -> JSONToken.Kind {
        guard place != .refused else { return .failed }
        guard bound == count else { return fail(.tooLarge, bound) }
        offset = count
        start = count
        end = count
        flags = flags & JSONToken.escaped
        guard isLast else {
            consumed &+= count
            return .needMore
        }
        guard place == .done, cut == .none else { return fail(.truncated, count) }
        return .end
    }

    @inline(never)
    mutating func fail(_ code: JSONError.Code, _ at: Int) -> JSONToken.Kind {
        error = JSONError(code, at: consumed &+ at)
        place = .refused
        cut = .none
        return .failed
    }

    /// The byte at `at` is not allowed here.
    @inline(never)
    private mutating func refuse(_ byte: UInt8, _ at: Int) -> JSONToken.Kind {
        switch place {
        // The mark's first byte tells; nothing else that begins with it could be read either.
        case .start: fail(byte == 0xEF && consumed &+ at == 0 ? .byteOrderMark : .expectedValue, at)
        case .element, .firstElement, .memberValue: fail(.expectedValue, at)
        case .key, .firstKey: fail(.expectedKey, at)
        case .colon: fail(.expectedColon, at)
        case .behindMember, .behindElement: fail(.expectedCommaOrEnd, at)
        case .done: fail(.trailingBytes, at)
        case .refused: .failed
        }
    }
}

extension JSONTokenizer {
    /// Checks a whole piece where nobody asks what is in it.
    package mutating func validate(_ input: Span<UInt8>, isLast: Bool) throws(JSONError) {
        var at = 0
        let failed = unsafe input.withUnsafeBufferPointer { bytes in
            let base = unsafe JSONStream.start(of: bytes)
            while true {
                switch unsafe advance(base, bytes.count, &at, isLast) {
                case .needMore, .end: return false
                case .failed: return true
                default: continue
                }
            }
        }
        if failed { throw error }
    }
}

/// Where bytes begin. An empty span may have no address; nothing is read through the one it gets here.
@inline(__always)
func start(of bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8> {
    unsafe bytes.baseAddress ?? UnsafePointer(bitPattern: 8)!
}
