extension Vocabulary {
    static let service = ObjectShape(
        "service", "A named pool of endpoints that answer the same requests.",
        [
            Field(
                .endpoints, .list(.choice([.scalar(.endpointURL), .object(endpoint)])),
                "URLs without a path, or `{ url, weight }`. Names are resolved, and all their addresses used. "
                    + "`unix:/run/app.sock` is a socket in the file system.",
                required: true),
            Field(.loadBalancing, .object(loadBalancing), "How an endpoint is picked."),
            Field(.timeouts, .object(serviceTimeouts), "Time limits towards the endpoints; `0s` switches one off."),
            Field(.pool, .object(pool), "Connections that a worker keeps to one endpoint."),
            Field(.healthCheck, .object(healthCheck), "Asks the endpoints whether they are well."),
            Field(
                .outlierDetection, .object(outlierDetection),
                "Takes endpoints out that fail real requests. On, unless switched off, where there are two or more."),
            Field(.circuitBreaker, .object(circuitBreaker), "Caps that keep a slow service from taking all down."),
            Field(
                .protocol, .word("http1", "http2", "auto"),
                "What the endpoints speak: `auto` asks by ALPN over TLS and is `http1` in clear; `http2` in clear is prior "
                    + "knowledge.", default: "http1"),
            Field(
                .proxyProtocol, .word("v1", "v2"),
                "Begins each connection with a PROXY protocol header that says who the client is. A connection then "
                    + "serves one client only.", default: "none"),
            Field(.ping, .object(ping), "How dead connections of HTTP/2 are found."),
            Field(.tls, .object(serviceTLS), "TLS towards https endpoints, verified unless switched off."),
            Field(.retries, .object(retries), "Further tries of a failed request."),
            Field(.hedge, .object(hedge), "A second try beside the first when that takes long.", default: "none"),
        ])

    static let endpoint = ObjectShape(
        "endpoint", "One endpoint of a service.",
        [
            Field(.url, .scalar(.endpointURL), "Scheme, host and port, or `unix:` and a path.", required: true),
            Field(.weight, .integer(0...65_535), "Its share relative to its siblings; 0 gets none.", default: "1"),
            Field(
                .priority, .integer(0...15), "Gets requests only while no endpoint of a lower number can.",
                default: "0"),
        ])

    static let loadBalancing = ObjectShape(
        "load_balancing", "How an endpoint is picked.",
        [
            Field(
                .policy, .word("round_robin", "least_request", "peak_ewma", "consistent_hash", "random"),
                "`round_robin` goes by weight, smoothly; `least_request` takes the less busy of two drawn at random, "
                    + "`peak_ewma` the one that promises the sooner answer; `consistent_hash` keeps equal keys on one "
                    + "endpoint; `random` draws by weight.",
                default: "round_robin"),
            Field(
                .key, .scalar(.hashKey),
                "What `consistent_hash` goes by: client_ip, path, header:NAME, cookie:NAME, query:NAME. Without it in "
                    + "the request: the client's address."),
            Field(.sticky, .object(sticky), "Keeps a client on its endpoint by a cookie."),
            Field(
                .slowStart, .duration,
                "How long an endpoint that came, or came back, ramps up from a tenth of its weight; `0s`: not at all.",
                default: "10s"),
            Field(
                .panicThreshold, .share,
                "While fewer than this share of the endpoints are left by ejections, ejected ones are used again.",
                default: "50%"),
        ])

    static let sticky = ObjectShape(
        "sticky", "Stickiness by cookie.",
        [
            Field(.cookie, .scalar(.token), "The cookie's name.", required: true),
            Field(.maxAge, .duration, "How long it lasts.", default: "the session"),
            Field(
                .secret, .scalar(.name),
                "Keys the cookie's value; take it from `${env:NAME}`, the same for all gateways.",
                default: "chosen at random by each process"),
        ])

    static let serviceTimeouts = ObjectShape(
        "service_timeouts", "Time limits towards endpoints.",
        [
            Field(.connect, .duration, "For a connection to be made.", default: "5s"),
            Field(
                .request, .duration,
                "From the request's head to the final response's head, all tries included; then 504.",
                default: "30s"),
            Field(.keepAlive, .duration, "How long an unused connection is kept.", default: "4s"),
            Field(
                .perTry, .duration, "From the start of one try to its response's head; `retry_on` says what then.",
                default: "0s"),
        ])

