internal import GatewayConfiguration
internal import HTTPWire

/// The limits and times that concern clients, as numbers.
struct ClientSettings: Sendable {
    let head: HeadLimits
    let requestBody: Int
    let bufferedBody: Int
    let decompressionRatio: Int
    let responseHead: HeadLimits
    let connectionBuffer: Int32
    let http2: HTTP2LimitsConfiguration
    let requestsPerConnection: Int
    let underscores: HTTPWire.UnderscorePolicy
    let headTimeout: Int64
    let bodyIdle: Int64
    let sendIdle: Int64
    let keepAlive: Int64
    let streamIdle: Int64

    init(_ configuration: GatewayConfiguration) {
        let limits = configuration.limits
        head = HeadLimits(requestLine: limits.requestLine, head: limits.requestHead, fields: limits.requestFields)
        responseHead = HeadLimits(head: limits.responseHead, fields: limits.responseFields)
        requestBody = limits.requestBody
        bufferedBody = limits.bufferedBody
        decompressionRatio = limits.decompressionRatio
        connectionBuffer = Int32(clamping: limits.connectionBuffer)
        http2 = limits.http2
        requestsPerConnection = limits.requestsPerConnection == 0 ? .max : limits.requestsPerConnection
        underscores =
            switch limits.underscores {
            case .drop: .drop
            case .keep: .keep
            case .reject: .reject
            }
        let timeouts = configuration.timeouts
        headTimeout = timeouts.head.nanosecondsOrNever
        bodyIdle = timeouts.bodyIdle.nanosecondsOrNever
        sendIdle = timeouts.sendIdle.nanosecondsOrNever
        keepAlive = timeouts.keepAlive.nanosecondsOrNever
        streamIdle = timeouts.streamIdle.nanosecondsOrNever
    }
}
