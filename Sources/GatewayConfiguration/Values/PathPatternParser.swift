/// Reads a path pattern: `/api/users/{id}`, `/api/orders/{proxy+}`, `/static/**`, `/v1/*/detail`.
///
/// The language is whole segments on purpose: `/abc/**` never matches `/abcd`, and which of two patterns is the more
/// specific can be said segment by segment. What looks like more (`{id}.json`, `a*`) is refused with the way to say it.
extension PathPattern {
    static func parse(_ text: String) throws(Problem) -> PathPattern {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw Problem("is a path without a leading /", fix: "begin the path with /", suggestion: "/" + text)
        }
        // Longer than the longest request line by default: it could never match.
        guard text.utf8.count <= 8192 else { throw Problem("is a path longer than 8192 bytes", fix: "shorten it") }
        var segments: [Segment] = []
        segments.reserveCapacity(text.utf8.count { $0 == UInt8(ascii: "/") })
        var start = text.utf8.index(after: text.utf8.startIndex)
        while true {
            let end = text.utf8[start...].firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
            let isLast = end == text.endIndex
            let segment = try parseSegment(text[start..<end], isLast: isLast)
            if let name = segment.parameterName { try refuseRepeated(name, in: segments) }
            segments.append(segment)
            if isLast { return PathPattern(text: text, segments: segments) }
            start = text.utf8.index(after: end)
        }
    }

    /// A trailing slash is a last, empty literal: `/a/` and `/a` are two paths. Anywhere else an empty segment is refused,
    /// as no pattern with one is likely to be meant.
    private static func parseSegment(_ piece: Substring, isLast: Bool) throws(Problem) -> Segment {
        // Most segments are plain text in its normal form.
        if !piece.isEmpty, piece.utf8.allSatisfy(isPlainByte), piece.utf8.first != UInt8(ascii: ".") {
            return .literal(String(piece))
        }
        if piece.isEmpty {
            guard isLast else { throw Problem("has an empty segment (//)", fix: "write one / between segments") }
            return .literal("")
        }
        if piece == "**" {
            guard isLast else {
                throw Problem("has ** before its end", fix: "write * for one segment; ** stands only at the end")
            }
            return .noneOrMore
        }
        if piece == "*" { return isLast ? .oneOrMore(nil) : .parameter(nil) }
        if piece.utf8.contains(UInt8(ascii: "{")) || piece.utf8.contains(UInt8(ascii: "}")) {
            return try parseParameter(piece, isLast: isLast)
        }
        if piece.utf8.contains(UInt8(ascii: "*")) {
            throw Problem(
                "mixes * with other text in one segment", part: String(piece),
                fix: "let * be a whole segment, write %2A for the character, or match with { regex: … }")
        }
        let literal = try PathText.normalise(piece)
        if literal == "." || literal == ".." {
            throw Problem(
                "has a dot segment, which no normalised path has", part: literal, fix: "write the path without it")
        }
        return .literal(literal)
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: "*") && byte != UInt8(ascii: "%") && PathText.isPathByte(byte)
    }

    /// `{name}` or `{name+}`, as a whole segment.
    private static func parseParameter(_ piece: Substring, isLast: Bool) throws(Problem) -> Segment {
        guard piece.hasPrefix("{"), piece.hasSuffix("}"), piece.utf8.count(where: { $0 == UInt8(ascii: "{") }) == 1,
            piece.utf8.count(where: { $0 == UInt8(ascii: "}") }) == 1
        else {
            throw Problem(
                "mixes a parameter with other text in one segment", part: String(piece),
                fix: "let {name} be a whole segment, or match with { regex: … }")
        }
        var name = piece.dropFirst().dropLast()
        let takesMore = name.hasSuffix("+")
        if takesMore { name = name.dropLast() }
        guard PathText.isParameterName(name) else {
            throw Problem(
                name.isEmpty ? "has a parameter without a name" : "has a parameter with a name that is not one",
                part: String(piece), fix: "name it with letters, digits, _ and -, a letter or _ first, as in {user_id}")
        }
        guard takesMore else { return .parameter(String(name)) }
        guard isLast else {
            throw Problem(
                "has {name+} before its end", part: String(piece),
                fix: "{\(name)} takes one segment; {\(name)+} stands only at the end")
        }
        return .oneOrMore(String(name))
    }

    private static func refuseRepeated(_ name: String, in segments: [Segment]) throws(Problem) {
        for segment in segments where segment.parameterName == name {
            throw Problem("names two parameters alike", part: "{\(name)}", fix: "give each parameter a name of its own")
        }
    }

    /// The names that templates of this route may use.
    package var parameterNames: [String] { segments.compactMap(\.parameterName) }
}

extension PathPattern.Segment {
    var parameterName: String? {
        switch self {
        case .parameter(let name), .oneOrMore(let name): name
        case .literal, .noneOrMore: nil
        }
    }
}