    static let pool = ObjectShape(
        "pool", "Connections that one worker keeps to one endpoint.",
        [
            Field(.maxConnections, .integer(1...1_000_000), "Connections at most.", default: "10000"),
            Field(.maxIdle, .integer(0...1_000_000), "Unused connections that are kept.", default: "1024"),
            Field(
                .maxPending, .integer(0...1_000_000),
                "Requests that may wait for a connection or a name, per service.", default: "10000"),
        ])

    static let ping = ObjectShape(
        "ping",
        "Asks endpoints of HTTP/2 whether they are still there, and closes connections where nobody is. Any byte is an "
            + "answer.",
        [
            Field(
                .idle, .duration,
                "A request after so long a silence of its connection brings a PING along; `0s`: none.",
                default: "10s"),
            Field(
                .interval, .duration,
                "So long a silence while requests are under way brings a PING; `0s`: none. By default servers of gRPC end "
                    + "connections that ask more often than every five minutes.",
                default: "301s"),
            Field(.timeout, .scalar(.duration(off: false)), "For the answer.", default: "5s"),
        ])

    static let healthCheck = ObjectShape(
        "health_check",
        "Active health checks: each endpoint is asked by one worker, on a connection of its own. Who fails gets nothing.",
        [
            Field(
                .type, .word("http", "tcp", "grpc"),
                "`http` asks for a path; `tcp` only makes a connection; `grpc` asks gRPC's own health service.",
                default: "http"),
            Field(.path, .scalar(.checkTarget), "The path that is requested, perhaps with a query.", default: "/"),
            Field(.method, .word("GET", "HEAD"), "The method.", default: "GET"),
            Field(.host, .scalar(.host), "The `Host` that is sent.", default: "the endpoint's"),
            Field(
                .headers, .map(keys: .fieldName, values: .scalar(.fieldValue)), "Further header fields.", default: "{}"),
            Field(.port, .integer(1...65_535), "Another port than the endpoint's."),
            Field(
                .interval, .scalar(.duration(off: false)), "Between two checks, give or take a tenth.", default: "5s"),
            Field(
                .edgeInterval, .scalar(.duration(off: false)),
                "In place of the others, while results differ from the state and are being counted."),
            Field(
                .unhealthyInterval, .scalar(.duration(off: false)),
                "In place of `interval`, while the endpoint is unhealthy."),
            Field(
                .timeout, .scalar(.duration(off: false)), "For one check, connecting included. Below each interval.",
                default: "1s"),
            Field(
                .healthyAfter, .integer(1...1000), "Successes in a row; the very first result counts at once.",
                default: "2"),
            Field(
                .unhealthyAfter, .integer(1...1000), "Failures in a row; the very first result counts at once.",
                default: "3"),
            Field(
                .expectedStatus, .oneOrList(.scalar(.statusRange)),
                "What counts as well: a status, a range such as `200-399`, or a class such as `2xx`.", default: "2xx"),
            Field(.expectedBody, .text, "A text that must stand in the first 64 KiB of the body."),
            Field(
                .required, .boolean,
                "Whether an endpoint must pass its first check before it gets a request. The start waits for these.",
                default: "false"),
        ])

    static let outlierDetection = ObjectShape(
        "outlier_detection", "Passive ejection: endpoints that fail real requests get none for a while.",
        [
            Field(.enabled, .boolean, "Whether endpoints are ejected. A service's only one never is.", default: "true"),
            Field(.consecutive5xx, .integer(0...10_000), "Answers 5xx, or none, in a row; 0: never.", default: "5"),
            Field(
                .consecutiveGatewayFailures, .integer(0...10_000),
                "Answers 502, 503, 504, or none, in a row; 0: never.", default: "5"),
            Field(
                .interval, .scalar(.duration(off: false)),
                "For each such time without an ejection, one less of the past ones counts.", default: "10s"),
            Field(
                .baseEjectionTime, .scalar(.duration(off: false)), "Times the number of ejections that count.",
                default: "30s"),
            Field(.maxEjectionTime, .scalar(.duration(off: false)), "At most.", default: "5m"),
            Field(.maxEjected, .share, "The share of endpoints ejected at once, but at least one.", default: "10%"),
        ])

