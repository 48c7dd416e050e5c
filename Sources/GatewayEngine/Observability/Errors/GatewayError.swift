/// Every error that the gateway itself answers with, or writes into its access log.
///
/// A client, a dashboard and a runbook all hold on to these names, so they are promises: a code never changes its
/// meaning, and `docs/errors.md` explains each one (a test holds that page and this list together). An error that an
/// upstream answers passes through untouched and never appears here.
///
/// The raw value is the slot of the error's counter and nothing else; it is never sent. Values stand in families with
/// room between them, so that a new error finds its place beside its kin:
///
/// - 1…39: the request as bytes (framing, sizes, time to send it)
/// - 40…59: finding the answer (paths, routes, stages, methods)
/// - 60…99: who asks and how much (authentication, authorisation, limits, validation)
/// - 100…139: the way to the upstream and back
/// - 140…159: this gateway itself
/// - 160…179: what only the log sees, because no answer could be sent any more
package enum GatewayError: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    case badRequest = 1
    case uriTooLong = 2
    case requestHeadersTooLarge = 3
    case bodyTooLarge = 4
    case requestTimeout = 5
    case expectationFailed = 6
    case notImplemented = 7
    case httpVersionNotSupported = 8
    case upgradeNotSupported = 9
    case tlsRequired = 10

    case notFound = 40
    case stageNotFound = 41
    case methodNotAllowed = 42
    case pathRejected = 43
    case serviceNotFound = 44

    case unauthorized = 60
    case invalidToken = 61
    case insufficientScope = 62
    case forbidden = 63
    case keysUnavailable = 64
    case addressDenied = 65
    case invalidCredentials = 66
    case authUnavailable = 67
    case rateLimited = 70
    case concurrencyLimited = 71
    case requestBodyMalformed = 90
    case requestBodyEncoded = 91
    case requestBodyUndecodable = 95
    case requestExpansionLimit = 96
    case partInputMissing = 98
    case requestInvalid = 92
    case unsupportedMediaType = 93

    case upstreamConnectFailed = 100
    case upstreamConnectRefused = 101
    case upstreamConnectTimeout = 102
    case upstreamReset = 103
    case upstreamInvalidResponse = 104
    case upstreamHeadersTooLarge = 105
    case upstreamIncomplete = 106
    case upstreamTimeout = 107
    case noEndpoint = 108
    case nameNotResolved = 109
    case nameResolutionTimeout = 110
    case upstreamTLSFailed = 111
    case upstreamCertificateInvalid = 112
    case responseNotJSON = 115
    case responseMalformed = 116
    case responseTooLarge = 117
    case responseEncoded = 118
    case responseUndecodable = 126
    case responseExpansionLimit = 127
    case upstreamError = 128
    case responseInvalid = 119
    case circuitOpen = 120
    case pendingTimeout = 121
    case partFailed = 130
    case partTimeout = 131
    case partStatus = 132
    case partItemsExceeded = 133

    case overloaded = 140
    case connectionLimit = 141
    case handlerFailed = 142
    case handlerTimeout = 143
    case handlerOverloaded = 144
    case handlerRefused = 145
    case policyFailed = 146
    case policyTimeout = 147
    case policyRefused = 148
    case faultInjected = 150

    case clientClosed = 160
    case sendTimeout = 161
    case streamIdleTimeout = 162

    /// Slots that a table indexed by raw value needs.
    package static let slotCount = 256

    /// The status of the answer; for errors that only the log sees, the status that stands there when no head was sent.
    package var status: Int { facts.status }
    /// The stable name: snake_case, safe in JSON, labels and header values as it stands.
    package var code: StaticString { facts.code }
    /// One sentence for a person, safe in JSON as it stands. It never tells more than the client may know: no address
    /// of an endpoint, no name of a file.
    package var message: StaticString { facts.message }
    /// The parameters of this gateway's member in a `Proxy-Status` field (RFC 9209): error type and details.
    package var proxyStatus: StaticString { facts.proxyStatus }
    /// Whether the client's connection must end after the answer, because where the next request begins is unknown, or
    /// because the client is not to be waited for any longer.
    package var closesConnection: Bool { facts.closes }
    /// Whether no answer with this code is ever sent.
    package var isLogOnly: Bool { rawValue >= 160 && rawValue < 180 }
}
