/// Host names, tokens and other short words with rules of their own.

/// Compared in lower case, without port and without the root's final dot, as RFC 9110 §4.2.3 and the DNS have it.
enum HostName {
    /// A DNS name or IPv4 literal in lower case. Underscores are taken: they are common inside clusters.
    static func parse(_ text: some StringProtocol) throws(Problem) -> String {
        let fix = "write a name such as users.internal or an address such as 10.0.0.1"
        let lower = text.lowercased()
        let name = lower.hasSuffix(".") ? String(lower.dropLast()) : lower
        guard !name.isEmpty else { throw Problem("has no host", fix: fix) }
        guard name.utf8.count <= 253 else { throw Problem("has a host longer than 253 characters", fix: fix) }
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard !label.isEmpty else { throw Problem("has an empty label in its host", part: name, fix: fix) }
            guard label.count <= 63 else { throw Problem("has a label longer than 63 characters", fix: fix) }
            guard label.allSatisfy(isNameByte) else {
                throw Problem("has a character in its host that no name may have", part: name, fix: fix)
            }
            guard label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
                throw Problem("has a label that begins or ends with a hyphen", part: name, fix: fix)
            }
        }
        return name
    }

    /// As `parse`, with `*` allowed as the leftmost label: `*.example.org`.
    static func parsePattern(_ text: String) throws(Problem) -> String {
        // A port in a pattern would never match: the host of a request is compared without its own.
        if text.contains(":") && !text.hasPrefix("[") {
            throw Problem("carries a port", fix: "write the host alone: ports are ignored when hosts are compared")
        }
        if text.hasPrefix("[") {
            guard text.hasSuffix("]"), IPAddress.parse(text.dropFirst().dropLast())?.isIPv6 == true else {
                throw Problem("is not a host", fix: "write an IPv6 address between brackets, without a port")
            }
            return text.lowercased()
        }
        if text == "*" {
            throw Problem("would match every host", fix: "leave hosts out to match every host")
        }
        let rest = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        if rest.contains("*") {
            throw Problem(
                "has a wildcard that is not its whole leftmost label",
                fix: "write *.example.org for every host below it")
        }
        let name = try parse(rest)
        return text.hasPrefix("*.") ? "*." + name : name
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

/// RFC 9110 §5.6.2.
enum Token {
    static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isTokenByte) }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    static func fieldName(_ text: String) throws(Problem) {
        guard isToken(text) else {
            throw Problem("is not a header name", fix: "use letters, digits and hyphens, as in X-Api-Version")
        }
    }

    /// Methods are case-sensitive (RFC 9110 §9.1): `get` is a method that nobody sends.
    static func method(_ text: String) throws(Problem) {
        let fix = "write methods in upper case: GET, POST, …, or ANY"
        guard isToken(text) else { throw Problem("is not a method", fix: fix) }
        guard text == text.uppercased() else {
            throw Problem("is not a method: methods are upper case", fix: fix, suggestion: text.uppercased())
        }
        if text == "CONNECT" || text == "TRACE" {
            throw Problem("is a method that is always refused", fix: "leave it out")
        }
    }

    /// Visible characters, spaces and tabs: what a header value may hold (RFC 9110 §5.5).
    static func fieldValue(_ text: String) throws(Problem) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw Problem("holds a control character, which no header value may", fix: "remove line breaks")
        }
        guard text.utf8.first != 0x20, text.utf8.last != 0x20, text.utf8.first != 0x09, text.utf8.last != 0x09 else {
            throw Problem("begins or ends with white space", fix: "remove it: header values are compared without")
        }
    }
}

/// RFC 9110 §8.3.1; what the parameters mean is the comparison's business.
enum MediaType {
    /// `application/json`, or with parameters: `application/json;version=2`.
    static func parse(_ text: String) throws(Problem) {
        let fix = "write type/subtype, with parameters if needed: application/json;version=2"
        let pieces = text.split(separator: ";", omittingEmptySubsequences: false)
        let halves = pieces[0].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ Token.isToken(trim(String($0))) }) else {
            throw Problem("is not a media type", fix: fix)
        }
        for parameter in pieces.dropFirst() {
            let sides = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, Token.isToken(trim(String(sides[0]))), !sides[1].isEmpty else {
                throw Problem("has a media type parameter without name or value", part: String(parameter), fix: fix)
            }
        }
    }
}

/// Without spaces and tabs at either end.
func trim(_ text: String) -> String {
    let start = text.drop { $0 == " " || $0 == "\t" }
    var end = start.endIndex
    while end > start.startIndex {
        let before = start.index(before: end)
        guard start[before] == " " || start[before] == "\t" else { break }
        end = before
    }
    return String(start[..<end])
}
