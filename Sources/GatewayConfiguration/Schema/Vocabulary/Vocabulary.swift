/// The whole vocabulary, from the top: see `Shape` for what is made of it.
enum Vocabulary {
    static let root = ObjectShape(
        "gateway",
        "The configuration as a whole. Every key may be left out; an empty file listens on 127.0.0.1:8080 and answers 404.",
        [
            Field(
                .listeners, .list(.object(listener)), "Where the gateway accepts connections.",
                default: "one on 127.0.0.1:8080"),
            Field(
                .admin, .object(admin),
                "The admin listener: `/metrics`, `/livez`, `/readyz` and the admin API. Without it none is open."),
            Field(
                .workers, .choice([.word("auto"), .integer(1...1024)]),
                "Event loops. `auto`: one per core that the process may use.", default: "auto"),
            Field(
                .stateFile, .scalar(.name),
                "A file that keeps weights set at run time, and canaries, over restarts. Only one gateway may write it.",
                default: "none: kept in memory"),
            Field(.accessLog, .object(accessLog), "One JSON line per request."),
            Field(.limits, .object(limits), "Bounds on what a client may send. All are on."),
            Field(.timeouts, .object(timeouts), "Time limits towards clients. All are on; `0s` switches one off."),
            Field(
                .trustedProxies, .list(.scalar(.prefix)),
                "Address blocks of proxies in front whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed.",
                default: "none"),
            Field(.forwarding, .object(forwarding), "What the gateway says about itself in forwarded messages."),
            Field(
                .services, .map(keys: .name, values: .object(service)),
                "Named pools of endpoints that answer the same requests."),
            Field(.routes, .list(.object(route)), "Which requests are answered by whom."),
            Field(
                .auth, .object(auth), "Who may ask: checked on every route unless a route says otherwise."),
            Field(
                .consumers, .map(keys: .name, values: .object(consumer)),
                "Named callers with credentials, groups and limits of their own. One called `anonymous` is everybody else."
            ),
            Field(.rateLimiting, .object(rateLimiting), "How much each client may ask."),
            Field(.cors, .object(cors), "Cross-origin rules, preflight requests included."),
            Field(.addresses, .object(addressList), "Whom requests may come from.", default: "anyone"),
            Field(
                .policies, .oneOrList(.scalar(.name)),
                "Policies in Swift that requests pass, in this order: names that a program built with the Gatehouse"
                    + " library gives them.", default: "none"),
            Field(
                .transformations, .list(.object(transformation)), "How requests and responses are reshaped, by path."),
            Field(
                .validate, .list(.object(validation)), "What requests and responses must look like, by path."),
            Field(
                .openapi, .oneOrList(.choice([.scalar(.name), .object(openAPI)])),
                "OpenAPI documents (3.0, 3.1; YAML or JSON) by which requests are checked; with a `service`, they make"
                    + " the routes too. A name is that of the file."),
            Field(.compression, .object(compression), "Compression of responses by negotiation.", default: "none"),
            Field(
                .errors, .object(errors), "The form of errors that the gateway answers.", default: "its own"),
            Field(
                .securityHeaders, .boolean,
                "Adds `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy`, and over TLS"
                    + " `Strict-Transport-Security`, where a response has none.", default: "false"),
        ])

    static let admin = ObjectShape(
        "admin", "The admin listener. It listens on a loopback address unless credentials are set.",
        [
            Field(.address, .scalar(.address), "Where it listens, as in `127.0.0.1:9901`.", required: true),
            Field(.credentials, .object(credentials), "What callers must present, for all but `/livez` and `/readyz`."),
        ])

    static let credentials = ObjectShape(
        "credentials", "Credentials of the admin API.", rules: [.atLeastOne([.token])],
        [
            Field(
                .token, .scalar(.name),
                "A bearer token of 16 characters or more; take it from `${env:NAME}` or `${file:PATH}`.")
        ])

    static let accessLog = ObjectShape(
        "access_log", "The access log: one JSON line per request, written off the path of the request.",
        [
            Field(.enabled, .boolean, "Whether requests are logged.", default: "true"),
            Field(.format, .word("json"), "The form of a line.", default: "json"),
            Field(
                .path, .scalar(.name), "A file, or `-` for standard output. Files are reopened on SIGUSR1.",
                default: "\"-\""),
            Field(
                .sample, .share, "The share of requests with a status below 400 that is logged; all others always are.",
                default: "100%"),
            Field(
                .redactQuery, .list(.scalar(.name)), "Query parameters whose values are replaced by `***` in the path.",
                default: "[access_token, api_key, apikey, token, password, secret, code]"),
            Field(.headers, .list(.fieldName), "Request header fields to add to each line.", default: "[]"),
        ])

