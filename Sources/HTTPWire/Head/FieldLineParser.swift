/// Takes one field line apart: `name ":" OWS value OWS` (RFC 9112 §5), which has been found complete in a block's arena.
///
/// This is where most of a head's bytes are looked at, so it reads the arena through its pointer, the name through a table
/// and the value eight bytes at a time. All offsets stay within `lineStart...lineEnd`, and at `lineEnd` stands the CR of
/// the line's end, which no loop over a name or over blanks passes.
enum FieldLineParser {
    /// Parses the line and adds its field to the block.
    @inline(__always)
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
        while unsafe valueEnd > position && ByteClass.isBlank(base[valueEnd &- 1]) { valueEnd &-= 1 }
        if unsafe !isPlain(base, lineStart, position, valueEnd) { try unsafe checkValue(base, position, valueEnd) }

        var flags: UInt8 = classes & ByteClass.underscore != 0 ? HeaderBlock.Field.underscored : 0
        let isCanonical = unsafe position == colon &+ 2 && base[colon &+ 1] == 0x20 && valueEnd == lineEnd
        if isCanonical { flags |= HeaderBlock.Field.canonical }
        block.addField(
            HeaderBlock.Field(
                name: ByteRange(lineStart, colon), value: ByteRange(position, valueEnd),
                known: unsafe knownFieldTable.lookup(base + lineStart, colon &- lineStart), flags: flags))
    }

    /// Whether no byte of the value is a control character: the quick test, which also fails for HTAB.
    ///
    /// Eight bytes at a time; the last eight overlap those before, or reach back into the name, which has been checked
    /// and consists of bytes that pass here too. Only a line of under eight bytes is left to the thorough test.
    @inline(__always)
    private static func isPlain(_ base: UnsafePointer<UInt8>, _ lineStart: Int, _ start: Int, _ end: Int) -> Bool {
        if end &- lineStart < 8 { return start == end }
        var faults: UInt64 = 0
        var position = start
        while position &+ 8 <= end {
            // Within the line, as the condition says.
            faults |= unsafe controls(UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            position &+= 8
        }
        // Within the line: at least eight bytes lie between its start and `end`. With an empty value blanks or the colon
        // are read, and an HTAB among them only leads to the thorough test.
        faults |= unsafe controls(UnsafeRawPointer(base + (end &- 8)).loadUnaligned(as: UInt64.self))
        return faults == 0
    }

    /// The high bit of each byte that is below 0x20 or is 0x7f; other bits are zero. No sum carries into its neighbour,
    /// because the high bits are masked out before.
    @inline(__always)
    private static func controls(_ word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let atLeastSpace = low &+ 0x6060_6060_6060_6060
        let isDelete = low &+ 0x0101_0101_0101_0101
        return (~atLeastSpace | isDelete) & ~word & 0x8080_8080_8080_8080
    }

    /// The thorough test of a value, byte by byte, which tells what is wrong.
    @inline(never)
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
    @inline(never)
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
        let control = byte < 0x20 ? fault(of: byte) : .badFieldName
        return control
    }
}
