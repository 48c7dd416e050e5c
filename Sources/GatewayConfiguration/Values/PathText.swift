/// The one spelling of a path: what patterns, templates and requests are compared in.
///
/// Percent escapes are upper-cased, those of unreserved characters decoded (RFC 3986 §6.2.2), characters beyond ASCII
/// encoded as their UTF-8 bytes: `/caf%C3%A9`, `/café` and `/caf%c3%a9` are one path, `/a%2Db` is `/a-b`.
enum PathText {
    /// Dot segments are not removed here: in a pattern they are an error, in a request they are the router's business.
    static func normalise(_ text: some StringProtocol) throws(Problem) -> String {
        // Nearly all paths are normal already.
        if text.utf8.allSatisfy({ isPathByte($0) && $0 != UInt8(ascii: "%") }) { return String(text) }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "%") {
                guard at + 2 < bytes.count, let high = hexadecimalDigit(bytes[at + 1]),
                    let low = hexadecimalDigit(bytes[at + 2])
                else {
                    throw Problem("has a % without two hexadecimal digits", fix: "write %25 for the character %")
                }
                append(high << 4 | low, encode: !isUnreserved(high << 4 | low), to: &result)
                at += 3
                continue
            }
            guard byte >= 0x80 || isPathByte(byte) else { throw refusal(byte) }
            append(byte, encode: byte >= 0x80, to: &result)
            at += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, encode: Bool, to result: inout [UInt8]) {
        guard encode else {
            result.append(byte)
            return
        }
        let digits = Array("0123456789ABCDEF".utf8)
        result.append(UInt8(ascii: "%"))
        result.append(digits[Int(byte >> 4)])
        result.append(digits[Int(byte & 15)])
    }

    /// Each of the usual mistakes with its own way out.
    private static func refusal(_ byte: UInt8) -> Problem {
        switch byte {
        case UInt8(ascii: "?"): Problem("holds a ?", fix: "match the query with query:; a path ends before it")
        case UInt8(ascii: "#"): Problem("holds a #", fix: "remove it: fragments are never sent to a server")
        case UInt8(ascii: "\\"): Problem("holds a backslash", fix: "write / between segments")
        case UInt8(ascii: " "): Problem("holds a space", fix: "write %20")
        case 0..<0x20, 0x7f: Problem("holds a control character", fix: "remove it")
        default:
            Problem(
                "holds a character that must be percent-encoded", part: String(decoding: [byte], as: UTF8.self),
                fix: "write it as % and two hexadecimal digits")
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// RFC 3986 §3.3: what a path may hold as it is.
    static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "/")...UInt8(ascii: ";"): true  // / digits : ;
        case UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&")...UInt8(ascii: "."): true  // & ' ( ) * + , - .
        case UInt8(ascii: "!"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// What may stand between the braces of `{name}`.
    static func isParameterName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64 else { return false }
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
        return !isDigit && first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { isUnreserved($0) && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "~") }
    }
}