    static let limits = ObjectShape(
        "limits", "Bounds on what a client may send and hold.",
        [
            Field(
                .requestHead, .size(1024...16 << 20), "Bytes of a request head, all its lines; more is answered 431.",
                default: "60KiB"),
            Field(
                .requestLine, .size(256...16 << 20), "Bytes of the request line; more is answered 414.", default: "8KiB"
            ),
            Field(
                .requestFields, .integer(1...10_000), "Header fields of a request; more is answered 431.",
                default: "100"),
            Field(
                .requestBody, .size(0...1 << 50), "Bytes of a streamed request body; more is answered 413.",
                default: "64MiB"),
            Field(
                .bufferedBody, .size(0...1 << 30),
                "Bytes of a body that a policy must hold as a whole; more is answered 413, of a service's 502.",
                default: "1MiB"),
            Field(
                .decompressionRatio, .integer(1...1_000_000),
                "What a compressed body that must be read may expand to, for each of its bytes; beyond it, and beyond 64 KiB,"
                    + " it is answered 413, a service's 502.", default: "100"),
            Field(
                .encoderMemory, .size(0...1 << 40),
                "Memory of the encoders of `compression`, in all workers; while it is used up responses go as they are.",
                default: "256MiB"),
            Field(
                .responseHead, .size(1024...16 << 20), "Bytes of a response head from a service; more is answered 502.",
                default: "60KiB"),
            Field(
                .responseFields, .integer(1...10_000), "Header fields of a response; more is answered 502.",
                default: "200"),
            Field(
                .connections, .integer(1...10_000_000), "Open client connections of all listeners together.",
                default: "50000"),
            Field(
                .handlers, .integer(1...1_000_000),
                "Requests that handlers and policies in Swift work on at once; more are answered 503.", default: "1024"),
            Field(
                .connectionBuffer, .size(4096...64 << 20),
                "Bytes held per connection and direction before the other side is paused.", default: "32KiB"),
            Field(
                .memory, .size(0...1 << 50),
                "Memory of the process: from 95 % of it idle connections are closed, from 98 % no new ones are taken."
                    + " 0: what the system allows (the control group's limit, or the machine's memory).", default: "0"),
            Field(
                .requestsPerConnection, .integer(0...1_000_000_000),
                "Requests after which a client connection is closed; 0: no limit.", default: "0"),
            Field(
                .underscores, .word("drop", "keep", "reject"),
                "What happens to header fields with `_` in their name. Those that could mean an identity header are"
                    + " always dropped.", default: "drop"),
            Field(.http2, .object(http2Limits), "Bounds on HTTP/2 connections."),
        ])

    static let http2Limits = ObjectShape(
        "http2_limits", "Bounds on HTTP/2 connections.",
        [
            Field(.maxStreams, .integer(1...100_000), "Open streams per connection.", default: "100"),
            Field(.streamWindow, .size(65_535...1 << 30), "Receive window of a stream.", default: "64KiB"),
            Field(.connectionWindow, .size(65_535...1 << 30), "Receive window of a connection.", default: "1MiB"),
        ])

    static let timeouts = ObjectShape(
        "timeouts", "Time limits towards clients.",
        [
            Field(.head, .duration, "From a request's first byte to the end of its head; then 408.", default: "10s"),
            Field(.bodyIdle, .duration, "Between two reads of a request body; then 408.", default: "30s"),
            Field(.sendIdle, .duration, "While bytes wait for a client that takes none.", default: "30s"),
            Field(.keepAlive, .duration, "Between two requests on a connection.", default: "75s"),
            Field(
                .streamIdle, .duration, "Without a byte in either direction after the response's head.", default: "5m"),
            Field(
                .drain, .scalar(.duration(off: false)), "From SIGTERM to the end of the last request.", default: "30s"),
        ])

    static let forwarding = ObjectShape(
        "forwarding", "What the gateway adds to forwarded messages, besides `X-Forwarded-*` and `X-Request-Id`.",
        [
            Field(.forwarded, .boolean, "Adds `Forwarded` (RFC 7239).", default: "false"),
            Field(.via, .boolean, "Adds `Via` to requests and responses (RFC 9110 §7.6.3).", default: "true"),
            Field(
                .name, .scalar(.token), "What stands for this gateway in `Via` and `Proxy-Status`.",
                default: "gatehouse"),
            Field(
                .attemptsHeader, .fieldName,
                "A response header that says how many tries the answer took, as in `X-Attempts`."),
            Field(
                .timeoutHeader, .fieldName,
                "A request header that tells services how many milliseconds are left, as in `X-Request-Timeout-Ms`."),
        ])
}
