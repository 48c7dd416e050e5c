internal import GatewayConfiguration
internal import GatewayEngine

/// A limit or time that applies to a request, and where it is written.
struct AppliedLimit: Encodable {
    var name: String
    var value: String
    /// Of the answer when it is exceeded; nil when the exchange is broken off.
    var status: Int?
    /// `default`, or the key and the place of what it stands in.
    var from: String
    /// Nothing happens then.
    private var isCountedOnly = false

    private enum CodingKeys: String, CodingKey { case name, value, status, from }

    init(name: String, value: String, status: Int?, from: String) {
        self.name = name
        self.value = value
        self.status = status
        self.from = from
    }

    /// What happens then, for a person.
    var then: String {
        if value == "off" || isCountedOnly { return "" }
        return status.map { "then \($0)" } ?? "then cut off"
    }

    /// Those of a request that a route takes; `service` is nil where the gateway answers by itself.
    static func all(
        route: RouteConfiguration, service: ServiceConfiguration?, _ configuration: GatewayConfiguration
    ) -> [AppliedLimit] {
        var limits: [AppliedLimit] = []
        let general = LimitsConfiguration()
        if let own = route.maxRequestBody {
            limits.append(
                AppliedLimit(
                    name: "request body", value: size(own), status: 413,
                    from: "limits.request_body of route \"\(route.name)\" (\(route.location))"))
        } else {
            let value = configuration.limits.requestBody
            limits.append(
                AppliedLimit(
                    name: "request body", value: size(value), status: 413,
                    from: value == general.requestBody ? "default" : "limits.request_body"))
        }
        if let service {
            limits += times(route: route, service: service)
        }
        let idle = configuration.timeouts.streamIdle
        switch route.timeouts.streamIdle {
        case .inherit:
            let isDefault = idle == DownstreamTimeoutsConfiguration().streamIdle
            limits.append(
                AppliedLimit(
                    name: "silence of the stream", value: time(idle), status: nil,
                    from: isDefault ? "default" : "timeouts.stream_idle"))
        case .off: limits.append(streamIdle(nil, route))
        case .limit(let duration): limits.append(streamIdle(duration, route))
        }
        return limits
    }

    private static func streamIdle(_ duration: Duration?, _ route: RouteConfiguration) -> AppliedLimit {
        AppliedLimit(
            name: "silence of the stream", value: time(duration), status: nil,
            from: "timeouts.stream_idle of route \"\(route.name)\" (\(route.location))")
    }

    private static func times(route: RouteConfiguration, service: ServiceConfiguration) -> [AppliedLimit] {
        let defaults = UpstreamTimeoutsConfiguration()
        let own = service.timeouts
        let place = "service \"\(service.name)\" (\(service.location))"
        var limits = [
            AppliedLimit(
                name: "connect", value: time(own.connect), status: 504,
                from: own.connect == defaults.connect ? "default" : "timeouts.connect of \(place)")
        ]
        let routePlace = "timeouts.request of route \"\(route.name)\" (\(route.location))"
        let request: (Duration?, String) =
            switch route.timeouts.request {
            case .off: (nil, routePlace)
            case .limit(let duration): (duration, routePlace)
            case .inherit:
                (own.request, own.request == defaults.request ? "default" : "timeouts.request of \(place)")
            }
        limits.append(
            AppliedLimit(name: "answer's head", value: time(request.0), status: 504, from: request.1))
        return limits
    }

    /// `64MiB`, as the configuration would write it.
    static func size(_ bytes: Int) -> String {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where bytes >= unit && bytes % unit == 0 { return "\(bytes / unit)\(name)" }
        return "\(bytes)B"
    }

    /// `30s`, `1500ms`, `off`.
    static func time(_ duration: Duration?) -> String {
        guard let duration else { return "off" }
        let parts = duration.components
        if parts.attoseconds != 0 {
            return "\(parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000)ms"
        }
        if parts.seconds >= 60, parts.seconds % 60 == 0 { return "\(parts.seconds / 60)m" }
        return "\(parts.seconds)s"
    }
}

extension AppliedLimit {
    /// A rate, and why it is this one.
    init(rate: RateLimitConfiguration, from source: RequestExplanation.LimitSource, of route: RouteConfiguration) {
        name = "requests by \(rate.keys.map(\.description).joined(separator: ", "))"
        let unit =
            switch rate.period {
            case .second: "s"
            case .minute: "min"
            case .hour: "h"
            case .day: "day"
            case .month: "month"
            }
        value = "\(rate.requests)/\(unit)"
        status = rate.isDryRun ? nil : 429
        isCountedOnly = rate.isDryRun
        let place =
            switch source {
            case .default: "rate_limiting.default"
            case .override(let index): "rate_limiting.overrides[\(index)]"
            case .consumer: "rate_limiting of the consumer"
            case .route: "rate_limiting of route \"\(route.name)\""
            }
        var notes: [String] = []
        if let burst = rate.burst { notes.append("burst \(burst)") }
        if rate.algorithm != .tokenBucket { notes.append(rate.algorithm.rawValue) }
        if rate.isDryRun { notes.append("dry run: refuses nothing") }
        from = "\(place) (\(rate.location))" + notes.map { ", \($0)" }.joined()
    }
}
