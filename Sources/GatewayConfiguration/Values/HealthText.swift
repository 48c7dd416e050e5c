/// `204`, `200-399`, `2xx`.
extension StatusRange {
    static func parse(_ text: String) throws(Problem) -> StatusRange {
        let fix = "write a status such as 204, a range such as 200-399, or a class such as 2xx"
        let bytes = Array(text.utf8)
        if bytes.count == 3, bytes[1] | 0x20 == UInt8(ascii: "x"), bytes[2] | 0x20 == UInt8(ascii: "x"),
            (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(bytes[0])
        {
            let first = Int(bytes[0] - UInt8(ascii: "0")) * 100
            return StatusRange(first: first, last: first + 99)
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(number)
        guard ends.count <= 2, let first = ends.first, let first, let last = ends.last, let last else {
            throw Problem("is not a status", fix: fix)
        }
        guard first <= last else {
            throw Problem("is a range that ends before it begins", fix: fix, suggestion: "\(last)-\(first)")
        }
        return StatusRange(first: first, last: last)
    }

    /// Three digits, from 100 to 599.
    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            (100...599).contains(number)
        else { return nil }
        return number
    }
}

/// What a health check asks for: a path in its normal form, perhaps with a query.
enum CheckTarget {
    static func parse(_ text: String) throws(Problem) -> String {
        let (path, query) = try PathTemplate.parseWithQuery(text)
        var target = ""
        for part in path.parts {
            guard case .literal(let text) = part else {
                throw Problem("has a placeholder", fix: "write the path that each endpoint answers")
            }
            target += text
        }
        if let query { target += "?" + query }
        return target
    }
}
