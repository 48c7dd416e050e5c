internal import HTTPWire

/// Pieces of a request as parameters are made of them: copies, since what they become is checked later.
enum RequestText {
    /// `%41` becomes `A`; in queries `+` becomes a space.
    static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "%"), index + 2 < text.endIndex, let high = digit(text[index + 1]),
                let low = digit(text[index + 2])
            {
                output.append(high << 4 | low)
                index += 3
                continue
            }
            output.append(byte == UInt8(ascii: "+") && plusIsSpace ? 0x20 : byte)
            index += 1
        }
        return output
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = byte | 0x20
        return letter &- 0x61 < 6 ? letter &- 0x57 : nil
    }

    /// At each `separator`; a text of no bytes is one empty part.
    static func split(_ text: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        text.split(separator: separator, omittingEmptySubsequences: false)
    }

    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.append(bytes)
        return copy
    }

    /// The pairs of a query, names decoded.
    static func pairs(ofQuery query: [UInt8]) -> [(name: [UInt8], value: ArraySlice<UInt8>)] {
        guard !query.isEmpty else { return [] }
        return split(query[...], at: UInt8(ascii: "&")).compactMap { pair in
            guard !pair.isEmpty else { return nil }
            let sign = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = sign < pair.endIndex ? pair[(sign + 1)...] : pair[pair.endIndex...]
            return (decoded(pair[..<sign], plusIsSpace: true), value)
        }
    }

    /// The cookies of all `Cookie` fields (RFC 6265 §4.2).
    static func cookies(_ fields: HeaderBlock) -> [(name: [UInt8], value: ArraySlice<UInt8>)] {
        var cookies: [(name: [UInt8], value: ArraySlice<UInt8>)] = []
        var index = fields.firstIndex(of: .cookie)
        while index >= 0 {
            let text = copy(fields.value(index))
            for part in split(text[...], at: UInt8(ascii: ";")) {
                let cookie = trimmed(part)
                guard let sign = cookie.firstIndex(of: UInt8(ascii: "=")) else { continue }
                cookies.append((Array(cookie[..<sign]), cookie[(sign + 1)...]))
            }
            index = fields.nextIndex(of: .cookie, after: index)
        }
        return cookies
    }

    /// All fields of a name as one list (RFC 9110 §5.3); nil: there is none.
    static func field(_ name: [UInt8], _ fields: HeaderBlock) -> [UInt8]? {
        var text: [UInt8]?
        var index = fields.firstIndex(named: name.span)
        while index >= 0 {
            let value = copy(fields.value(index))
            if text == nil { text = value } else { text?.append(contentsOf: Array(", ".utf8) + value) }
            index = fields.firstIndex(named: name.span, after: index)
        }
        return text
    }

    /// The segment at a place of a path, counted from 0 behind the leading slash, and, if `isRest`, all behind it.
    static func segment(_ place: Int, isRest: Bool, of path: [UInt8]) -> ArraySlice<UInt8>? {
        var start = 1
        for _ in 0..<max(place, 0) {
            guard start <= path.count, let slash = path[start...].firstIndex(of: UInt8(ascii: "/")) else { return nil }
            start = slash + 1
        }
        guard place >= 0, start <= path.count else { return nil }
        if isRest { return path[start...] }
        return path[start..<(path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count)]
    }
}
