extension HostileRequest {
    private static func host(_ lines: String, _ line: String = "GET /first") -> String {
        "\(line) HTTP/1.1\r\n\(lines)\r\n\r\n"
    }

    /// Who is asked: Host, and absolute-form targets beside it (RFC 9112 §3.2).
    static let hosts: [HostileRequest] =
        [
            ("none", "X: y"), ("two", "Host: a.test\r\nHost: b.test"), ("two alike", "Host: a.test\r\nHost: a.test"),
            ("two apart", "Host: a.test\r\nX: y\r\nhost: b.test"), ("a space within", "Host: a b"),
            ("a tab within", "Host: a\tb"), ("a list", "Host: a.test,b.test"), ("user information", "Host: a@b.test"),
            ("user and password", "Host: a:b@c.test"), ("a path", "Host: a.test/b"), ("a query", "Host: a.test?b"),
            ("a fragment", "Host: a.test#b"), ("a backslash", "Host: a.test\\b"),
            ("a port of letters", "Host: a.test:b"),
            ("two ports", "Host: a.test:80:80"), ("a negative port", "Host: a.test:-1"),
            ("a signed port", "Host: a.test:+80"),
            ("an open bracket", "Host: [::1"), ("a closed bracket", "Host: ::1]"), ("angle brackets", "Host: <a.test>"),
            ("quotes", "Host: \"a.test\""), ("é", "Host: é.test"), ("a NUL", "Host: a\u{0}.test"),
            ("a DEL", "Host: a\u{7F}"),
            ("a scheme", "Host: http://a.test"), ("space before the colon", "Host : a.test"), ("no colon", "Host"),
            ("folded", "Host:\r\n a.test"), ("a bracket within", "Host: a[b].test"), ("a brace", "Host: {a}"),
        ].map { .init("Host: \($0.0)", host($0.1)) }
        + [
            .init("Host: empty", host("Host:"), .either(["/first"])),
            .init("Host: a port too large", host("Host: a.test:99999"), .either(["/first"])),
            .init("Host: an empty port", host("Host: a.test:"), .either(["/first"])),
            .init("Host: an address without brackets", host("Host: ::1"), .either(["/first"])),
            .init("Host: a percent", host("Host: a%00.test"), .either(["/first"])),
            .init("Host: an underscore", host("Host: a_b.test"), .accepted(["/first"])),
            .init("Host: a semicolon", host("Host: a;b"), .either(["/first"])),
            .init("Host: named by Connection", host("Host: a.test\r\nConnection: host"), .accepted(["/first"])),
            .init("Host: a bad one in HTTP/1.0", "GET /first HTTP/1.0\r\nHost: a b\r\n\r\n"),
            .init("Host: two in HTTP/1.0", "GET /first HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
            .init("Host: none in HTTP/1.0", "GET /first HTTP/1.0\r\n\r\n", .accepted(["/first"])),
            .init("absolute: two Host", host("Host: a.test\r\nHost: b.test", "GET http://a.test/first")),
            .init("absolute: a bad Host", host("Host: a b", "GET http://a.test/first")),
            .init("absolute: another Host", host("Host: b.test", "GET http://a.test/first"), .accepted(["/first"])),
            .init("absolute: capitals", host("Host: a.test", "GET HTTP://A.test/first"), .accepted(["/first"])),
        ]
        + [
            "http://", "http:///first", "http://a@b.test/first", "http://a:b@c.test/first", "http://a b.test/first",
            "http://a.test:b/first", "http://[::1/first", "http://a.test\\b/first", "http://a,b/first", "http:/first",
            "http:first", "://a.test/first", "http//a.test/first", "http://é.test/first", "http://a.test#b",
            "http://a.test:80:80/first", "http://:80/first", "http://?x", "1http://a.test/first", "javascript:alert(1)",
        ].map { .init("absolute: \($0)", host("Host: a.test", "GET \($0)"), .refused([400, 404])) }

    /// Paths that one server reads one way and the next another. Those that pass are in normal form.
    static let paths: [HostileRequest] =
        [
            "/%", "/%0", "/a%", "/%zz", "/%0g", "/%u0041", "/% 41", "/%00", "/a%00b", "/a%5cb", "/a%5Cb", "/a\\b",
            "/\\",
            "/..\\a", "/..;/a", "/a/..;x=y/b", "/a/%2e%2e;/b", "/..%2fa", "/..%2Fa", "/a%2f..%2fb", "/a/%2e%2e%2fb",
            "/%2e%2e%5ca", "/..%5ca", "/a%2f%2e%2e", "/%2f..", "/a/.%2e%2f",
        ].map { .init("path: \($0)", head("GET \($0)"), .rejected) }
        + [
            ("/../a", "/a"), ("/../../../etc/passwd", "/etc/passwd"), ("/a/../b", "/b"), ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/./a", "/a"), ("/%2e%2e/a", "/a"), ("/.%2e/a", "/a"), ("/%2E./a", "/a"), ("/a/%2e/b", "/a/b"),
            ("/%61", "/a"), ("/%7Ea", "/~a"), ("/a%2fb", "/a%2Fb"), ("/%252e%252e/a", "/%252e%252e/a"),
            ("/%25%32%65", "/%252e"), ("/a%20HTTP/1.1", "/a%20HTTP/1.1"), ("/a%0d%0aX:y", "/a%0D%0AX:y"),
            ("/a%23b", "/a%23b"), ("/a%3fb", "/a%3Fb"), ("//a.test/b", "//a.test/b"), ("///", "///"),
            ("/a//../b", "/a/b"),
            ("/...", "/..."), ("/.../a", "/.../a"), ("/a..b", "/a..b"), ("/..a", "/..a"), ("/a;x=y", "/a;x=y"),
            ("/a?../b", "/a?../b"), ("/a?%00%zz\\", "/a?%00%zz\\"), ("/?", "/?"), ("/?a?b", "/?a?b"),
        ].map { .init("path: \($0.0)", head("GET \($0.0)"), .accepted([$0.1])) }
        + [
            .init("path: overlong dots", head("GET /%c0%ae%c0%ae/a"), .either(["/%C0%AE%C0%AE/a"])),
            .init("path: a dot segment above the route", head("GET /a/../../b/%2e%2e/c"), .accepted(["/c"])),
        ]
}
