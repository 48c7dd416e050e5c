import Testing

@testable import GatewayEngine

/// A head in the form of HTTP/1, taken apart for HTTP/2.
@Suite struct RequestLinesTests {
    private func parts(_ head: String) -> [String] {
        let bytes = Array(head.utf8)
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        var lines = RequestLines(bytes.span)
        var parts = [text(lines.method), text(lines.target)]
        while let line = lines.next(bytes.span) {
            parts.append(text(line.name))
            parts.append(text(line.value))
        }
        // There is a line for each field.
        #expect(parts.count / 2 - 1 <= lines.count)
        return parts
    }

    @Test func aHeadIsTakenApart() {
        let table: [(String, [String])] = [
            ("GET / HTTP/1.1\r\n\r\n", ["GET", "/"]),
            ("GET /a?b=c:d HTTP/1.1\r\nHost: x:80\r\n\r\n", ["GET", "/a?b=c:d", "Host", "x:80"]),
            (
                "POST /a HTTP/1.1\r\na: b: c\r\nempty: \r\nno-blank:v\r\n\r\n",
                ["POST", "/a", "a", "b: c", "empty", "", "no-blank", "v"]
            ),
        ]
        for (head, expected) in table { #expect(parts(head) == expected, "\(head)") }
    }

    /// The gateway writes none of these; whatever came, nothing is read beyond the end.
    @Test func whatIsNoHead() {
        for text in [
            "", " ", "GET", "GET /", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nab", "\n\n\n",
            "a\nb: c",
        ] {
            _ = parts(text)
        }
    }
}
