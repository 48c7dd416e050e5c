internal import GatewayConfiguration
internal import HTTPWire

/// `cors`, compiled (Fetch standard, "CORS protocol"): which origins are answered, and the fields' values, made once.
final class CompiledCORS: Sendable {
    /// One origin, or all below a host.
    private enum Origin: Sendable {
        case any
        case exact([UInt8])
        /// `https://` and `.example.com:8443`.
        case below(scheme: [UInt8], host: [UInt8])
    }

    private let origins: [Origin]
    /// Whether all answers are alike, so that caches need not tell origins apart.
    let isSameForAll: Bool
    let credentials: Bool
    /// Empty: what the preflight asks for.
    let methods: [UInt8]
    /// Empty: none beyond what every page may send.
    let headers: [UInt8]
    /// `headers` names `*`, and credentials go along, where a `*` would mean nothing: what is asked for is allowed.
    let echoesHeaders: Bool
    let expose: [UInt8]
    /// Empty: browsers keep to their own five seconds.
    let maxAge: [UInt8]

    /// - Parameter methods: of the route.
    init(_ configuration: CORSConfiguration, methods routeMethods: [String]) {
        origins = configuration.origins.map { text in
            if text == "*" { return .any }
            guard let star = text.firstIndex(of: "*") else { return .exact(Array(text.utf8)) }
            return .below(
                scheme: Array(text[..<star].utf8), host: Array(text[text.index(after: star)...].utf8))
        }
        credentials = configuration.credentials
        isSameForAll = configuration.origins.contains("*") && !credentials
        methods = Self.list(configuration.methods ?? Self.withHead(routeMethods))
        echoesHeaders = credentials && configuration.headers.contains("*")
        headers = Self.list(configuration.headers)
        expose = Self.list(configuration.expose)
        maxAge = configuration.maxAge.map { Array("\($0.nanoseconds / 1_000_000_000)".utf8) } ?? []
    }

    private static func list(_ names: [String]) -> [UInt8] { Array(names.joined(separator: ", ").utf8) }

    /// GET takes HEAD too.
    private static func withHead(_ methods: [String]) -> [String] {
        methods.contains("GET") && !methods.contains("HEAD") ? methods + ["HEAD"] : methods
    }

    func allows(_ origin: Span<UInt8>) -> Bool {
        var index = 0
        while index < origins.count {
            switch origins[index] {
            case .any: return true
            case .exact(let text): if Bytes.equal(origin, text.span) { return true }
            case .below(let scheme, let host): if Self.isBelow(origin, scheme, host) { return true }
            }
            index += 1
        }
        return false
    }

    /// What stands in the star's place must be labels of a host, so that nothing else can be made to end the same way.
    private static func isBelow(_ origin: Span<UInt8>, _ scheme: [UInt8], _ host: [UInt8]) -> Bool {
        let end = origin.count - host.count
        guard end > scheme.count, Bytes.has(origin, at: 0, scheme.span), Bytes.has(origin, at: end, host.span) else {
            return false
        }
        for index in scheme.count..<end {
            switch origin[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                continue
            default: return false
            }
        }
        return true
    }
}

/// The CORS rules of a snapshot. Most routes share one, so a route's plan holds its place.
struct CrossOriginRules: Sendable {
    private struct Key: Hashable {
        var configuration: CORSConfiguration
        var methods: [String]
    }

    private var rules: [CompiledCORS] = []
    private var places: [Key: Int32] = [:]
    private let general: CORSConfiguration?
    /// For answers without a route; -1: none.
    let generalPlace: Int32

    init(_ general: CORSConfiguration?) {
        self.general = general
        guard let general else {
            generalPlace = -1
            return
        }
        generalPlace = 0
        rules.append(CompiledCORS(general, methods: []))
        places[Key(configuration: general, methods: [])] = 0
    }

    var isEmpty: Bool { rules.isEmpty }

    /// -1: none for this route.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard let configuration = route.cors ?? general else { return -1 }
        let key = Key(configuration: configuration, methods: configuration.methods == nil ? route.methods : [])
        if let place = places[key] { return place }
        let place = Int32(truncatingIfNeeded: rules.count)
        rules.append(CompiledCORS(configuration, methods: key.methods))
        places[key] = place
        return place
    }

    func rule(_ place: Int32) -> CompiledCORS? { place < 0 ? nil : rules[Int(place)] }
}
