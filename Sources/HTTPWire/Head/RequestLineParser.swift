/// Takes a request line apart: `method SP request-target SP HTTP-version` (RFC 9112 §3), one space each, no more.
///
/// The line lies complete in the head's arena, with a CR at `end`; no loop below passes a CR. The offsets that it notes
/// are those of the line's parts; what the target means for `Host` is settled when the fields are known.
enum RequestLineParser {
    /// Longer method names are nobody's.
    static let longestMethod = 32

    static func parse(_ head: RequestHead, from start: Int, to end: Int) throws(WireError) {
        let block = head.fields
        // All offsets below lie between `start` and `end`, both within the arena.
        let base = unsafe UnsafePointer(block.arena.base)
        if start == end { throw .badRequestLine }
        var position = start
        while unsafe ByteClass.of(base[position]) & ByteClass.token != 0 { position &+= 1 }
        guard unsafe base[position] == 0x20, position > start, position - start <= longestMethod else {
            if position == end && position - start <= longestMethod { throw .badRequestLine }
            throw unsafe fault(of: base[position], else: .badMethod)
        }
        var parts = RequestHead.Parts()
        parts.methodText = ByteRange(start, position)
        parts.method = Method.lookup(block.bytes(parts.methodText))

        let targetStart = position &+ 1
        position = targetStart
        var queryMark = -1
        while true {
            let byte = unsafe base[position]
            if ByteClass.of(byte) & ByteClass.target == 0 { break }
            if byte == UInt8(ascii: "?") && queryMark < 0 { queryMark = position }
            position &+= 1
        }
        let targetEnd = position
        guard unsafe base[targetEnd] == 0x20, targetEnd > targetStart else {
            // No version: HTTP/0.9. No target: a second space.
            if targetEnd == end { throw .badRequestLine }
            if targetEnd == targetStart, unsafe base[targetEnd] == 0x20 { throw .badRequestLine }
            throw unsafe fault(of: base[targetEnd], else: .badTarget)
        }
        parts.minorVersion = try unsafe minorVersion(base + (targetEnd &+ 1), end &- targetEnd &- 1)
        parts.target = ByteRange(targetStart, targetEnd)
        parts.hasQuery = queryMark >= 0
        if parts.hasQuery { parts.query = ByteRange(queryMark + 1, targetEnd) }
        let pathEnd = parts.hasQuery ? queryMark : targetEnd

        // The target is not empty, so its first byte may be read.
        if unsafe base[targetStart] == UInt8(ascii: "/") && parts.method != .connect {
            parts.path = ByteRange(targetStart, pathEnd)
        } else {
            try parseOtherForm(block, &parts, pathEnd: pathEnd)
        }
        head.parts = parts
    }

    /// The forms that a gateway rarely sees: absolute (RFC 9112 §3.2.2), authority (§3.2.3), asterisk (§3.2.4).
    private static func parseOtherForm(
        _ block: HeaderBlock, _ parts: inout RequestHead.Parts, pathEnd: Int
    ) throws(WireError) {
        let target = block.bytes(parts.target)
        if parts.method == .connect {
            guard let authority = Authority(target), authority.port >= 0 else { throw .badTarget }
            parts.authority = parts.target
            return
        }
        if target.count == 1 && target[0] == UInt8(ascii: "*") {
            guard parts.method == .options else { throw .badTarget }
            parts.path = parts.target
            return
        }
        let schemeLength: Int
        if target.count > 7 && Text.equals(target.extracting(..<7), "http://") {
            schemeLength = 7
        } else if target.count > 8 && Text.equals(target.extracting(..<8), "https://") {
            schemeLength = 8
            parts.isSecureScheme = true
        } else {
            throw .badTarget
        }
        parts.hasScheme = true
        let targetStart = Int(parts.target.start)
        var end = schemeLength
        while targetStart + end < pathEnd && target[end] != UInt8(ascii: "/") { end += 1 }
        guard Authority(target.extracting(schemeLength..<end)) != nil else { throw .badHost }
        parts.authority = ByteRange(targetStart + schemeLength, targetStart + end)
        // May be empty; `settle` then puts a `/` into the arena, which must not happen while input is added to it.
        parts.path = ByteRange(targetStart + end, pathEnd)
    }

    /// The digit behind `HTTP/1.`, which must be all that is left of the line.
    private static func minorVersion(_ start: UnsafePointer<UInt8>, _ length: Int) throws(WireError) -> UInt8 {
        // Exactly eight bytes are read, and that many are there.
        guard length == 8 else { throw .badVersion }
        let word = unsafe UnsafeRawPointer(start).loadUnaligned(as: UInt64.self).bigEndian
        if word == 0x4854_5450_2F31_2E31 { return 1 }
        if word == 0x4854_5450_2F31_2E30 { return 0 }
        let major = UInt8(truncatingIfNeeded: word &>> 16)
        let minor = UInt8(truncatingIfNeeded: word)
        guard word &>> 24 == 0x48_5454_502F, ByteClass.isDigit(major), ByteClass.isDigit(minor),
            UInt8(truncatingIfNeeded: word &>> 8) == UInt8(ascii: ".")
        else { throw .badVersion }
        throw .unsupportedVersion
    }

    private static func fault(of byte: UInt8, else other: WireError) -> WireError {
        byte < 0x20 || byte == 0x7F ? FieldLineParser.fault(of: byte) : other
    }
}
