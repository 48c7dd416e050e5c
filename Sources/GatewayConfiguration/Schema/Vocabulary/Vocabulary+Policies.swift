extension Vocabulary {
    private static let algorithms = Shape.word(
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
        "EdDSA")

    static let auth = ObjectShape(
        "auth", "Who is asking. Every part is optional on a route: what is left out is taken from the top.",
        [
            Field(
                .type,
                .oneOrList(.word("jwt", "api_key", "basic", "introspection", "forward", "client_certificate")),
                "How callers show who they are; of several, the first that a request has decides.", default: "jwt"),
            Field(.issuer, .scalar(.name), "`iss` that tokens must carry."),
            Field(.audiences, .list(.scalar(.name)), "One of them must be in `aud`."),
            Field(.jwksUri, .scalar(.httpURL), "Where the issuer publishes its keys."),
            Field(.discovery, .boolean, "Finds the keys by OpenID Connect discovery from `issuer`."),
            Field(.secret, .scalar(.name), "A shared secret (HS256 and the like); take it from `${env:NAME}`."),
            Field(.keys, .list(.anything), keysSummary),
            Field(.issuers, .list(.object(issuer)), "Several issuers, each with its own keys."),
            Field(.algorithms, .list(algorithms), "Accepted `alg` values.", default: "those that the keys are for"),
            Field(.clockSkew, .duration, "Tolerance for `exp`, `nbf` and `iat`.", default: "60s"),
            Field(
                .refetchInterval, .duration,
                "For tokens of unknown keys an issuer is asked at most once in this time; `0s`: one question after the other.",
                default: "30s"),
            Field(
                .requireKeys, .boolean,
                "Refuses to start when the keys of an issuer cannot be had, instead of answering 503 until they come.",
                default: "false"),
            Field(.token, .object(tokenPlaces), "Where the token is looked for.", default: "Authorization: Bearer"),
            Field(.excludePaths, .list(.scalar(.pathPattern)), "Paths that need no identity."),
            Field(
                .claimsToHeaders, .map(keys: .name, values: .fieldName), "Claims that services get as header fields.",
                default: "{ sub: X-User-Id, role: X-User-Role, email: X-User-Email }"),
            Field(.optional, .boolean, "Lets requests without credentials through.", default: "false"),
            Field(
                .forwardToken, .boolean, "Whether services get the credentials too.",
                default: "true for tokens, false for API keys and passwords"),
            Field(.scopes, .list(.scalar(.name)), "Scopes that are all needed."),
            Field(.anyScope, .list(.scalar(.name)), "Scopes of which one is needed."),
            Field(.roles, .list(.scalar(.name)), "Roles of which one is needed."),
            Field(
                .claims, .map(keys: .name, values: .oneOrList(.choice([.text, .boolean, claimNumber]))),
                "Claims and the values they must have; of a list, one."),
            Field(.consumers, .list(.scalar(.name)), "Consumers or groups of which one must be asking."),
            Field(.header, .fieldName, "The header that carries an API key.", default: "X-Api-Key"),
            Field(.query, .scalar(.name), "A query parameter that carries an API key."),
            Field(.cookie, .scalar(.token), "A cookie that carries an API key."),
            Field(.url, .scalar(.httpURL), "Who is asked, for `introspection` and `forward`."),
            Field(.clientId, .scalar(.name), "By which name `introspection` asks."),
            Field(.clientSecret, .scalar(.name), "Its password; take it from `${env:NAME}`."),
            Field(.timeout, .scalar(.duration(off: false)), "How long the answer may take.", default: "5s"),
            Field(
                .cacheTime, .duration,
                "How long an answer of `introspection` holds at most; never past the token's `exp`.",
                default: "60s"),
            Field(
                .onFailure, .word("deny", "allow"),
                "What happens while the one that `forward` asks is gone: 503, or on as nobody.", default: "deny"),
            Field(
                .forwardHeaders, .list(.fieldName), "Request header fields that the one that `forward` asks gets.",
                default: "[Authorization, Cookie]"),
            Field(
                .responseHeaders, .list(.fieldName),
                "Header fields of its answer that services get; nobody else can set them."),
            Field(.subjectHeader, .fieldName, "The header field of its answer that says who is asking."),
        ])

    private static let keysSummary =
        "Keys: JWKs as mappings, or texts of JWKs, key sets and PEM, as by `${file:keys/issuer.pem}`."
    private static let claimNumber = Shape.scalar(.number(-9e15...9e15))

    static let issuer = ObjectShape(
        "issuer", "One issuer of tokens.", rules: [.atLeastOne([.jwksUri, .secret, .keys, .discovery])],
        [
            Field(.issuer, .scalar(.name), "`iss` of its tokens.", required: true),
            Field(.audiences, .list(.scalar(.name)), "One of them must be in `aud`."),
            Field(.jwksUri, .scalar(.httpURL), "Where it publishes its keys."),
            Field(.discovery, .boolean, "Finds the keys by OpenID Connect discovery."),
            Field(.secret, .scalar(.name), "A shared secret."),
            Field(.keys, .list(.anything), keysSummary),
            Field(.algorithms, .list(algorithms), "Accepted `alg` values.", default: "those around the list"),
        ])

    static let tokenPlaces = ObjectShape(
        "token", "Where a token is looked for.", rules: [.atLeastOne([.header, .cookie, .query])],
        [
            Field(.header, .fieldName, "A header field."),
            Field(.cookie, .scalar(.token), "A cookie."),
            Field(.query, .scalar(.name), "A query parameter."),
        ])

    static let consumer = ObjectShape(
        "consumer", "A named caller.",
        [
            Field(.groups, .list(.scalar(.name)), "Groups it belongs to."),
            Field(
                .apiKeys, .list(.scalar(.name)),
                "Hashes of its API keys, `sha256:…`, as `gatehouse key new` gives them."),
            Field(
                .password, .scalar(.name),
                "The hash of its password, for `basic`, as `gatehouse key password` gives it. The user is the consumer's name."
            ),
            Field(
                .subjects, .list(.scalar(.name)),
                "`sub` claims, and subjects and names of certificates, that are this caller."),
            Field(
                .rateLimiting, .oneOrList(.object(limit)),
                "Limits of its own, in place of those by group, route and path."),
        ])

    private static let rates: [Key] = [
        .requestsPerSecond, .requestsPerMinute, .requestsPerHour, .requestsPerDay, .requestsPerMonth,
    ]
    private static let requests = Shape.integer(1...16_777_215)

    private static let limitFields: [Field] = [
        Field(.requestsPerSecond, requests, "The rate: this many a second."),
        Field(.requestsPerMinute, requests, "Or a minute."),
        Field(.requestsPerHour, requests, "Or an hour."),
        Field(.requestsPerDay, requests, "Or a day."),
        Field(.requestsPerMonth, requests, "Or a month, as a quota."),
        Field(.burst, requests, "The size of the bucket.", default: "the rate's number"),
        Field(
            .key, .oneOrList(.scalar(.limitKey)),
            "Who shares a bucket: client_ip, consumer, route, `header:`, `claim:`, `cookie:`, `query:`, `path:` with a name;"
                + " several together make one key.", default: "client_ip; `consumer` for limits of consumers and groups"
        ),
        Field(
            .algorithm, .word("token_bucket", "sliding_window", "quota"),
            "How requests are counted: a bucket that fills at the rate, any window of this length, or calendar days and"
                + " months (UTC).", default: "token_bucket; `quota` for a month"),
        Field(.dryRun, .boolean, "Counts and logs, but refuses nothing.", default: "false"),
    ]

    static let limit = ObjectShape("limit", "A rate.", rules: [.exactlyOne(rates)], limitFields)

    static let limitOverride = ObjectShape(
        "limit_override", "A rate for some requests, in place of the default.",
        rules: [.exactlyOne(rates), .atLeastOne([.path, .route, .consumer, .group])],
        [
            Field(.path, .scalar(.pathPattern), "Requests to these paths."),
            Field(.methods, .oneOrList(.scalar(.method)), "With these methods.", default: "ANY"),
            Field(.route, .scalar(.name), "Requests of this route."),
            Field(.consumer, .scalar(.name), "Requests of this consumer."),
            Field(.group, .scalar(.name), "Requests of this group."),
        ] + limitFields)

    static let rateLimiting = ObjectShape(
        "rate_limiting", "How much may be asked.",
        [
            Field(
                .default, .oneOrList(.object(limit)),
                "Shared by all routes without an override; of several all must admit."),
            Field(.overrides, .list(.object(limitOverride)), "The most specific one wins."),
            Field(.store, .object(limitStore), "Where counts are kept.", default: "in this process"),
        ])

    static let limitStore = ObjectShape(
        "limit_store", "Where counts are kept.",
        [
            Field(
                .redis, .oneOrList(.scalar(.redisURL)),
                "One Redis or Valkey, or several for failover: `redis://host:6379/0`, `rediss://` for TLS.",
                required: true),
            Field(.cluster, .boolean, "The servers are of a Redis Cluster.", default: "false"),
            Field(.username, .scalar(.name), "The user, where it is not the default one."),
            Field(.password, .scalar(.name), "Its password; take it from `${env:NAME}`."),
            Field(.tls, .object(serviceTLS), "TLS towards rediss:// servers, verified unless switched off."),
            Field(
                .onFailure, .word("local", "allow", "deny"),
                "What happens while it is gone: counts of this process, no limits, or 429.", default: "local"),
            Field(.timeout, .scalar(.duration(off: false)), "For one decision.", default: "100ms"),
            Field(
                .maxPending, .integer(1...100_000), "Requests that wait for an answer, on each worker.",
                default: "1024"),
            Field(
                .lease, .integer(1...1_000),
                "For how many requests of a key is asked at once: faster, and less exact.", default: "1"),
            Field(.prefix, .scalar(.name), "What keys begin with.", default: "gatehouse:"),
        ])

    static let cors = ObjectShape(
        "cors", "Cross-origin resource sharing.",
        [
            Field(
                .origins, .oneOrList(.scalar(.origin)),
                "Origins that may ask: `https://app.example.com`,"
                    + " `https://*.example.com`, or `*` without credentials.", required: true),
            Field(.methods, .oneOrList(.scalar(.method)), "Methods they may use.", default: "those of the route"),
            Field(.headers, .oneOrList(.fieldName), "Header fields they may send."),
            Field(.expose, .oneOrList(.fieldName), "Header fields they may read."),
            Field(.credentials, .boolean, "Whether cookies and credentials may go along.", default: "false"),
            Field(.maxAge, .duration, "How long a browser may remember.", default: "0s"),
        ])

    static let addressList = ObjectShape(
        "addresses", "Client addresses, by the trust rules; the others are answered 403.",
        rules: [.atLeastOne([.allow, .deny])],
        [
            Field(
                .allow, .oneOrList(.scalar(.prefix)), "Only these, as in `10.0.0.0/8` or `2001:db8::1`.",
                default: "any"),
            Field(.deny, .oneOrList(.scalar(.prefix)), "Not these, even where `allow` has them.", default: "none"),
        ])

    static let compression = ObjectShape(
        "compression",
        "Compression of responses, as the client's `Accept-Encoding` says; never of event streams, of gRPC, of what is"
            + " encoded already or says `no-transform`.",
        [
            Field(.enabled, .boolean, "Whether anything is compressed.", default: "true"),
            Field(
                .algorithms, .list(.word("zstd", "br", "gzip")),
                "What is offered; of those that a client likes best, the first.", default: "[zstd, br, gzip]"),
            Field(.minSize, .size(0...1 << 30), "Smaller bodies stay as they are.", default: "1KiB"),
            Field(
                .types, .list(.scalar(.mediaType)),
                "Media types that are compressed: `application/json`, `text/*`, `application/*+json`.",
                default: "text, JSON, XML, JavaScript, WebAssembly, SVG, TrueType"),
            Field(.levels, .object(compressionLevels), "How hard each tries."),
        ])

    static let compressionLevels = ObjectShape(
        "compression_levels", "How hard each algorithm tries: more costs time and memory.",
        [
            Field(.gzip, .integer(1...9), "0.3 MiB for each response under way.", default: "5"),
            Field(.br, .integer(0...6), "0.2 to 4 MiB for each response under way.", default: "4"),
            Field(.zstd, .integer(1...6), "1 to 4 MiB for each response under way.", default: "3"),
        ])
}
