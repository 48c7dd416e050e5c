/// Takes one field line apart: `name ":" OWS value OWS` (RFC 9112 §5).
///
/// There are two ways through a line, and a test holds them together.
/// 1. `parseAtOnce` takes a line that has arrived whole, finding its end, its colon and its faults in one pass, eight
///    bytes at a time. It takes only canonical lines, `Name: value\r\n`, which nearly all are; a fault, other blanks,
///    or a line that is not complete it leaves alone.
/// 2. `parse` takes a line whose end has been found, and says what is wrong with it. In it no loop over a name or over
///    blanks passes the CR at the line's end.
enum FieldLineParser {
    /// Parses the line if it is all there and plainly good, and adds its field to the block.
    ///
    /// - Parameter limit: how far into the arena the line may reach.
    /// - Returns: the offset behind the line, or -1 if it is for `parse` to look at.
    @inline(__always)
    static func parseAtOnce(_ block: HeaderBlock, from lineStart: Int, limit: Int) -> Int {
        let base = unsafe UnsafePointer(block.arena.base)
        let count = block.arena.count
        // The colon. Looking may run beyond the line's end, but a name found so has a CR in it and is no good.
        var colon = lineStart
        while true {
            if colon &+ 8 > count { return -1 }
            // Eight bytes are there, as just tested.
            let marks = Words.colons(unsafe Words.load(base + colon))
            if marks != 0 {
                colon &+= Words.first(marks)
                break
            }
            colon &+= 8
        }
        let nameLength = colon &- lineStart
        if nameLength == 0 { return -1 }
        // A name that is known is thereby valid; any other is looked at byte by byte, all of them before the colon.
        let known = unsafe block.names.lookup(base + lineStart, nameLength)
        var flags = HeaderBlock.Field.canonical
        if known == .none {
            var classes: UInt8 = 0
            var position = lineStart
            while position < colon {
                let byteClass = ByteClass.of(unsafe base[position])
                if byteClass & ByteClass.token == 0 { return -1 }
                classes |= byteClass
                position &+= 1
            }
            if classes & ByteClass.underscore != 0 { flags |= HeaderBlock.Field.underscored }
        }
        let valueStart = colon &+ 2
        // The bytes at `valueStart` and before are there if the first condition holds.
        guard valueStart < count, unsafe base[valueStart &- 1] == 0x20, unsafe base[valueStart] != 0x20 else {
            return -1
        }
        let valueEnd = unsafe firstControl(base, from: valueStart, to: count)
        let end = valueEnd &+ 2
        guard end <= count, end <= limit,
            // These lie within the arena, as the first condition says.
            unsafe base[valueEnd] == 0x0D, unsafe base[valueEnd &+ 1] == 0x0A, unsafe base[valueEnd &- 1] != 0x20
        else { return -1 }
        block.addField(
            HeaderBlock.Field(
                name: ByteRange(lineStart, colon), value: ByteRange(valueStart, valueEnd), known: known, flags: flags))
        return end
    }

    /// The offset of the first control character, or some offset from `end` on if there is none before. It may also be
    /// that of a `~` behind obs-text (see `Words.controls`), which is no line end and sends the line to `parse`.
    @inline(__always)
    private static func firstControl(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            // Eight bytes are there, as just tested.
            let marks = Words.controls(unsafe Words.load(base + position))
            if marks != 0 { return position &+ Words.first(marks) }
            position &+= 8
        }
        if position >= end || end < 8 { return end }
        // The last bytes, under eight of them: a word that ends with them, without what stands before. What moves in
        // from above is zero, counts as a control character, and lies at `end` or beyond.
        let word = unsafe Words.load(base + (end &- 8)) &>> UInt64((position &- (end &- 8)) &* 8)
        return position &+ Words.first(Words.controls(word))
    }

    /// Parses a line that is complete, with its CR at `lineEnd`, and adds its field to the block.
    static func parse(_ block: HeaderBlock, from lineStart: Int, to lineEnd: Int) throws(WireError) {
        let base = unsafe UnsafePointer(block.arena.base)
        var position = lineStart
        var classes: UInt8 = 0
        // Ends at the CR at the latest, which is no token byte.
        while true {
            let byteClass = unsafe ByteClass.of(base[position])
            if byteClass & ByteClass.token == 0 { break }
            classes |= byteClass
            position &+= 1
        }
        let colon = position
        guard unsafe base[colon] == UInt8(ascii: ":"), colon > lineStart else {
            throw unsafe nameFault(base, lineStart, colon, lineEnd)
        }
        position &+= 1
        // Ends at the CR at the latest, which is no blank.
        while unsafe ByteClass.isBlank(base[position]) { position &+= 1 }
        var valueEnd = lineEnd
        while valueEnd > position, unsafe ByteClass.isBlank(base[valueEnd &- 1]) { valueEnd &-= 1 }
        try unsafe checkValue(base, position, valueEnd)

        var flags: UInt8 = classes & ByteClass.underscore != 0 ? HeaderBlock.Field.underscored : 0
        let isCanonical = unsafe position == colon &+ 2 && base[colon &+ 1] == 0x20 && valueEnd == lineEnd
        if isCanonical { flags |= HeaderBlock.Field.canonical }
        block.addField(
            HeaderBlock.Field(
                name: ByteRange(lineStart, colon), value: ByteRange(position, valueEnd),
                known: unsafe block.names.lookup(base + lineStart, colon &- lineStart), flags: flags))
    }

    /// Looks at a value byte by byte, and says what is wrong with it.
    static func checkValue(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) throws(WireError) {
        var position = start
        while position < end {
            // Between `start` and `end`, which lie in one line.
            let byte = unsafe base[position]
            if ByteClass.of(byte) & ByteClass.fieldValue == 0 { throw fault(of: byte) }
            position &+= 1
        }
    }

    /// The error that a control character makes.
    static func fault(of byte: UInt8) -> WireError {
        switch byte {
        case 0x00: .nulByte
        case 0x0D: .bareCR
        default: .controlCharacter
        }
    }

    /// What is wrong with a line whose name does not end with a colon at `position`.
    private static func nameFault(
        _ base: UnsafePointer<UInt8>, _ lineStart: Int, _ position: Int, _ lineEnd: Int
    ) -> WireError {
        // `position` is at most `lineEnd`, where the CR stands.
        let byte = unsafe base[position]
        if position == lineEnd { return .missingColon }
        if ByteClass.isBlank(byte) {
            if position == lineStart { return .lineFolding }
            var next = position
            while unsafe ByteClass.isBlank(base[next]) { next += 1 }
            return unsafe base[next] == UInt8(ascii: ":") ? .spaceBeforeColon : .badFieldName
        }
        return byte < 0x20 ? fault(of: byte) : .badFieldName
    }
}
