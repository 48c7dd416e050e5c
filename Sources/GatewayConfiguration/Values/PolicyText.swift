/// Small grammars of single values that policies and matches are written in.
enum PolicyText {
    static let retryConditions = RetriesConfiguration.Condition.allCases.map(\.rawValue)

    /// One path segment in its normal spelling.
    /// Normal already, so that comparing it with the first segment of a normalised path is comparing bytes.
    static func stage(_ text: String) throws(Problem) {
        let fix = "write one path segment, as in prod"
        guard !text.isEmpty else { throw Problem("is empty", fix: fix) }
        guard !text.contains("/"), !text.contains("{"), text != ".", text != "..", try PathText.normalise(text) == text
        else {
            throw Problem("is not one plain path segment", fix: fix)
        }
    }

    /// Compiled by the engine; here its size is bounded and what can be no expression is refused.
    static func regex(_ text: String) throws(Problem) {
        guard !text.isEmpty else {
            throw Problem("is an empty regular expression", fix: "write one, or remove the key")
        }
        guard text.utf8.count <= 4096 else { throw Problem("is longer than 4096 bytes", fix: "shorten the expression") }
        guard !text.utf8.contains(0) else { throw Problem("holds a NUL character", fix: "remove it") }
    }

    static func limitKey(_ text: String) throws(Problem) {
        try keyed(
            text, words: ["client_ip", "consumer", "route"], prefixes: ["header", "claim", "cookie", "query", "path"])
    }

    static func hashKey(_ text: String) throws(Problem) {
        try keyed(text, words: ["client_ip", "path", "consumer"], prefixes: ["header", "cookie", "claim", "query"])
    }

    /// One of the words, or a prefix with a name behind a colon.
    private static func keyed(_ text: String, words: [String], prefixes: [String]) throws(Problem) {
        if words.contains(text) { return }
        let forms = words + prefixes.map { "\($0):NAME" }
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, prefixes.contains(String(halves[0])) else {
            throw Problem(
                "is not a key", fix: "write one of \(forms.joined(separator: ", "))",
                suggestion: halves.count == 1 ? EditDistance.nearest(to: text, among: words) : nil)
        }
        guard !halves[1].isEmpty else { throw Problem("names nothing after the colon", fix: "write a name after it") }
        if halves[0] == "header" { try Token.fieldName(String(halves[1])) }
    }

    /// A JSONPath's outline; compiled where it is used.
    static func jsonPath(_ text: String) throws(Problem) {
        guard text == "$" || text.hasPrefix("$.") || text.hasPrefix("$[") else {
            throw Problem("is not a JSONPath", fix: "begin it with $. as in $.orders")
        }
        var depth = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "[") { depth += 1 }
            if byte == UInt8(ascii: "]") { depth -= 1 }
            guard depth >= 0 else { break }
        }
        guard depth == 0, !text.hasSuffix(".") else {
            throw Problem("is a JSONPath without an end", fix: "close its brackets")
        }
    }

    /// `https://app.example.com`, `https://*.example.com`, `*`.
    /// An origin has no path (RFC 6454 §7): `https://a/` is never what a browser sends.
    static func origin(_ text: String) throws(Problem) {
        if text == "*" || text == "null" { return }
        let fix = "write scheme and host, as in https://app.example.com or https://*.example.com"
        let url = try HTTPURL.parse(text.replacingWildcardLabel())
        guard url.path.isEmpty, url.query == nil else {
            throw Problem("is more than an origin: it has a path", fix: fix)
        }
    }

    /// `/users/{claims.sub}/recent?limit=5`: placeholders name claims, path parameters or other parts.
    static func partPath(_ text: String) throws(Problem) {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw Problem("is a path without a leading /", fix: "begin the path with /", suggestion: "/" + text)
        }
        var open = false
        var length = 0
        for byte in text.utf8 {
            guard byte > 0x20, byte != 0x7f, byte != UInt8(ascii: "#") else {
                throw Problem("holds a character that must be percent-encoded", fix: "write a space as %20")
            }
            if byte == UInt8(ascii: "{") {
                guard !open else {
                    throw Problem("has a brace inside braces", fix: "write placeholders as {claims.sub}")
                }
                open = true
                length = 0
            } else if byte == UInt8(ascii: "}") {
                guard open, length > 0 else {
                    throw Problem("has a brace without its partner", fix: "write placeholders as {claims.sub}")
                }
                open = false
            } else {
                length += 1
            }
        }
        if open { throw Problem("has a brace without its partner", fix: "write placeholders as {claims.sub}") }
    }

    /// What references already mean.
    static let reservedParts: Set<String> = ["request", "claims", "item", "failed", "body", "header", "query"]

    /// A name that stands in references as it is.
    static func partName(_ text: String) throws(Problem) {
        let isWord = text.utf8.allSatisfy { byte in
            switch byte | 0x20 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
        }
        guard isWord, let first = text.utf8.first, (0x61...0x7a).contains(first | 0x20) else {
            throw Problem(
                "is no name of a part",
                fix: "use letters, digits, _ and -, a letter first; a template gives members any name")
        }
        if reservedParts.contains(text) {
            throw Problem("means something else in references", fix: "use another name, and a template for the member")
        }
    }

    /// A name and what is behind it; the path itself is compiled where it is used.
    static func partReference(_ text: String) throws(Problem) {
        let fix = "write $ and what holds the array, as in $orders.items or $request.body.ids"
        guard text.hasPrefix("$"), let first = text.utf8.dropFirst().first, (0x61...0x7a).contains(first | 0x20) else {
            throw Problem("is no reference", fix: fix)
        }
    }
}

extension String {
    /// `https://*.example.com` with a plain label in the wildcard's place, so that the URL's own rules can be applied.
    fileprivate func replacingWildcardLabel() -> String {
        guard let scheme = firstIndex(of: "/"), self[scheme...].hasPrefix("//*.") else { return self }
        return self[..<scheme] + "//any." + self[scheme...].dropFirst(4)
    }
}

extension HostPolicy {
    static func parse(_ text: String) throws(Problem) -> HostPolicy {
        switch text {
        case "target": return .target
        case "preserve": return .preserve
        default:
            let fix = "write target, preserve, or a host such as users.internal or users.internal:8080"
            do throws(Problem) {
                let url = try HTTPURL.parse("http://" + text)
                guard url.path.isEmpty, url.query == nil else { throw Problem("is not a host", fix: fix) }
            } catch {
                throw Problem(error.reason, part: error.part, fix: fix)
            }
            return .literal(text.lowercased())
        }
    }
}
