import Testing

@testable import GatewayConfiguration

/// No key that is built is read by nobody: each, given two values, must give two configurations.
@Suite struct DecodingTests {
    struct Probe: CustomTestStringConvertible {
        /// `object.key` of the vocabulary.
        var name: String
        /// § is replaced by either value; it stands last, so that no place in the file moves.
        var text: String
        var values: (String, String)
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ one: String, _ other: String) {
            self.name = name
            self.text = text
            values = (one, other)
        }
    }

    static func section(_ object: String, _ top: String, _ keys: [(String, String, String)]) -> [Probe] {
        keys.map { Probe("\(object).\($0.0)", "\(top): { \($0.0): § }", $0.1, $0.2) }
    }

    static func listener(_ object: String, _ before: String, _ after: String, _ keys: [(String, String, String)])
        -> [Probe]
    {
        keys.map {
            Probe("\(object).\($0.0)", "listeners: [ { address: \":1\", \(before)\($0.0): §\(after) } ]", $0.1, $0.2)
        }
    }

    static func service(_ object: String, _ before: String, _ after: String, _ keys: [(String, String, String)])
        -> [Probe]
    {
        keys.map {
            Probe(
                "\(object).\($0.0)",
                "services: { s: { endpoints: [ http://127.0.0.1 ], \(before)\($0.0): §\(after) } }", $0.1, $0.2)
        }
    }

    static func route(_ object: String, _ before: String, _ after: String, _ keys: [(String, String, String)])
        -> [Probe]
    {
        keys.map {
            Probe(
                "\(object).\($0.0)",
                "listeners: [ { address: \":1\", name: x }, { address: \":2\", name: z } ]\n"
                    + "services: { s: { endpoints: [ http://127.0.0.1 ] }, t: { endpoints: [ http://127.0.0.2 ] } }\n"
                    + "routes: [ { \(before)\($0.0): §\(after) } ]", $0.1, $0.2)
        }
    }

    static func message(
        _ object: String, _ before: String, _ after: String, _ keys: [(String, String, String)]
    ) -> [Probe] {
        keys.map {
            Probe("\(object).\($0.0)", "transformations: [ { path: /, \(before)\($0.0): §\(after) } ]", $0.1, $0.2)
        }
    }

    static let bodies = [
        ("remove_fields", "[ a ]", "[ b ]"), ("keep_fields", "[ a ]", "[ b ]"),
        ("rename_fields", "{ a: b }", "{ a: c }"), ("set_fields", "{ a: 1 }", "{ a: \"1\" }"),
        ("default_fields", "{ $.a: [] }", "{ $.a: [ null ] }"), ("body", "{ a: true }", "{ a: false }"),
        ("headers", "{ remove: [ a ] }", "{ remove: [ b ] }"), ("types", "a/b", "[ a/c ]"),
        ("parameters", "{ \"append:header.a\": b }", "{ \"append:header.a\": c }"),
    ]

    static func override(_ keys: [(String, String, String)], before: String) -> [Probe] {
        route(
            "split_override",
            "path: /, split: [ { service: s, weight: 1 }, { service: t, weight: 1 } ], split_overrides: [ { \(before)",
            " } ]", keys)
    }

    /// What every limit has.
    static func rates(_ object: String, _ before: String, _ after: String) -> [Probe] {
        let periods = ["second", "minute", "hour", "day", "month"].map { ("requests_per_\($0)", "1", "2") }
        let rest = [
            ("burst", "1", "2"), ("key", "client_ip", "\"header:A\""), ("dry_run", "true", "false"),
            ("algorithm", "token_bucket", "quota"),
        ]
        return periods.map { Probe("\(object).\($0.0)", "\(before)\($0.0): §\(after)", $0.1, $0.2) }
            + rest.map { Probe("\(object).\($0.0)", "\(before)requests_per_day: 3, \($0.0): §\(after)", $0.1, $0.2) }
    }

    static let paths = [
        "encoded_slash", "encoded_backslash", "encoded_null", "backslash", "empty_segments", "semicolon",
    ].map { ($0, "keep", "reject") }

    private static let pair = "{ certificate: a, key: b }"

    /// The parts of `auth`, on top; the same decoder reads those of routes.
    static let authProbes: [Probe] =
        [
            Probe("gateway.auth", "auth: §", "{ secret: a }", "{ secret: b }"),
            Probe("auth.secret", "auth: { secret: § }", "a", "b"),
            Probe("auth.jwks_uri", "auth: { jwks_uri: § }", "https://a/k", "https://a/l"),
            Probe("auth.keys", "auth: { keys: § }", "[ { kty: oct, k: YQ } ]", "[ { kty: oct, k: Yg } ]"),
            Probe(
                "auth.discovery",
                "auth: { issuers: [ { issuer: a, secret: a } ], issuer: \"https://a\", discovery: § }",
                "true", "false"),
            Probe(
                "auth.issuers", "auth: { issuers: § }", "[ { issuer: a, secret: a } ]", "[ { issuer: b, secret: a } ]"),
            Probe("token.header", "auth: { secret: a, token: { header: § } }", "A", "B"),
            Probe("token.cookie", "auth: { secret: a, token: { cookie: § } }", "a", "b"),
            Probe("token.query", "auth: { secret: a, token: { query: § } }", "a", "b"),
            Probe("issuer.issuer", "auth: { issuers: [ { secret: a, issuer: § } ] }", "a", "b"),
            Probe(
                "issuer.audiences", "auth: { issuers: [ { secret: a, issuer: a, audiences: § } ] }", "[ a ]", "[ b ]"),
            Probe(
                "issuer.algorithms", "auth: { issuers: [ { secret: a, issuer: a, algorithms: § } ] }", "[ HS256 ]",
                "[ HS512 ]"),
            Probe("issuer.secret", "auth: { issuers: [ { issuer: a, secret: § } ] }", "a", "b"),
            Probe("issuer.jwks_uri", "auth: { issuers: [ { issuer: a, jwks_uri: § } ] }", "https://a/k", "https://a/l"),
            Probe(
                "issuer.keys", "auth: { issuers: [ { issuer: a, keys: § } ] }", "[ { kty: oct } ]", "[ { kty: EC } ]"),
            Probe(
                "issuer.discovery",
                "auth: { issuers: [ { issuer: a, secret: a }, { issuer: \"https://a\", discovery: § } ] }", "true",
                "false"),
        ]
        + [
            ("issuer", "a", "b"), ("audiences", "[ a ]", "[ b ]"), ("algorithms", "[ HS256 ]", "[ HS512 ]"),
            ("clock_skew", "1s", "2s"), ("refetch_interval", "0s", "1s"), ("require_keys", "true", "false"),
            ("token", "{ header: A }", "{ header: B }"),
            ("exclude_paths", "[ /a ]", "[ /b ]"),
            ("claims_to_headers", "{ sub: A }", "{ sub: B }"), ("optional", "true", "false"),
            ("forward_token", "true", "false"), ("scopes", "[ a ]", "[ b ]"), ("any_scope", "[ a ]", "[ b ]"),
            ("roles", "[ a ]", "[ b ]"), ("claims", "{ a: b }", "{ a: 1 }"), ("header", "A", "B"),
            ("query", "a", "b"), ("cookie", "a", "b"), ("url", "https://a/1", "https://a/2"), ("timeout", "1s", "2s"),
            ("cache_time", "0s", "1s"), ("forward_headers", "[ A ]", "[ B ]"),
            ("response_headers", "[ A ]", "[ B ]"), ("subject_header", "A", "B"),
        ].map { Probe("auth.\($0.0)", "auth: { secret: a, \($0.0): § }", $0.1, $0.2) }
        + route("route", "path: /, service: s, ", "", [("auth", "none", "{ secret: a }")])

    private static let callers = "consumers: { a: { groups: [ g ], password: \"$scrypt$a$b$c\" }, b: {} }\n"
    private static func hash(_ digit: String) -> String { "sha256:" + String(repeating: digit, count: 64) }

    /// Callers of other kinds than tokens.
    static let callerProbes: [Probe] =
        [
            Probe("auth.type", "\(callers)auth: { secret: a, type: § }", "jwt", "[ jwt, basic ]"),
            Probe("auth.consumers", "\(callers)auth: { secret: a, consumers: § }", "[ a ]", "[ g ]"),
            Probe(
                "auth.client_id", "auth: { type: introspection, url: \"https://a\", client_id: § }", "a", "b"),
            Probe(
                "auth.client_secret",
                "auth: { type: introspection, url: \"https://a\", client_id: a, client_secret: § }", "a", "b"),
            Probe("auth.on_failure", "auth: { type: forward, url: \"https://a\", on_failure: § }", "deny", "allow"),
            Probe("gateway.consumers", "consumers: §", "{ a: {} }", "{ b: {} }"),
            Probe("consumer.groups", "consumers: { a: { groups: § } }", "[ a ]", "[ b ]"),
            Probe("consumer.api_keys", "consumers: { a: { api_keys: [ § ] } }", hash("0"), hash("1")),
            Probe("consumer.password", "consumers: { a: { password: § } }", "$scrypt$a$b$c", "$scrypt$a$b$d"),
            Probe("consumer.subjects", "consumers: { a: { subjects: § } }", "[ a ]", "[ b ]"),
            Probe(
                "consumer.rate_limiting", "consumers: { a: { rate_limiting: § } }", "{ requests_per_day: 1 }",
                "[ { requests_per_day: 2 } ]"),
            Probe(
                "limit_override.consumer",
                "\(callers)rate_limiting: { overrides: [ { requests_per_day: 1, consumer: § } ] }", "a", "b"),
            Probe(
                "limit_override.group",
                "consumers: { a: { groups: [ g, h ] } }\n"
                    + "rate_limiting: { overrides: [ { requests_per_day: 1, group: § } ] }", "g", "h"),
        ]

    static let tlsProbes: [Probe] =
        listener(
            "listener_tls", "tls: { certificates: [ \(pair) ], ", " }",
            [
                ("profile", "intermediate", "modern"), ("min_version", "\"1.2\"", "\"1.3\""),
                ("client_certificates", "{ ca: a }", "{ ca: b }"), ("hsts", "1h", "2h"),
            ])
        + listener("listener_tls", "tls: { ", " }", [("certificates", "[ \(pair) ]", "[ { certificate: c, key: b } ]")])
        + listener("certificate", "tls: { certificates: [ { key: a, ", " } ] }", [("certificate", "a", "b")])
        + listener(
            "certificate", "tls: { certificates: [ { certificate: a, ", " } ] }", [("key", "a", "b")])
        + listener("certificate", "tls: { certificates: [ { certificate: a, key: b, ", " } ] }", [("ocsp", "a", "b")])
        + listener(
            "client_certificates", "tls: { certificates: [ \(pair) ], client_certificates: { ca: a, ", " } }",
            [("mode", "optional", "required"), ("crl", "a", "b")])
        + listener(
            "client_certificates", "tls: { certificates: [ \(pair) ], client_certificates: { ", " } }",
            [("ca", "a", "b")])
        + service(
            "service_tls", "tls: { ", " }", [("ca", "a", "b"), ("server_name", "a", "b"), ("verify", "true", "false")])
        + listener(
            "listener_tls", "tls: { ", " }",
            [
                (
                    "acme", "{ directory: \"https://a/d\", domains: [ a ], storage: s }",
                    "{ directory: \"https://b/d\", domains: [ a ], storage: s }"
                )
            ])
        + listener(
            "acme", "tls: { acme: { directory: \"https://a/d\", domains: [ a ], storage: s, ", " } }",
            [("email", "a@b", "c@b"), ("challenge", "http-01", "tls-alpn-01"), ("ca", "a", "b")])
        + listener(
            "acme", "tls: { acme: { directory: \"https://a/d\", domains: [ a ], storage: s, ", " } }",
            [("eab", "{ key_id: a, hmac_key: abcd }", "{ key_id: b, hmac_key: abcd }")])
        + listener(
            "eab", "tls: { acme: { directory: \"https://a/d\", domains: [ a ], storage: s, eab: { key_id: a, ",
            " } } }",
            [("hmac_key", "abcd", "abce")])
        + listener(
            "eab",
            "tls: { acme: { directory: \"https://a/d\", domains: [ a ], storage: s, eab: { hmac_key: abcd, ", " } } }",
            [("key_id", "a", "b")])
        + listener(
            "acme", "tls: { acme: { domains: [ a ], storage: s, ", " } }",
            [("directory", "\"https://a/d\"", "\"https://a/e\"")])
        + listener(
            "acme", "tls: { acme: { directory: \"https://a/d\", storage: s, ", " } }", [("domains", "[ a ]", "[ b ]")])
        + listener(
            "acme", "tls: { acme: { directory: \"https://a/d\", domains: [ a ], ", " } }", [("storage", "s", "t")])
        + service("service_tls", "tls: { client_key: a, ", " }", [("client_certificate", "a", "b")])
        + service("service_tls", "tls: { client_certificate: a, ", " }", [("client_key", "a", "b")])

    static let probes: [Probe] =
        tlsProbes + authProbes + callerProbes + [
            Probe("gateway.listeners", "listeners: §", "[ { address: \":1\" } ]", "[ { address: \":2\" } ]"),
            Probe("gateway.admin", "admin: §", "{ address: 127.0.0.1:1 }", "{ address: 127.0.0.1:2 }"),
            Probe(
                "admin.credentials", "admin: { address: 127.0.0.1:1, credentials: § }", "{ token: 0123456789abcdef }",
                "{ token: fedcba9876543210 }"),
            Probe(
                "credentials.token", "admin: { address: 127.0.0.1:1, credentials: { token: § } }", "0123456789abcdef",
                "fedcba9876543210"),
            Probe("admin.address", "admin: { address: § }", "127.0.0.1:1", "127.0.0.1:2"),
            Probe("gateway.workers", "workers: §", "auto", "2"),
            Probe("gateway.state_file", "state_file: §", "a", "b"),
            Probe("gateway.access_log", "access_log: §", "{ enabled: true }", "{ enabled: false }"),
            Probe("gateway.limits", "limits: §", "{}", "{ connections: 1 }"),
            Probe("gateway.timeouts", "timeouts: §", "{}", "{ head: 1s }"),
            Probe("gateway.trusted_proxies", "trusted_proxies: §", "[]", "[ 10.0.0.0/8 ]"),
            Probe("gateway.forwarding", "forwarding: §", "{}", "{ via: false }"),
            Probe("gateway.services", "services: §", "{}", "{ a: { endpoints: [ http://127.0.0.1 ] } }"),
            Probe("gateway.routes", "routes: §", "[]", "[ { path: /, respond: {} } ]"),
            Probe("gateway.transformations", "transformations: §", "[]", "[ { path: /, response: {} } ]"),
            Probe("transformation.path", "transformations: [ { response: {}, path: § } ]", "/a", "/b"),
            Probe("transformation.methods", "transformations: [ { path: /, response: {}, methods: § } ]", "GET", "ANY"),
            Probe("transformation.request", "transformations: [ { path: /, request: § } ]", "{}", "{ body: 1 }"),
            Probe(
                "route_transformation.request", "routes: [ { path: /, respond: {}, transformations: { request: § } } ]",
                "{}", "{ body: 1 }"),
            Probe(
                "transformation.response", "transformations: [ { path: /, response: § } ]", "{}",
                "[ { status: 404 }, {} ]"),
            Probe(
                "route_transformation.response",
                "routes: [ { path: /, respond: {}, transformations: { response: § } } ]",
                "{}", "{ status: 2xx }"),
            Probe("gateway.validate", "validate: §", "[]", "[ { path: /, body: { schema: true } } ]"),
            Probe("gateway.openapi", "openapi: §", "[]", "\(OpenAPITests.file)"),
            Probe("validation.path", "validate: [ { body: { schema: true }, path: § } ]", "/a", "/b"),
            Probe("validation.methods", "validate: [ { path: /, body: { schema: true }, methods: § } ]", "GET", "ANY"),
            Probe("openapi.file", "openapi: { file: § }", OpenAPITests.file, OpenAPITests.other),
            Probe(
                "openapi.upstream", "openapi: { file: \(OpenAPITests.file), upstream: § }", "http://127.0.0.1",
                "http://127.0.0.2"),
            Probe("listener.address", "listeners: [ { address: § } ]", "\":1\"", "\":2\""),
            Probe(
                "service.endpoints", "services: { s: { endpoints: § } }", "[ http://127.0.0.1 ]", "[ http://127.0.0.2 ]"
            ),
            Probe(
                "endpoint.url", "services: { s: { endpoints: [ { url: § } ] } }", "http://127.0.0.1",
                "http://127.0.0.1:1"),
            Probe("endpoint.weight", "services: { s: { endpoints: [ { url: http://a, weight: § } ] } }", "1", "2"),
            Probe("endpoint.priority", "services: { s: { endpoints: [ { url: http://a, priority: § } ] } }", "0", "1"),
            Probe("regex_path.regex", "routes: [ { respond: {}, path: { regex: § } } ]", "^/a", "^/b"),
        ]
        + section(
            "access_log", "access_log",
            [
                ("enabled", "true", "false"), ("path", "a", "b"), ("sample", "10%", "0.2"),
                ("redact_query", "[ a ]", "[ b ]"),
                ("headers", "[ a ]", "[ b ]"),
            ])
        + section(
            "limits", "limits",
            [
                ("request_head", "32KiB", "33KiB"), ("request_line", "1KiB", "2KiB"), ("request_fields", "1", "2"),
                ("request_body", "0", "1"), ("buffered_body", "1", "2"), ("decompression_ratio", "1", "2"),
                ("encoder_memory", "1MiB", "2MiB"),
                ("response_head", "32KiB", "33KiB"), ("response_fields", "1", "2"),
                ("connections", "1", "2"), ("handlers", "1", "2"),
                ("connection_buffer", "4KiB", "5KiB"), ("memory", "1MiB", "2MiB"),
                ("requests_per_connection", "1", "2"),
                ("underscores", "keep", "reject"), ("http2", "{}", "{ max_streams: 1 }"),
            ])
        + message(
            "response_transformation", "response: { ", " }",
            bodies + [
                ("status", "404", "[ 404, 5xx ]"), ("set_status", "200", "201"), ("require_json", "true", "false"),
            ])
        + message(
            "request_transformation", "request: { ", " }",
            bodies + [("query", "{}", "{ remove: [ a ] }"), ("path", "/a", "/b")])
        + message(
            "header_edits", "request: { headers: { ", " } }",
            [
                ("set", "{ a: b }", "{ a: c }"), ("add", "{ a: b }", "{ a: c }"), ("remove", "[ a ]", "[ b ]"),
                ("rename", "{ a: b }", "{ a: c }"),
            ])
        + message(
            "query_edits", "request: { query: { ", " } }",
            [("set", "{ a: b }", "{ a: c }"), ("remove", "[ a ]", "[ b ]")])
        + [("max_streams", "1", "2"), ("stream_window", "64KiB", "65KiB"), ("connection_window", "1MiB", "2MiB")]
        .map { Probe("http2_limits.\($0.0)", "limits: { http2: { \($0.0): § } }", $0.1, $0.2) }
        + section(
            "errors", "errors",
            [
                ("body", "1", "2"), ("text", "a", "b"), ("content_type", "a/b", "a/c"), ("upstream", "5xx", "[ 404 ]"),
            ])
        + section(
            "compression", "compression",
            [
                ("enabled", "true", "false"), ("algorithms", "[ br ]", "[ gzip ]"), ("min_size", "0", "1"),
                ("types", "[ a/b ]", "[ a/* ]"), ("levels", "{ gzip: 1 }", "{ gzip: 2 }"),
            ])
        + ["gzip", "br", "zstd"].map {
            Probe("compression_levels.\($0)", "compression: { levels: { \($0): § } }", "1", "2")
        }
        + section(
            "timeouts", "timeouts",
            [
                ("head", "1s", "0s"), ("body_idle", "1s", "0s"), ("send_idle", "1s", "0s"), ("keep_alive", "1s", "0s"),
                ("stream_idle", "1s", "0s"), ("drain", "1s", "2s"),
            ])
        + section(
            "forwarding", "forwarding",
            [
                ("forwarded", "true", "false"), ("via", "true", "false"), ("name", "a", "b"),
                ("attempts_header", "A", "B"), ("timeout_header", "A", "B"),
            ])
        + listener(
            "listener", "", "",
            [
                ("name", "a", "b"), ("stage", "a", "[ a, b ]"), ("stage_variables", "{ a: b }", "{ a: c }"),
                ("paths", "{}", "{ semicolon: reject }"),
                ("redirect_to_https", "true", "false"),
                ("proxy_protocol", "{ trusted: [ 10.0.0.1 ] }", "{ trusted: [ 10.0.0.2 ] }"),
                ("tls", "{ certificates: [ \(pair) ] }", "{ certificates: [ { certificate: c, key: d } ] }"),
                ("max_connections", "1", "2"), ("http2", "true", "false"),
            ])
        + listener("paths", "paths: { ", " }", paths)
        + listener(
            "proxy_protocol", "proxy_protocol: { ", " }",
            [("trusted", "[ 10.0.0.0/8 ]", "[ 11.0.0.0/8 ]")])
        + listener(
            "proxy_protocol", "proxy_protocol: { trusted: [ 10.0.0.0/8 ], ", " }",
            [
                ("version", "v1", "v2"), ("others", "refuse", "serve"), ("timeout", "1s", "2s"),
            ])
        + service(
            "service", "", "",
            [
                ("load_balancing", "{ policy: least_request }", "{ policy: round_robin }"),
                ("timeouts", "{}", "{ connect: 1s }"), ("proxy_protocol", "v1", "v2"),
                ("pool", "{}", "{ max_idle: 1 }"), ("retries", "{}", "{ attempts: 2 }"),
                ("hedge", "{ after: 1s }", "{ after: 2s }"), ("circuit_breaker", "{}", "{ adaptive: true }"),
                ("tls", "{}", "{ verify: false }"), ("protocol", "http2", "auto"),
            ])
        + service(
            "circuit_breaker", "circuit_breaker: { ", " }",
            [
                ("max_connections", "1", "2"), ("max_pending", "1", "2"), ("max_requests", "1", "2"),
                ("max_retries", "1", "2"), ("pending_timeout", "1s", "0s"), ("error_ratio", "10%", "20%"),
                ("latency", "1s", "2s"), ("slow_ratio", "10%", "20%"), ("min_requests", "1", "2"),
                ("window", "1s", "2s"), ("open_for", "1s", "2s"), ("ramp", "1s", "0s"), ("adaptive", "true", "false"),
            ])
        + service(
            "load_balancing", "load_balancing: { ", " }",
            [
                ("policy", "least_request", "random"), ("sticky", "{ cookie: a }", "{ cookie: b }"),
                ("slow_start", "1s", "0s"), ("panic_threshold", "10%", "0.2"),
            ])
        + service(
            "load_balancing", "load_balancing: { policy: consistent_hash, ", " }",
            [("key", "\"header:A\"", "\"cookie:A\"")])
        + service("sticky", "load_balancing: { sticky: { ", " } }", [("cookie", "a", "b")])
        + service(
            "sticky", "load_balancing: { sticky: { cookie: a, ", " } }",
            [("max_age", "1s", "2s"), ("secret", "a", "b")])
        + service(
            "service_timeouts", "timeouts: { ", " }",
            [
                ("connect", "1s", "0s"), ("request", "1s", "0s"), ("keep_alive", "1s", "0s"), ("per_try", "1s", "0s"),
            ])
        + service(
            "retries", "retries: { ", " }",
            [
                ("attempts", "0", "2"), ("retry_on", "[ reset ]", "[ reset, 503 ]"), ("budget", "10%", "0.5"),
                ("methods", "[ GET ]", "[ GET, PUT ]"), ("backoff", "{}", "{ base: 1ms }"),
                ("max_body", "0", "1KiB"),
            ])
        + service("backoff", "retries: { backoff: { ", " } }", [("base", "1ms", "2ms"), ("max", "1s", "2s")])
        + service("hedge", "hedge: { ", " }", [("after", "1ms", "2ms")])
        + service("hedge", "hedge: { after: 1ms, ", " }", [("max", "0", "2")])
        + service(
            "pool", "pool: { ", " }",
            [("max_connections", "1", "2"), ("max_idle", "1", "2"), ("max_pending", "1", "2")])
        + service("service", "", "", [("health_check", "{}", "{ path: /a }")])
        + service(
            "health_check", "health_check: { ", " }",
            [
                ("type", "http", "tcp"), ("path", "/a", "/b?c"), ("method", "GET", "HEAD"), ("host", "a", "b"),
                ("headers", "{ A: b }", "{ A: c }"), ("port", "1", "2"), ("interval", "2s", "3s"),
                ("edge_interval", "2s", "3s"), ("unhealthy_interval", "2s", "3s"), ("timeout", "1s", "2s"),
                ("healthy_after", "1", "2"), ("unhealthy_after", "1", "2"),
                ("expected_status", "200", "[ 2xx, 300-399 ]"),
                ("expected_body", "a", "b"), ("required", "true", "false"),
            ])
        + service("service", "protocol: http2, ", "", [("ping", "{}", "{ timeout: 1s }")])
        + service(
            "ping", "protocol: http2, ping: { ", " }",
            [("idle", "0s", "1s"), ("interval", "0s", "1s"), ("timeout", "1s", "2s")])
        + service("service", "", "", [("outlier_detection", "{}", "{ enabled: false }")])
        + service(
            "outlier_detection", "outlier_detection: { ", " }",
            [
                ("enabled", "true", "false"), ("consecutive_5xx", "0", "1"),
                ("consecutive_gateway_failures", "0", "1"), ("interval", "1s", "2s"),
                ("base_ejection_time", "1s", "2s"), ("max_ejection_time", "40s", "50s"), ("max_ejected", "10%", "0.2"),
            ])
        + route(
            "route", "path: \"/{s}/**\", ", "",
            [
                ("service", "s", "\"{s}\""), ("upstream", "http://a", "http://b"),
                ("split", "[ { service: s, weight: 1 } ]", "[ { service: s, weight: 2 } ]"),
                ("respond", "{}", "{ status: 201 }"), ("redirect", "{ path: /a }", "{ path: /b }"),
            ])
        + route("route", "service: s, ", "", [("path", "/a", "/b")])
        + route(
            "route", "service: s, path: \"/{s}/**\", ", "",
            [
                ("name", "a", "b"), ("hosts", "a", "[ b ]"), ("methods", "ANY", "GET"),
                ("headers", "{ a: b }", "{ a: c }"),
                ("query", "{ a: b }", "{ a: c }"), ("cookies", "{ a: b }", "{ a: c }"), ("listeners", "x", "z"),
                ("strip_prefix", "\"/{s}\"", "\"/\""), ("websocket", "true", "false"), ("grpc_web", "true", "false"),
                ("rewrite", "/a?b", "/a?c"),
                ("rewrite_prefix", "/a", "/b"),
                ("host", "preserve", "a.b"), ("limits", "{ request_body: 1 }", "{ request_body: 2 }"),
                ("timeouts", "{ request: 1s }", "{ request: 0s }"), ("paths", "{}", "{ semicolon: reject }"),
                ("retries", "{}", "{ attempts: 0 }"), ("hedge", "{ after: 1s }", "{ after: 1s, max: 0 }"),
                ("fault", "{ abort: 500 }", "{ abort: 501 }"),
                ("rate_limiting", "{ requests_per_day: 1 }", "[ { requests_per_day: 2 } ]"),
                ("cors", "{ origins: \"*\" }", "{ origins: \"http://a\" }"),
                ("addresses", "{ deny: 10.0.0.1 }", "{ deny: 10.0.0.2 }"),
                ("compression", "{}", "{ enabled: false }"), ("errors", "{}", "{ upstream: 500 }"),
            ])
        + rates("limit", "rate_limiting: { default: { ", " } }")
        + rates("limit_override", "rate_limiting: { overrides: [ { path: /a, ", " } ] }")
        + [
            Probe("gateway.cors", "cors: §", "{ origins: \"*\" }", "{ origins: [ \"http://a\" ] }"),
            Probe("cors.origins", "cors: { origins: § }", "\"*\"", "[ \"http://a:80\" ]"),
            Probe("gateway.addresses", "addresses: §", "{ deny: 10.0.0.1 }", "{ allow: 10.0.0.1 }"),
            Probe("addresses.allow", "addresses: { allow: § }", "10.0.0.1", "[ 10.0.0.0/8 ]"),
            Probe("addresses.deny", "addresses: { deny: § }", "10.0.0.1", "[ 10.0.0.0/8 ]"),
            Probe("gateway.errors", "errors: §", "{}", "{ upstream: 500 }"),
            Probe("gateway.compression", "compression: §", "{}", "{ min_size: 1 }"),
            Probe("gateway.security_headers", "security_headers: §", "true", "false"),
        ]
        + [
            ("methods", "ANY", "GET"), ("headers", "A", "[ A, B ]"), ("expose", "A", "[ A, B ]"),
            ("credentials", "true", "false"), ("max_age", "1s", "2s"),
        ].map {
            Probe("cors.\($0.0)", "cors: { origins: \"http://a\", \($0.0): § }", $0.1, $0.2)
        }
        + [
            Probe(
                "gateway.rate_limiting", "rate_limiting: §", "{}", "{ default: { requests_per_day: 1 } }"),
            Probe(
                "rate_limiting.default", "rate_limiting: { default: § }", "{ requests_per_day: 1 }",
                "[ { requests_per_day: 2 } ]"),
            Probe(
                "rate_limiting.overrides", "rate_limiting: { overrides: § }", "[]",
                "[ { path: /, requests_per_day: 1 } ]"),
            Probe(
                "rate_limiting.store", "rate_limiting: { store: § }", "{ redis: \"redis://a\" }",
                "{ redis: \"redis://b\" }"),
            Probe(
                "limit_store.redis", "rate_limiting: { store: { redis: § } }", "\"redis://a\"",
                "[ \"redis://a\", \"redis://u:p@b/1\" ]"),
            Probe(
                "limit_override.path", "rate_limiting: { overrides: [ { requests_per_day: 1, path: § } ] }", "/a", "/b"),
            Probe(
                "limit_override.methods",
                "rate_limiting: { overrides: [ { path: /, requests_per_day: 1, methods: § } ] }", "ANY", "GET"),
            Probe(
                "limit_override.route",
                "routes: [ { path: /, name: a, respond: {} }, { path: /x, name: b, respond: {} } ]\n"
                    + "rate_limiting: { overrides: [ { requests_per_day: 1, route: § } ] }", "a", "b"),
        ]
        + [
            ("cluster", "true", "false"), ("password", "a", "b"), ("tls", "{ verify: true }", "{ verify: false }"),
            ("on_failure", "local", "deny"), ("timeout", "1s", "2s"), ("max_pending", "1", "2"), ("lease", "1", "2"),
            ("prefix", "a", "b"),
        ].map {
            Probe(
                "limit_store.\($0.0)", "rate_limiting: { store: { redis: \"rediss://a\", \($0.0): § } }", $0.1, $0.2)
        }
        + [
            Probe(
                "limit_store.username",
                "rate_limiting: { store: { redis: \"rediss://a\", password: p, username: § } }", "a", "b")
        ]
        + route(
            "fault", "path: /, service: s, fault: { delay: 1s, ", " }",
            [("abort", "500", "501"), ("share", "10%", "20%"), ("header", "A", "B")])
        + route("fault", "path: /, service: s, fault: { ", " }", [("delay", "1s", "2s")])
        + route(
            "header_match", "path: /, service: s, headers: { a: { ", " } }",
            [
                ("regex", "a", "b"), ("present", "true", "false"), ("media_type", "a/b", "a/c;v=1"),
            ])
        + route(
            "parameter_match", "path: /, service: s, query: { a: { ", " } }",
            [("regex", "a", "b"), ("present", "true", "false")])
        + route("split_side", "path: /, split: [ { weight: 1, ", " } ]", [("service", "s", "t")])
        + route("split_side", "path: /, split: [ { service: s, ", " } ]", [("weight", "1", "2")])
        + route(
            "route", "path: /, split: [ { service: s, weight: 1 }, { service: t, weight: 1 } ], ", "",
            [
                ("split_key", "client_ip", "\"cookie:a\""),
                ("split_overrides", "[]", "[ { header: a, service: t } ]"),
                ("canary", "{ candidate: s }", "{ candidate: t }"),
            ])
        + override(
            [("header", "a", "b"), ("cookie", "a", "b"), ("query", "a", "b")], before: "service: s, ")
        + override([("value", "a", "b")], before: "header: a, service: s, ")
        + override([("service", "s", "t")], before: "header: a, ")
        + route(
            "canary", "path: /, split: [ { service: s, weight: 1 }, { service: t, weight: 1 } ], canary: { ", " }",
            [("candidate", "s", "t")])
        + route(
            "canary",
            "path: /, split: [ { service: s, weight: 1 }, { service: t, weight: 1 } ], canary: { candidate: s, ", " }",
            [
                ("steps", "[ 1% ]", "[ 1%, 2% ]"), ("pause", "1s", "2s"), ("min_requests", "1", "2"),
                ("max_error_increase", "1%", "2%"), ("max_latency_increase", "1%", "2%"),
                ("on_inconclusive", "go_on", "roll_back"), ("auto_start", "true", "false"),
                ("auto_promote", "true", "false"),
            ])
        + route("route", "path: /, service: s, ", "", [("mirror", "{ service: s }", "{ service: t }")])
        + route(
            "route", "path: /, service: s, ", "",
            [("transformations", "{ response: {} }", "{ response: { status: 404 } }")])
        + validation
        + route("mirror", "path: /, service: s, mirror: { ", " }", [("service", "s", "t")])
        + route(
            "mirror", "path: /, service: s, mirror: { service: s, ", " }",
            [("share", "1%", "2%"), ("max_body", "1", "2")])
        + route(
            "respond", "path: /, respond: { ", " }",
            [("status", "200", "404"), ("headers", "{}", "{ A: b }"), ("body", "a", "b")])
        + route(
            "redirect", "path: /, redirect: { port: 1, ", " }",
            [
                ("status", "301", "308"), ("scheme", "http", "https"), ("host", "a", "b"), ("path", "/a", "/b"),
                ("keep_query", "true", "false"),
            ])
        + route("redirect", "path: /, redirect: { ", " }", [("port", "1", "2")])
        + route(
            "route_limits", "path: /, service: s, limits: { ", " }",
            [
                ("request_head", "300", "400"), ("request_line", "30", "40"), ("request_body", "1", "2"),
                ("concurrency", "1", "2"),
            ])
        + route(
            "route_timeouts", "path: /, service: s, timeouts: { ", " }",
            [("request", "1s", "0s"), ("stream_idle", "1s", "0s"), ("per_try", "1s", "0s")])
        + aggregates
        + route("route", "path: /, ", "", [("handler", "a", "b")])
        + route("route", "path: /, service: s, ", "", [("policies", "[]", "[ a ]")])
        + [Probe("gateway.policies", "policies: §", "a", "[ a, b ]")]

    static let aggregates: [Probe] =
        route(
            "route", "path: /, ", "",
            [
                (
                    "aggregate", "{ parts: { a: { service: s, path: / } } }",
                    "{ parts: { a: { service: t, path: / } } }"
                )
            ])
        + route(
            "aggregate", "path: /, aggregate: { ", " }",
            [("parts", "{ a: { service: s, path: / } }", "{ b: { service: s, path: / } }")])
        + route(
            "aggregate", "path: /, aggregate: { parts: { a: { service: s, path: / } }, ", " }",
            [
                ("timeout", "1s", "2s"), ("forward_headers", "[ a ]", "[ b ]"), ("body", "1", "2"),
                ("failed_parts", "x", "y"),
            ])
        + route("part", "path: /, aggregate: { parts: { a: { path: /, ", " } } }", [("service", "s", "t")])
        + route("part", "path: /, aggregate: { parts: { a: { service: s, ", " } } }", [("path", "/a", "/b")])
        + route(
            "part", "path: /, aggregate: { parts: { a: { service: s, path: /, ", " } } }",
            [
                ("method", "GET", "DELETE"), ("query", "{ a: b }", "{ a: c }"), ("headers", "{ a: b }", "{ a: c }"),
                ("each", "$request.body", "$claims.a"), ("pick", "$.a", "$.b"), ("on_error", "omit", "pass"),
                ("timeout", "1s", "2s"), ("forward_headers", "[ a ]", "[ b ]"),
            ])
        + route(
            "part", "path: /, aggregate: { parts: { a: { service: s, path: /, method: POST, ", " } } }",
            [("body", "{ a: 1 }", "{ a: 2 }")])
        + route(
            "part", "path: /, aggregate: { parts: { a: { service: s, path: /, each: $request.body, ", " } } }",
            [("concurrency", "1", "2"), ("max_items", "1", "2")])
        + route(
            "on_error", "path: /, aggregate: { parts: { a: { service: s, path: /, on_error: { ", " } } } }",
            [("value", "1", "2")])

    /// `validate` and `openapi`.
    static let validation: [Probe] =
        route(
            "route", "path: /, service: s, ", "",
            [("validate", "{ body: { schema: true } }", "{ response: { schema: true } }")])
        + ["route_validation", "validation"].flatMap { object in
            let open =
                object == "validation"
                ? "validate: [ { path: \"/{a}\", " : "routes: [ { path: \"/{a}\", respond: {}, validate: { "
            let close = object == "validation" ? " } ]" : " } } ]"
            let keys = [
                ("parameters", "[]", "[ { name: a, in: path, schema: true } ]"),
                ("body", "{ schema: true }", "{ schema: {} }"),
                ("response", "{ schema: {} }", "[]"), ("report_only", "true", "false"), ("errors", "all", "first"),
                ("formats", "annotation", "assertion"), ("undocumented", "true", "false"),
            ]
            return keys.map { key, one, other in
                let first = ["parameters", "body", "response"].contains(key) ? "" : "body: { schema: true }, "
                return Probe("\(object).\(key)", "\(open)\(first)\(key): §\(close)", one, other)
            }
        }
        + [
            ("name", "in: query, schema: true", "a", "b"), ("in", "name: a, schema: true", "query", "header"),
            ("required", "name: a, in: query, schema: true", "true", "false"),
            ("style", "name: a, in: query, schema: true", "form", "pipeDelimited"),
            ("explode", "name: a, in: query, schema: true", "true", "false"),
            ("schema", "name: a, in: query", "true", "{ type: string }"),
        ].map { key, others, one, other in
            Probe(
                "validation_parameter.\(key)", "validate: [ { path: /, parameters: [ { \(others), \(key): § } ] } ]",
                one,
                other)
        }
        + [("schema", "true", "false"), ("required", "true", "false"), ("types", "[ a/b ]", "\"*\"")].map {
            Probe("validation_body.\($0.0)", "validate: [ { path: /, body: { \($0.0): § } } ]", $0.1, $0.2)
        }
        + [("schema", "true", "false"), ("status", "200", "4xx"), ("types", "[ a/b ]", "c/d")].map {
            Probe("validation_response.\($0.0)", "validate: [ { path: /, response: { \($0.0): § } } ]", $0.1, $0.2)
        }
        + [
            ("service", "s", "t"), ("routes", "true", "false"), ("base_path", "/a", "/b"), ("strip_prefix", "/a", "/b"),
            ("responses", "true", "false"), ("report_only", "true", "false"), ("errors", "all", "first"),
            ("formats", "annotation", "assertion"), ("undocumented", "true", "false"),
        ].map { key, one, other in
            let service = key == "service" ? "" : "service: s, "
            return Probe(
                "openapi.\(key)",
                "services: { s: { endpoints: [ http://127.0.0.1 ] }, t: { endpoints: [ http://127.0.0.2 ] } }\n"
                    + "openapi: { file: \(OpenAPITests.file), \(service)\(key): § }", one, other)
        }

    @Test(arguments: probes) func theKeyIsRead(_ probe: Probe) throws {
        let parts = probe.text.split(separator: "§", omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        let one = try GatewayConfiguration.parse(yaml: parts[0] + probe.values.0 + parts[1])
        let other = try GatewayConfiguration.parse(yaml: parts[0] + probe.values.1 + parts[1])
        #expect(one != other)
    }

    @Test func everyBuiltKeyIsProbed() {
        let probed = Set(Self.probes.map(\.name))
        var reachable: [ObjectShape] = [Vocabulary.root]
        var index = 0
        while index < reachable.count {
            for field in reachable[index].fields {
                // The one value of `format` is the default.
                let name = "\(reachable[index].name).\(field.key.rawValue)"
                if !["access_log.format", "service.protocol"].contains(name) {
                    #expect(probed.contains(name), "\(name)")
                }
                for nested in AllObjects.list
                where field.shape.names(nested) && !reachable.contains(where: { $0 === nested }) {
                    reachable.append(nested)
                }
            }
            index += 1
        }
        #expect(reachable.count > 15)
    }

    @Test func defaultsAreThoseOfTheModel() throws {
        let configuration = try GatewayConfiguration.parse(yaml: "")
        #expect(configuration.listeners.map(\.name) == ["127.0.0.1:8080"])
        #expect(configuration.admin == nil && configuration.workers == nil)
        #expect(
            configuration.limits == LimitsConfiguration() && configuration.timeouts == DownstreamTimeoutsConfiguration()
        )
    }

    /// What the reference says about defaults of limits and time limits is what the model has.
    @Test func documentedDefaultsAreTrue() throws {
        func text(_ object: ObjectShape) -> String {
            let members = object.fields.compactMap { field in
                field.defaultValue.map { "\(field.key.rawValue): \($0)" }
            }
            return "{ \(members.joined(separator: ", ")) }"
        }
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                limits: \(text(Vocabulary.limits))
                timeouts: \(text(Vocabulary.timeouts))
                forwarding: \(text(Vocabulary.forwarding))
                access_log: \(text(Vocabulary.accessLog))
                listeners: [ { address: ":1", max_connections: 10000, paths: \(text(Vocabulary.pathPolicy)) } ]
                services:
                  s:
                    endpoints: [ http://127.0.0.1 ]
                    timeouts: \(text(Vocabulary.serviceTimeouts))
                    pool: \(text(Vocabulary.pool))
                    retries: \(text(Vocabulary.retries).dropLast()), backoff: \(text(Vocabulary.backoff)) }
                    health_check: \(text(Vocabulary.healthCheck).replacing("host: the endpoint's, ", with: ""))
                    outlier_detection: \(text(Vocabulary.outlierDetection))
                    circuit_breaker: \(text(Vocabulary.circuitBreaker))
                    load_balancing: \(text(Vocabulary.loadBalancing))
                """)
        var log = configuration.accessLog
        log.location = .none
        #expect(configuration.limits == LimitsConfiguration())
        #expect(configuration.timeouts == DownstreamTimeoutsConfiguration())
        #expect(configuration.forwarding == ForwardingConfiguration())
        #expect(log == AccessLogConfiguration())
        #expect(configuration.listeners[0].paths == PathPolicyConfiguration())
        #expect(
            configuration.listeners[0].maxConnections
                == ListenerConfiguration(address: .init(host: "", port: 1)).maxConnections)
        #expect(configuration.services[0].timeouts == UpstreamTimeoutsConfiguration())
        #expect(configuration.services[0].pool == PoolConfiguration())
        #expect(configuration.services[0].retries == RetriesConfiguration())
        #expect(configuration.services[0].healthCheck == HealthCheckConfiguration())
        #expect(configuration.services[0].outlierDetection == OutlierDetectionConfiguration())
        #expect(configuration.services[0].loadBalancing == LoadBalancingConfiguration())
        #expect(configuration.services[0].circuitBreaker == CircuitBreakerConfiguration())
    }

    @Test func documentedDefaultsOfReleasesAreTrue() throws {
        func text(_ object: ObjectShape) -> String {
            object.fields.compactMap { field in field.defaultValue.map { "\(field.key.rawValue): \($0)" } }
                .joined(separator: ", ")
        }
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                services: { s: { endpoints: [ http://127.0.0.1 ] }, t: { endpoints: [ http://127.0.0.2 ] } }
                routes:
                  - path: /
                    split: [ { service: s, weight: 1 }, { service: t, weight: 1 } ]
                    canary: { candidate: t, \(text(Vocabulary.canary)) }
                    mirror: { service: s, \(text(Vocabulary.mirror)) }
                """)
        guard case .split(let split) = configuration.routes[0].answer else { return }
        #expect(split.canary == CanaryConfiguration(candidate: "t"))
        #expect(configuration.routes[0].mirror == MirrorConfiguration(service: "s"))
    }
}

extension Shape {
    /// Whether the mapping stands directly in it.
    fileprivate func names(_ object: ObjectShape) -> Bool {
        switch self {
        case .object(let own): own === object
        case .list(let inner), .oneOrList(let inner), .map(_, let inner): inner.names(object)
        case .choice(let alternatives): alternatives.contains { $0.names(object) }
        case .scalar, .anything: false
        }
    }
}
