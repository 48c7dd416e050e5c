extension Vocabulary {
    static let service = ObjectShape(
        "service", "A named pool of endpoints that answer the same requests.",
        [
            Field(
                .endpoints, .list(.choice([.scalar(.endpointURL), .object(endpoint)])),
                "URLs without a path, or `{ url, weight }`. Names are resolved, and all their addresses used.",
                required: true),
            Field(.loadBalancing, .object(loadBalancing), "How an endpoint is picked."),
            Field(.timeouts, .object(serviceTimeouts), "Time limits towards the endpoints; `0s` switches one off."),
            Field(.pool, .object(pool), "Connections that a worker keeps to one endpoint."),
            Field(.healthCheck, .object(healthCheck), "Asks the endpoints whether they are well.", planned: true),
            Field(
                .outlierDetection, .object(outlierDetection), "Takes endpoints out that fail real requests.",
                planned: true),
            Field(
                .circuitBreaker, .object(circuitBreaker), "Caps that keep a slow service from taking all down.",
                planned: true),
            Field(
                .protocol, .word("http1", planned: ["http2", "auto"]),
                "What the endpoints speak; `auto` asks by ALPN.", default: "http1"),
            Field(.tls, .object(serviceTLS), "TLS towards https endpoints, verified unless switched off."),
            Field(.retries, .object(retries), "Further tries of a failed request.", planned: true),
        ])

    static let endpoint = ObjectShape(
        "endpoint", "One endpoint of a service.",
        [
            Field(.url, .scalar(.endpointURL), "Scheme, host and port.", required: true),
            Field(.weight, .integer(0...65_535), "Its share relative to its siblings; 0 gets none.", default: "1"),
            Field(
                .priority, .integer(0...15), "Used only when all of a lower number are down.", default: "0",
                planned: true),
        ])

    static let loadBalancing = ObjectShape(
        "load_balancing", "How an endpoint is picked.",
        [
            Field(
                .policy,
                .word("round_robin", "least_request", planned: ["peak_ewma", "consistent_hash", "random"]),
                "`round_robin` goes by weight, smoothly; `least_request` takes the less busy of two.",
                default: "round_robin"),
            Field(.key, .scalar(.hashKey), "What `consistent_hash` goes by, as in `header:X-Tenant`.", planned: true),
            Field(.sticky, .object(sticky), "Keeps a client on its endpoint by a cookie.", planned: true),
            Field(.slowStart, .duration, "How long a new endpoint ramps up.", default: "10s", planned: true),
            Field(
                .panicThreshold, .share, "Below this share of endpoints not ejected, all are used.", default: "50%",
                planned: true),
        ])

    static let sticky = ObjectShape(
        "sticky", "Stickiness by cookie.",
        [
            Field(.cookie, .scalar(.token), "The cookie's name.", required: true),
            Field(.maxAge, .duration, "How long it lasts.", default: "the session"),
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
            Field(.perTry, .duration, "For one try.", planned: true),
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

    static let healthCheck = ObjectShape(
        "health_check", "Active health checks.",
        [
            Field(.type, .word("http", "tcp", "grpc"), "What is asked.", default: "http"),
            Field(.path, .scalar(.rewriteTarget), "The path that is requested.", default: "/"),
            Field(.method, .word("GET", "HEAD"), "The method.", default: "GET"),
            Field(.host, .scalar(.host), "The `Host` that is sent.", default: "the endpoint's"),
            Field(.port, .integer(1...65_535), "Another port than the endpoint's."),
            Field(.interval, .scalar(.duration(off: false)), "Between two checks, with jitter.", default: "5s"),
            Field(.timeout, .scalar(.duration(off: false)), "For one check.", default: "1s"),
            Field(.healthyAfter, .integer(1...1000), "Successes in a row.", default: "2"),
            Field(.unhealthyAfter, .integer(1...1000), "Failures in a row.", default: "3"),
            Field(.expectedStatus, .oneOrList(.integer(100...599)), "What counts as well.", default: "200 to 299"),
            Field(.expectedBody, .text, "A text that the body must hold."),
            Field(.required, .boolean, "Whether the first result comes before the first request.", default: "false"),
        ])

    static let outlierDetection = ObjectShape(
        "outlier_detection", "Passive ejection of endpoints that fail.",
        [
            Field(.consecutive5xx, .integer(0...10_000), "Answers 5xx in a row; 0: never.", default: "5"),
            Field(
                .consecutiveGatewayFailures, .integer(0...10_000), "Failures to connect or answer in a row; 0: never.",
                default: "5"),
            Field(.interval, .scalar(.duration(off: false)), "Between two sweeps.", default: "10s"),
            Field(.baseEjectionTime, .scalar(.duration(off: false)), "Times the number of ejections.", default: "30s"),
            Field(.maxEjectionTime, .scalar(.duration(off: false)), "At most.", default: "5m"),
            Field(.maxEjected, .share, "The share of endpoints ejected at once, but at least one.", default: "10%"),
        ])

    static let circuitBreaker = ObjectShape(
        "circuit_breaker", "Caps of a service, and a breaker by error ratio and latency.",
        [
            Field(.maxConnections, .integer(1...1_000_000), "Connections.", default: "10000"),
            Field(.maxPending, .integer(0...1_000_000), "Waiting requests.", default: "10000"),
            Field(.maxRequests, .integer(1...1_000_000), "Requests at once.", default: "10000"),
            Field(.maxRetries, .integer(0...1_000_000), "Retries at once.", default: "3"),
            Field(.errorRatio, .share, "Opens above this share of failures."),
            Field(.latency, .scalar(.duration(off: false)), "Opens when answers take longer than this."),
            Field(.openFor, .scalar(.duration(off: false)), "Until the first probe.", default: "10s"),
            Field(.adaptive, .boolean, "Finds the number of requests at once by itself.", default: "false"),
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
                "What is tried again: connect_failure, reset, timeout, gateway_error, 5xx, refused_stream, or a status.",
                default: "[connect_failure]"),
            Field(.budget, .share, "Retries at most, as a share of the active requests.", default: "20%"),
            Field(.methods, .list(.scalar(.method)), "Methods that may be repeated.", default: "the idempotent ones"),
            Field(.backoff, .object(backoff), "Waits between tries."),
            Field(.maxBody, .size(0...64 << 20), "Bytes of a request body kept for a retry.", default: "64KiB"),
        ])

    static let backoff = ObjectShape(
        "backoff", "Full jitter between nothing and a bound that doubles.",
        [
            Field(.base, .scalar(.duration(off: false)), "The first bound.", default: "25ms"),
            Field(.max, .scalar(.duration(off: false)), "The last bound.", default: "250ms"),
        ])
}
