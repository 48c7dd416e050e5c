extension HostileRequest {
    /// Field lines that are not `token ":" OWS value OWS CRLF` (RFC 9112 §5).
    static let fieldLines: [HostileRequest] =
        [
            ("no name", ": x"), ("no colon", "X-Bad"), ("a word without colon", "X-Bad y"),
            ("space in a name", "X Bad: y"),
            ("space behind a name", "X-Bad : y"), ("tab behind a name", "X-Bad\t: y"),
            ("NUL in a name", "X\u{0}Bad: y"),
            ("DEL in a name", "X\u{7F}Bad: y"), ("parenthesis in a name", "X(Bad): y"), ("comma in a name", "X,Bad: y"),
            ("slash in a name", "X/Bad: y"), ("at sign in a name", "X@Bad: y"), ("quotes in a name", "\"X\": y"),
            ("brackets in a name", "[X]: y"), ("semicolon in a name", "X;Bad: y"), ("equals in a name", "X=Bad: y"),
            ("é in a name", "X-é: y"), ("backslash in a name", "X\\Bad: y"), ("NUL in a value", "X: a\u{0}b"),
            ("NUL alone", "X: \u{0}"), ("SOH in a value", "X: a\u{1}b"), ("BS in a value", "X: a\u{8}b"),
            ("VT in a value", "X: a\u{B}b"), ("FF in a value", "X: a\u{C}b"), ("ESC in a value", "X: a\u{1B}b"),
            ("US in a value", "X: a\u{1F}b"), ("DEL in a value", "X: a\u{7F}b"), ("CR in a value", "X: a\rb"),
            ("CR at the end of a value", "X: a\r"), ("CR at the start of a value", "X:\ra"),
            ("CR in a name", "X\rBad: y"),
            ("LF ends a line", "X: a\nY: b"), ("LF CR ends a line", "X: a\n\rY: b"), ("LF starts a line", "\nX: a"),
            ("CR starts a line", "\rX: a"), ("folded by space", "X: a\r\n b"), ("folded by tab", "X: a\r\n\tb"),
            ("folded and empty", "X: a\r\n "), ("a line of a space", " "), ("a line of a tab", "\t"),
            ("CR CR LF", "X: a\r\r\nY: b"), ("a request line for a field", "GET /smuggled HTTP/1.1"),
        ].map { .init("field: \($0.0)", head("GET /first", $0.1)) }
        + [
            .init("field: folded first", "GET /first HTTP/1.1\r\n X: y\r\nHost: h.test\r\n\r\n"),
            .init("field: tab first", "GET /first HTTP/1.1\r\n\tHost: h.test\r\n\r\n"),
            .init("head ended by LF LF", "GET /first HTTP/1.1\r\nHost: h.test\n\n"),
            .init("head of LF alone", "GET /first HTTP/1.1\nHost: h.test\n\n"),
            .init("head ended by CRLF LF", "GET /first HTTP/1.1\r\nHost: h.test\r\n\n"),
            .init("head ended by CR CR", "GET /first HTTP/1.1\r\nHost: h.test\r\r\r\n"),
            .init("head ended by CRLF CR X", "GET /first HTTP/1.1\r\nHost: h.test\r\n\rX\r\n\r\n"),
            .init("field: every token byte", head("GET /first", "!#$%&'*+-.^`|~09azAZ: x"), .accepted(["/first"])),
            .init("field: empty value", head("GET /first", "X:"), .accepted(["/first"])),
            .init("field: blanks only", head("GET /first", "X: \t "), .accepted(["/first"])),
            .init("field: tab within", head("GET /first", "X: a\tb"), .accepted(["/first"])),
            .init("field: bytes above ASCII", head("GET /first", "X: é\u{A0}ü"), .accepted(["/first"])),
            .init("field: colons within", head("GET /first", "X: a:b::c"), .accepted(["/first"])),
        ]

    /// Request lines that are not `method SP target SP HTTP/1.1 CRLF` (RFC 9112 §3).
    static let requestLines: [HostileRequest] =
        [
            "GET  /first HTTP/1.1", "GET /first  HTTP/1.1", "GET\t/first HTTP/1.1", "GET /first\tHTTP/1.1",
            " GET /first HTTP/1.1", "\tGET /first HTTP/1.1", "GET /first HTTP/1.1 ", "GET /first HTTP/1.1\t",
            "GET /a b HTTP/1.1", "GET /first", "GET", "GET ", "GET /first ", "GET HTTP/1.1", " /first HTTP/1.1",
            "/first HTTP/1.1", "GET /first http/1.1", "GET /first Http/1.1", "GET /first HTTP/1.", "GET /first HTTP/.1",
            "GET /first HTTP/11", "GET /first HTTP/1,1", "GET /first HTTP/1.1x", "GET /first HTTP/1.11",
            "GET /first HTTP/01.1", "GET /first HTTP/1.01", "GET /first HTTP/ 1.1", "GET /first HTTP /1.1",
            "GET /first HTTP/-1.1", "GET /first HTTP/1.1 HTTP/1.1", "GET /first HTTPS/1.1", "GET /first ICY/1.1",
            "GET /first HTTP/1.A", "GET /first HTTP/+1.1", "GET /first HTTP/1.1\u{0}", "\u{0}GET /first HTTP/1.1",
            "G\u{0}T /first HTTP/1.1", "G(T /first HTTP/1.1", "G{T} /first HTTP/1.1", "GET: /first HTTP/1.1",
            "GÉT /first HTTP/1.1", "G@T /first HTTP/1.1", "GET\u{B}/first HTTP/1.1", "GET\u{C}/first HTTP/1.1",
            "GET\r/first HTTP/1.1", "GET /first\rHTTP/1.1", "GET /first HTTP/1.1\r", "GET /first HTTP/1.1\nX: y",
            "\rGET /first HTTP/1.1", "GET /fi\u{0}rst HTTP/1.1", "GET /fi\u{1}rst HTTP/1.1",
            "GET /fi\u{7F}rst HTTP/1.1",
            "GET /fi\trst HTTP/1.1", "GET /fi\nrst HTTP/1.1", "GET /é HTTP/1.1", "GET /\u{A0} HTTP/1.1",
            "GET /first#part HTTP/1.1", "GET # HTTP/1.1", "GET first HTTP/1.1", "GET ?first HTTP/1.1",
            "GET * HTTP/1.1", "POST * HTTP/1.1", "GET *a HTTP/1.1", "OPTIONS *a HTTP/1.1", "GET h.test:80 HTTP/1.1",
            "GET \\first HTTP/1.1", "GET ../first HTTP/1.1", "GET ./first HTTP/1.1", "GET .. HTTP/1.1",
            "GET %2ffirst HTTP/1.1", "GET ; HTTP/1.1", "GET @h.test/first HTTP/1.1", "GET :80/first HTTP/1.1",
        ].map {
            .init("line: \($0)", "\($0)\r\nHost: h.test\r\n\r\n", .refused([400, 404, 405, 505]))
        }
        + [
            .init("line: HTTP/0.9", "GET /first HTTP/0.9\r\nHost: h.test\r\n\r\n", .refused([400, 505])),
            .init("line: HTTP/1.2", "GET /first HTTP/1.2\r\nHost: h.test\r\n\r\n", .either(["/first"])),
            .init("line: HTTP/1.9", "GET /first HTTP/1.9\r\nHost: h.test\r\n\r\n", .either(["/first"])),
            .init("line: HTTP/2.0", "GET /first HTTP/2.0\r\nHost: h.test\r\n\r\n", .refused([400, 505])),
            .init("line: HTTP/9.9", "GET /first HTTP/9.9\r\nHost: h.test\r\n\r\n", .refused([400, 505])),
            .init("the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .refused([400, 505])),
            .init("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n"),
            .init("a SOCKS greeting", "\u{5}\u{1}\u{0}\r\n\r\n"),
            .init("another protocol", "EHLO mail.test\r\n\r\n"),
            .init("a response", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            .init(
                "a method without end", String(repeating: "A", count: 5_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n",
                .refused([400, 414, 501])),
            .init("an empty line of LF first", "\n" + head("GET /first"), .either(["/first"])),
            .init("empty lines first", "\r\n\r\n\r\n" + head("GET /first"), .either(["/first"])),
            .init("an empty line first", "\r\n" + head("GET /first"), .accepted(["/first"])),
            .init(
                "two spaces in a second request", head("GET /first") + head("GET  /smuggled"),
                .acceptedThenRefused(["/first"])),
            .init(
                "a bad field in a second request", head("GET /first") + head("GET /smuggled", "X : y"),
                .acceptedThenRefused(["/first"])),
            .init("an unknown method", head("BREW /first", "Content-Length: 0"), .accepted(["/first"])),
            .init("a lower-case method", head("get /first"), .either(["/first"])),
        ]
}
