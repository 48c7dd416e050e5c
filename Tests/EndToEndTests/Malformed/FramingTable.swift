extension HostileRequest {
    private static let five = "5\r\nhello\r\n0\r\n\r\n"

    /// Two lengths, two codings, or one that may be read in two ways (RFC 9112 §6.1, §6.3, §11.2).
    static let twoFramings: [HostileRequest] = [
        .init("CL.TE", post("Content-Length: 6", "Transfer-Encoding: chunked", body: "0\r\n\r\nG")),
        .init("TE.CL", post("Transfer-Encoding: chunked", "Content-Length: 4", body: "5c\r\n" + smuggled)),
        .init("CL.TE, the length covers all", post("Content-Length: 15", "Transfer-Encoding: chunked", body: five)),
        .init("CL 0 and TE", post("Content-Length: 0", "Transfer-Encoding: chunked", body: "0\r\n\r\n" + smuggled)),
        .init("lower case names", post("content-length: 5", "transfer-encoding: chunked", body: five)),
        .init("upper case names", post("CONTENT-LENGTH: 5", "TRANSFER-ENCODING: chunked", body: five)),
        .init(
            "CL and TE in HTTP/1.0",
            "POST /first HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + five),
        .init("TE in HTTP/1.0", "POST /first HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + five),
        .init(
            "TE in HTTP/1.0 with keep-alive",
            "POST /first HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + five),
        .init(
            "CL and TE identity", post("Content-Length: 5", "Transfer-Encoding: identity", body: "hello"),
            .refused([400, 501])),
        .init("CL and empty TE", post("Content-Length: 5", "Transfer-Encoding:", body: "hello"), .refused([400, 501])),
        .init(
            "CL and unknown TE", post("Content-Length: 5", "Transfer-Encoding: x", body: "hello"), .refused([400, 501])),
        .init("two CL that differ", post("Content-Length: 5", "Content-Length: 6", body: "hello!")),
        .init("two CL that differ, apart", post("Content-Length: 0", "X-A: b", "content-length: 5", body: "hello")),
        .init("two CL alike", post("Content-Length: 5", "Content-Length: 5", body: "hello"), .either(["/first"])),
        .init("a CL list that differs", post("Content-Length: 5, 6", body: "hello")),
        .init("a CL list alike", post("Content-Length: 5, 5", body: "hello"), .either(["/first"])),
        .init(
            "two TE fields", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body: five),
            .refused([400, 501])),
        .init(
            "two TE fields, one unknown", post("Transfer-Encoding: chunked", "Transfer-Encoding: x", body: five),
            .refused([400, 501])),
        .init(
            "two TE fields, identity last",
            post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body: five), .refused([400, 501])),
        .init(
            "two TE fields, identity first",
            post("Transfer-Encoding: identity", "Transfer-Encoding: chunked", body: five), .refused([400, 501])),
    ]

    /// Spellings of Transfer-Encoding that one parser takes for chunked and another does not.
    static let codings: [HostileRequest] =
        [
            "xchunked", "chunkedx", "chunk", "chunked, chunked", "chunked, gzip", "gzip, chunked", "gzip", "identity",
            "chunked, identity", "chunked;q=1", "chunked; x=y", "\"chunked\"", "'chunked'", "chunked\u{B}",
            "\u{B}chunked",
            "chunked\u{0}", "\u{0}chunked", "chunked\u{C}", "chunked\u{7F}", "chun\u{1}ked", "chunkéd", "ch unked",
            "chunked chunked", "trailers", "cow, chunked", "chunked, cow", "[chunked]", "chunked\u{A0}", "*", "0",
        ].map { .init("Transfer-Encoding: \($0)", post("Transfer-Encoding: \($0)", body: five), .refused([400, 501])) }
        + [
            .init("Transfer-Encoding: chunked,", post("Transfer-Encoding: chunked,", body: five), .either(["/first"])),
            .init(
                "Transfer-Encoding: , chunked", post("Transfer-Encoding: , chunked", body: five), .either(["/first"])),
            .init("space before the colon of TE", post("Transfer-Encoding : chunked", body: five)),
            .init("tab before the colon of TE", post("Transfer-Encoding\t: chunked", body: five)),
            .init("space before TE", post("X: y", " Transfer-Encoding: chunked", body: five)),
            .init("TE folded", post("Transfer-Encoding:", " chunked", body: five)),
            .init("TE folded by tab", post("Transfer-Encoding:", "\tchunked", body: five)),
            .init("TE ended by LF", post("Transfer-Encoding: chunked\nX: y", body: five)),
            .init("TE ended by CR", post("Transfer-Encoding: chunked\rX: y", body: five)),
            .init("TE behind a bare CR", post("X: y\rTransfer-Encoding: chunked", body: five)),
            .init("TE behind a bare LF", post("X: y\nTransfer-Encoding: chunked", body: five)),
            .init("NUL in the name of TE", post("Transfer\u{0}-Encoding: chunked", body: five)),
            .init("no colon behind TE", post("Transfer-Encoding chunked", body: five)),
            .init("TE in capitals", post("Transfer-Encoding: CHUNKED", body: five), .accepted(["/first"])),
            .init("TE without space", post("Transfer-Encoding:chunked", body: five), .accepted(["/first"])),
            .init("TE between tabs", post("Transfer-Encoding:\tchunked\t", body: five), .accepted(["/first"])),
            .init(
                "TE with an underscore", post("Transfer_Encoding: chunked", "Content-Length: 5", body: "hello"),
                .accepted(["/first"])),
            .init(
                "TE named by Connection",
                post("Connection: Transfer-Encoding", "Transfer-Encoding: chunked", body: five), .accepted(["/first"])),
        ]

    /// Content-Length is digits and nothing else (RFC 9110 §8.6).
    static let lengths: [HostileRequest] =
        [
            "+5", "-5", "-0", "5 5", "0x5", "5.0", "5e0", "", "\u{B}5", "5\u{0}", "\u{0}5", "5;", "five", "1_0", "٥",
            "5h",
            "5,", ",5", "\"5\"", "18446744073709551621", "9223372036854775808", "99999999999999999999999999",
            "-18446744073709551611", "5\t5", "0,5", "NaN", "Infinity",
        ].map { .init("Content-Length: \($0)", post("Content-Length: \($0)", body: "hello"), .refused([400, 413])) }
        + [
            .init("CL with leading zeros", post("Content-Length: 0000000005", body: "hello"), .either(["/first"])),
            .init(
                "CL with a very long row of zeros",
                post("Content-Length: \(String(repeating: "0", count: 300))5", body: "hello"), .either(["/first"])),
            .init("space before the colon of CL", post("Content-Length : 5", body: "hello")),
            .init("space before CL", post("X: y", " Content-Length: 5", body: "hello")),
            .init("CL folded", post("Content-Length:", " 5", body: "hello")),
            .init("CL behind a bare LF", post("X: y\nContent-Length: 5", body: "hello")),
            .init("space in the name of CL", post("Content Length: 5", body: "hello")),
            .init(
                "CL with an underscore", post("Content_Length: 5", "Content-Length: 0", body: ""), .accepted(["/first"])
            ),
            .init(
                "CL named by Connection", post("Connection: close, Content-Length", "Content-Length: 5", body: "hello"),
                .accepted(["/first"])),
            .init(
                "a body that is a request", post("Content-Length: \(smuggled.utf8.count)", body: smuggled),
                .accepted(["/first"])),
            .init(
                "a GET with a body that is a request",
                head("GET /first", "Content-Length: \(smuggled.utf8.count)") + smuggled, .accepted(["/first"])),
            .init(
                "a HEAD with a body that is a request",
                head("HEAD /first", "Content-Length: \(smuggled.utf8.count)") + smuggled, .accepted(["/first"])),
            .init(
                "bytes behind an empty body", post("Content-Length: 0", body: "hello\r\n\r\n"),
                .acceptedThenRefused(["/first"])),
            .init(
                "bytes behind a body", post("Content-Length: 3", body: "helloGET / HTTP/1.1\r\n\r\n"),
                .acceptedThenRefused(["/first"])),
            .init(
                "bytes behind a request without body", head("GET /first") + "hello\r\n\r\n",
                .acceptedThenRefused(["/first"])),
        ]

    /// Chunks whose size, end or extension may be read in two ways (RFC 9112 §7.1).
    static let chunks: [HostileRequest] =
        [
            ("0x size", "0x5\r\nhello\r\n0\r\n\r\n"), ("plus", "+5\r\nhello\r\n0\r\n\r\n"),
            ("minus", "-5\r\nhello\r\n0\r\n\r\n"), ("minus zero", "-0\r\n\r\n" + smuggled),
            ("leading space", " 5\r\nhello\r\n0\r\n\r\n"), ("leading tab", "\t5\r\nhello\r\n0\r\n\r\n"),
            ("no hex digit", "g\r\nhello\r\n0\r\n\r\n"), ("digits then letters", "5h\r\nhello\r\n0\r\n\r\n"),
            ("empty size", "\r\nhello\r\n0\r\n\r\n"), ("extension without size", ";x\r\nhello\r\n0\r\n\r\n"),
            ("size ended by LF", "5\nhello\r\n0\r\n\r\n"), ("size ended by CR", "5\rhello\r\n0\r\n\r\n"),
            ("size ended by CR and X", "5\rXhello\r\n0\r\n\r\n"), ("size with NUL", "5\u{0}\r\nhello\r\n0\r\n\r\n"),
            ("size with an underscore", "0_5\r\nhello\r\n0\r\n\r\n"), ("Arabic digit", "٥\r\nhello\r\n0\r\n\r\n"),
            ("size with a comma", "5,5\r\nhello\r\n0\r\n\r\n"), ("size with a point", "5.0\r\nhello\r\n0\r\n\r\n"),
            ("size of 2^64", "10000000000000000\r\nhello\r\n0\r\n\r\n"),
            ("size of 2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
            ("size of 2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n"),
            ("size of 17 F", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
            ("size of 2^32 times 2^32", "100000000000000000005\r\nhello\r\n0\r\n\r\n"),
            ("a very long size", String(repeating: "1", count: 5_000) + "\r\nhello\r\n0\r\n\r\n"),
            ("data longer than its size", "3\r\nhello\r\n0\r\n\r\n"), ("data without CRLF", "5\r\nhello0\r\n\r\n"),
            ("data ended by LF", "5\r\nhello\n0\r\n\r\n"), ("data ended by CR", "5\r\nhello\r0\r\n\r\n"),
            ("data ended by two CR", "5\r\nhello\r\r\n0\r\n\r\n"),
            ("data shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
            ("an empty line between chunks", "5\r\nhello\r\n\r\n0\r\n\r\n"),
            ("last chunk ended by LF", "5\r\nhello\r\n0\n\r\n"), ("end of two LF", "5\r\nhello\r\n0\r\n\n"),
            ("LF only", "5\nhello\n0\n\n"), ("CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
            ("LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
            ("NUL in an extension", "5;a\u{0}\r\nhello\r\n0\r\n\r\n"),
            ("LF ends an extension", "5;a\nhello\r\n0\r\n\r\n"),
            ("CRLF in a quoted extension", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
            ("a very long extension", "5;" + String(repeating: "a", count: 100_000) + "\r\nhello\r\n0\r\n\r\n"),
            ("a request for a size", smuggled), ("size of minus one", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ].map { .init("chunk: \($0.0)", chunked($0.1), .brokenBody) }
        + [
            .init("chunk: trailing space", chunked("5 \r\nhello\r\n0\r\n\r\n"), .either(["/first"])),
            .init("chunk: trailing tab", chunked("5\t\r\nhello\r\n0\r\n\r\n"), .either(["/first"])),
            .init("chunk: space before an extension", chunked("5 ;x\r\nhello\r\n0\r\n\r\n"), .either(["/first"])),
            .init(
                "chunk: many zeros", chunked(String(repeating: "0", count: 20) + "5\r\nhello\r\n0\r\n\r\n"),
                .either(["/first"])),
            .init("chunk: an end within data", chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n"), .accepted(["/first"])),
            .init(
                "chunk: a request within data",
                chunked("\(String(smuggled.utf8.count, radix: 16))\r\n\(smuggled)\r\n0\r\n\r\n"), .accepted(["/first"])),
            .init(
                "chunk: a request behind the end", chunked("0\r\n\r\n") + head("GET /second"),
                .accepted(["/first", "/second"])),
            .init("chunk: bytes behind the end", chunked("0\r\n\r\nxyz\r\n\r\n"), .acceptedThenRefused(["/first"])),
        ]

    /// Trailer sections (RFC 9112 §7.1.2): the same field rules, no framing, no routing.
    static let trailerSections: [HostileRequest] =
        [
            ("no colon", "0\r\nX y\r\n\r\n"), ("space before the colon", "0\r\nX : y\r\n\r\n"),
            ("folded", "0\r\nX: y\r\n z\r\n\r\n"), ("folded first", "0\r\n X: y\r\n\r\n"),
            ("no name", "0\r\n: y\r\n\r\n"),
            ("NUL", "0\r\nX: a\u{0}b\r\n\r\n"), ("bare LF", "0\r\nX: a\nY: b\r\n\r\n"),
            ("bare CR", "0\r\nX: a\rY: b\r\n\r\n"),
            ("ended by LF", "0\r\nX: a\r\n\n"), ("a request", "0\r\n" + smuggled),
            ("too many", "0\r\n" + (0..<500).map { "X-\($0): y\r\n" }.joined() + "\r\n"),
            ("too large", "0\r\nX: " + String(repeating: "y", count: 100_000) + "\r\n\r\n"),
        ].map { .init("trailer: \($0.0)", chunked("5\r\nhello\r\n" + $0.1), .brokenBody) }
        + [
            "Content-Length: 5", "Transfer-Encoding: chunked", "Host: evil.test", "Connection: close", "TE: trailers",
            "Trailer: X",
        ]
        .map { .init("trailer: \($0)", chunked("5\r\nhello\r\n0\r\n\($0)\r\n\r\n"), .either(["/first"])) }
}
