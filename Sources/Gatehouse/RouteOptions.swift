internal import GatewayConfiguration

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a route that stands in the program has besides its path and methods.
public struct RouteOptions: Sendable {
    /// Its label in logs, metrics and `explain`; its methods and path without one.
    public var name: String?
    /// Hosts without port, as `api.example.com` or `*.example.org`; none for any.
    public var hosts: [String] = []
    /// Policies in Swift, in place of those on top of the configuration; nil: those.
    public var policies: [String]?
    /// Within which it must be answered; 30 s without.
    public var timeout: Duration?
    /// Further keys of a route, as they would stand in the file: `auth: none, limits: { request_body: 1KiB }`.
    public var settings = ""

    /// Each left out: as its property says.
    public init(
        name: String? = nil, hosts: [String] = [], policies: [String]? = nil, timeout: Duration? = nil,
        settings: String = ""
    ) {
        self.name = name
        self.hosts = hosts
        self.policies = policies
        self.timeout = timeout
        self.settings = settings
    }

    private struct Keys: Encodable {
        struct Timeouts: Encodable {
            var request: String
        }

        var name: String
        var path: String
        var methods: [String]?
        var hosts: [String]?
        var policies: [String]?
        var timeouts: Timeouts?
        var handler: String
    }

    /// The route, checked as one of a file is; what is wrong with it points at the line of the program.
    func route(
        _ path: String, _ methods: [HTTPMethod], _ handler: ProgramName
    ) -> (RouteConfiguration?, [Diagnostic]) {
        let keys = Keys(
            name: handler.name, path: path, methods: methods.isEmpty ? nil : methods.map(\.rawValue),
            hosts: hosts.isEmpty ? nil : hosts, policies: policies,
            timeouts: timeout.map { Keys.Timeouts(request: "\(Self.milliseconds($0))ms") }, handler: handler.name)
        guard let json = try? JSONEncoder().encode(keys) else { return (nil, []) }
        // JSON in flow style is YAML too, and further keys can follow behind it.
        var text = String(decoding: json.dropLast(), as: UTF8.self)
        text += settings.isEmpty ? "}" : ", \(settings)\n}"
        let result = ConfigurationLoader.load(text: "routes: [ \(text) ]", file: handler.location.file, format: .yaml)
        let problems = result.errors.map { problem in
            Diagnostic(.error, at: handler.location, problem.message, fix: problem.fix)
        }
        guard problems.isEmpty, var route = result.configuration?.routes.first else { return (nil, problems) }
        route.location = handler.location
        route.answer = .handler(handler)
        if let names = route.policies {
            route.policies = names.map { ProgramName($0.name, location: handler.location) }
        }
        return (route, [])
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let longest = Duration.seconds(86_400)
        let parts = min(max(duration, .milliseconds(1)), longest).components
        return parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000
    }
}
