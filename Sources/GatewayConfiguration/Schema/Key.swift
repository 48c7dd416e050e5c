/// Every key that the vocabulary knows, whatever mapping it belongs to.
///
/// A key node of the document holds the ordinal of its case (see `SymbolTable`): checker and decoder compare integers,
/// and a misspelt key is a compiler error here instead of a value that is never read.
enum Key: String, CaseIterable, Sendable {
    case listeners
    case admin
    case workers
    case stateFile = "state_file"
    case accessLog = "access_log"
    case limits
    case timeouts
    case trustedProxies = "trusted_proxies"
    case forwarding
    case services
    case routes
    case auth
    case consumers
    case rateLimiting = "rate_limiting"
    case cors
    case transformations
    case compression
    case securityHeaders = "security_headers"
    case addresses
    case policies
    case allow
    case deny
    case address
    case credentials
    case token
    case enabled
    case format
    case path
    case sample
    case redactQuery = "redact_query"
    case headers
    case requestHead = "request_head"
    case requestLine = "request_line"
    case requestFields = "request_fields"
    case requestBody = "request_body"
    case bufferedBody = "buffered_body"
    case responseHead = "response_head"
    case responseFields = "response_fields"
    case connections
    case handlers
    case connectionBuffer = "connection_buffer"
    case memory
    case requestsPerConnection = "requests_per_connection"
    case underscores
    case http2
    case maxStreams = "max_streams"
    case streamWindow = "stream_window"
    case connectionWindow = "connection_window"
    case head
    case bodyIdle = "body_idle"
    case sendIdle = "send_idle"
    case keepAlive = "keep_alive"
    case streamIdle = "stream_idle"
    case drain
    case forwarded
    case attemptsHeader = "attempts_header"
    case timeoutHeader = "timeout_header"
    case via
    case name
    case stage
    case tls
    case paths
    case maxConnections = "max_connections"
    case proxyProtocol = "proxy_protocol"
    case version
    case trusted
    case others
    case redirectToHttps = "redirect_to_https"
    case encodedSlash = "encoded_slash"
    case encodedBackslash = "encoded_backslash"
    case encodedNull = "encoded_null"
    case backslash
    case emptySegments = "empty_segments"
    case semicolon
    case certificates
    case profile
    case minVersion = "min_version"
    case clientCertificates = "client_certificates"
    case hsts
    case acme
    case certificate
    case key
    case ocsp
    case mode
    case ca
    case crl
    case directory
    case email
    case domains
    case storage
    case challenge
    case endpoints
    case loadBalancing = "load_balancing"
    case ping
    case eab
    case keyID = "key_id"
    case hmacKey = "hmac_key"
    case idle
    case pool
    case healthCheck = "health_check"
    case outlierDetection = "outlier_detection"
    case circuitBreaker = "circuit_breaker"
    case `protocol`
    case retries
    case url
    case weight
    case priority
    case policy
    case sticky
    case slowStart = "slow_start"
    case panicThreshold = "panic_threshold"
    case cookie
    case maxAge = "max_age"
    case connect
    case request
    case perTry = "per_try"
    case maxIdle = "max_idle"
    case maxPending = "max_pending"
    case type
    case method
    case host
    case port
    case interval
    case edgeInterval = "edge_interval"
    case unhealthyInterval = "unhealthy_interval"
    case timeout
    case healthyAfter = "healthy_after"
    case unhealthyAfter = "unhealthy_after"
    case expectedStatus = "expected_status"
    case expectedBody = "expected_body"
    case required
    case consecutive5xx = "consecutive_5xx"
    case consecutiveGatewayFailures = "consecutive_gateway_failures"
    case baseEjectionTime = "base_ejection_time"
    case maxEjectionTime = "max_ejection_time"
    case maxEjected = "max_ejected"
    case maxRequests = "max_requests"
    case maxRetries = "max_retries"
    case errorRatio = "error_ratio"
    case latency
    case openFor = "open_for"
    case adaptive
    case pendingTimeout = "pending_timeout"
    case slowRatio = "slow_ratio"
    case minRequests = "min_requests"
    case window
    case ramp
    case serverName = "server_name"
    case clientCertificate = "client_certificate"
    case clientKey = "client_key"
    case verify
    case attempts
    case retryOn = "retry_on"
    case budget
    case methods
    case backoff
    case maxBody = "max_body"
    case hedge
    case after
    case base
    case max
    case hosts
    case query
    case cookies
    case service
    case upstream
    case split
    case respond
    case redirect
    case aggregate
    case handler
    case stripPrefix = "strip_prefix"
    case rewrite
    case rewritePrefix = "rewrite_prefix"
    case splitKey = "split_key"
    case splitOverrides = "split_overrides"
    case canary
    case candidate
    case steps
    case pause
    case maxErrorIncrease = "max_error_increase"
    case maxLatencyIncrease = "max_latency_increase"
    case onInconclusive = "on_inconclusive"
    case autoStart = "auto_start"
    case autoPromote = "auto_promote"
    case mirror
    case fault
    case websocket
    case grpcWeb = "grpc_web"
    case regex
    case present
    case mediaType = "media_type"
    case status
    case body
    case scheme
    case keepQuery = "keep_query"
    case concurrency
    case share
    case delay
    case abort
    case header
    case issuer
    case audiences
    case jwksUri = "jwks_uri"
    case discovery
    case secret
    case keys
    case issuers
    case algorithms
    case clockSkew = "clock_skew"
    case refetchInterval = "refetch_interval"
    case requireKeys = "require_keys"
    case excludePaths = "exclude_paths"
    case claimsToHeaders = "claims_to_headers"
    case optional
    case forwardToken = "forward_token"
    case clientId = "client_id"
    case clientSecret = "client_secret"
    case cacheTime = "cache_time"
    case responseHeaders = "response_headers"
    case subjectHeader = "subject_header"
    case scopes
    case anyScope = "any_scope"
    case roles
    case claims
    case groups
    case apiKeys = "api_keys"
    case password
    case subjects
    case requestsPerSecond = "requests_per_second"
    case requestsPerMinute = "requests_per_minute"
    case requestsPerHour = "requests_per_hour"
    case requestsPerDay = "requests_per_day"
    case requestsPerMonth = "requests_per_month"
    case burst
    case algorithm
    case dryRun = "dry_run"
    case route
    case consumer
    case group
    case `default`
    case overrides
    case store
    case redis
    case cluster
    case username
    case lease
    case prefix
    case onFailure = "on_failure"
    case origins
    case expose
    case minSize = "min_size"
    case levels
    case errors
    case contentType = "content_type"
    case text
    case stageVariables = "stage_variables"
    case setStatus = "set_status"
    case parameters
    case br
    case gzip
    case zstd
    case decompressionRatio = "decompression_ratio"
    case encoderMemory = "encoder_memory"
    case types
    case parts
    case forwardHeaders = "forward_headers"
    case pick
    case onError = "on_error"
    case each
    case maxItems = "max_items"
    case failedParts = "failed_parts"
    case value
    case response
    case removeFields = "remove_fields"
    case keepFields = "keep_fields"
    case renameFields = "rename_fields"
    case setFields = "set_fields"
    case defaultFields = "default_fields"
    case requireJson = "require_json"
    case set
    case add
    case remove
    case rename
    case validate
    case `in`
    case style
    case explode
    case schema
    case formats
    case reportOnly = "report_only"
    case responses
    case undocumented
    case openapi
    case file
    case basePath = "base_path"

    private static let all = Key.allCases
    static let count = all.count

    /// nil for a key that no mapping of the vocabulary has.
    init?(symbol: UInt32) {
        guard symbol < UInt32(Key.count) else { return nil }
        self = Key.all[Int(symbol)]
    }

    /// The place in `allCases`, which is the symbol too.
    var ordinal: Int { Key.ordinals[self] ?? 0 }
    private static let ordinals = Dictionary(uniqueKeysWithValues: Key.allCases.enumerated().map { ($1, $0) })
}