    static let circuitBreaker = ObjectShape(
        "circuit_breaker", "Caps of a service, and a breaker by error ratio and latency.",
        [
            Field(.maxConnections, .integer(1...1_000_000), "Connections, over all workers.", default: "10000"),
            Field(
                .maxPending, .integer(0...1_000_000), "Requests that wait for a connection or a name.", default: "10000"
            ),
            Field(
                .pendingTimeout, .duration, "How long a request may wait for a free connection; then 503.",
                default: "5s"),
            Field(.maxRequests, .integer(1...1_000_000), "Requests at once; more is answered 503.", default: "10000"),
            Field(
                .maxRetries, .integer(0...1_000_000), "Retries at once that may always be, whatever the budget.",
                default: "3"),
            Field(
                .errorRatio, .share,
                "Opens when this share of tries fails (no answer, or 5xx). Without it, failures open nothing."),
            Field(
                .latency, .scalar(.duration(off: false)),
                "A try is slow when its response's head takes longer; opens when `slow_ratio` of them are. Without it, "
                    + "none is slow."),
            Field(.slowRatio, .share, "The share of slow tries that opens.", default: "50%"),
            Field(
                .minRequests, .integer(1...1_000_000), "Tries within the window below which nothing opens.",
                default: "20"),
            Field(.window, .scalar(.duration(off: false)), "How far back tries count.", default: "10s"),
            Field(.openFor, .scalar(.duration(off: false)), "Until the first probe.", default: "10s"),
            Field(
                .ramp, .duration, "After a probe that succeeds, the share let through grows to all in this time.",
                default: "10s"),
            Field(
                .adaptive, .boolean, "Finds the number of requests at once by itself, from how long answers take.",
                default: "false"),
        ])

    static let serviceTLS = ObjectShape(
        "service_tls", "TLS towards endpoints.",
        [
            Field(.ca, .scalar(.name), "Authorities that are trusted, as a PEM file.", default: "the system's"),
            Field(.serverName, .scalar(.host), "The name asked for and verified.", default: "the endpoint's host"),
            Field(.clientCertificate, .scalar(.name), "The gateway's own certificate, as a PEM file."),
            Field(.clientKey, .scalar(.name), "Its key, as a PEM file."),
            Field(.verify, .boolean, "Whether the endpoint's certificate is verified.", default: "true"),
        ])

    static let retries = ObjectShape(
        "retries", "Further tries, only where a repeated request does no harm.",
        [
            Field(.attempts, .integer(0...10), "Further tries after the first.", default: "1"),
            Field(
                .retryOn, .list(.scalar(.retryCondition)),
                "What is tried again: connect_failure, refused_stream (nothing was sent, or nothing done with it), reset, "
                    + "timeout (of one try), gateway_error (502, 503, 504), 5xx, a status, or how a call of gRPC ended "
                    + "before any message: grpc_cancelled, grpc_deadline_exceeded, grpc_resource_exhausted, "
                    + "grpc_internal, grpc_unavailable.",
                default: "[connect_failure]"),
            Field(
                .budget, .share, "Retries at once, as a share of the service's active requests; three always may.",
                default: "20%"),
            Field(
                .methods, .list(.scalar(.method)),
                "Methods that may be repeated once bytes were sent; one that is not idempotent only with an "
                    + "`Idempotency-Key`.", default: "[ANY]"),
            Field(.backoff, .object(backoff), "Waits between tries."),
            Field(.maxBody, .size(0...64 << 20), "Bytes of a request body kept for a retry.", default: "64KiB"),
        ])

    static let hedge = ObjectShape(
        "hedge",
        "Tries at another endpoint that begin while the first is still unanswered; the first good answer is taken. "
            + "For idempotent methods only, within the budget of the retries.",
        [
            Field(.after, .scalar(.duration(off: false)), "So long after the try before.", required: true),
            Field(.max, .integer(0...3), "Such tries of one request.", default: "1"),
        ])

    static let backoff = ObjectShape(
        "backoff", "Full jitter between nothing and a bound that doubles.",
        [
            Field(.base, .scalar(.duration(off: false)), "The first bound.", default: "25ms"),
            Field(.max, .scalar(.duration(off: false)), "The last bound.", default: "250ms"),
        ])
}
