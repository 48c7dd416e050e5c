import Foundation
import GatewayConfiguration
import GatewayEngine
import HTTPWire
import Testing

/// Reads a pattern as the documentation describes it: a second reader, independent of the configuration's parser.
func pattern(_ text: String) -> PathPattern {
    let pieces = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    let segments = pieces.enumerated().map { index, piece -> PathPattern.Segment in
        let isLast = index == pieces.count - 1
        if piece == "**" { return .noneOrMore }
        if piece == "*" { return isLast ? .oneOrMore(nil) : .parameter(nil) }
        if piece.hasPrefix("{"), piece.hasSuffix("+}") { return .oneOrMore(String(piece.dropFirst().dropLast(2))) }
        if piece.hasPrefix("{"), piece.hasSuffix("}") { return .parameter(String(piece.dropFirst().dropLast())) }
        return .literal(String(piece))
    }
    return PathPattern(text: text, segments: segments)
}

/// Reads `/{service}/x` into literals and placeholders.
func template(_ text: String) -> PathTemplate {
    var parts: [PathTemplate.Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
        parts.append(.parameter(String(rest[rest.index(after: open)..<close])))
        rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.literal(String(rest))) }
    return PathTemplate(parts: parts)
}

/// A route with the pattern (or `~expression`) as its path; it is named after it unless `name` says otherwise.
func route(
    _ path: String, name: String? = nil, hosts: [String] = [], methods: [String] = [], headers: [FieldMatch] = [],
    query: [FieldMatch] = [], cookies: [FieldMatch] = [], listeners: [String] = [],
    answer: Answer = .respond(FixedResponseConfiguration()), edit: PathEdit = .none, line: Int = 0
) -> RouteConfiguration {
    let match: PathMatch = path.hasPrefix("~") ? .regex(String(path.dropFirst())) : .pattern(pattern(path))
    var route = RouteConfiguration(
        name: name ?? path, path: match, answer: answer,
        location: SourceLocation(file: "gateway.yaml", line: line, column: 1))
    route.hosts = hosts
    route.methods = methods
    route.headers = headers
    route.query = query
    route.cookies = cookies
    route.listeners = listeners
    route.pathEdit = edit
    return route
}

/// What a client asks for.
struct Request: CustomStringConvertible {
    var method = "GET"
    var host = "example.org"
    var path = "/"
    var query = ""
    var headers: [(String, String)] = []
    var listener = 0

    /// `GET /a?b=c`
    init(_ line: String, host: String = "example.org", headers: [(String, String)] = [], listener: Int = 0) {
        let words = line.split(separator: " ", maxSplits: 1)
        let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        method = String(words[0])
        path = String(target[0])
        query = target.count > 1 ? String(target[1]) : ""
        self.host = host
        self.headers = headers
        self.listener = listener
    }

    var description: String {
        "\(method) \(path)?\(query) host=\(host) listener=\(listener) \(headers.map { "\($0.0): \($0.1)" })"
    }
}

enum Outcome: Equatable, CustomStringConvertible {
    case route(String, [String: String])
    case notFound
    case notAllowed([String])

    var description: String {
        switch self {
        case .route(let name, let parameters):
            "route \(name) \(parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })"
        case .notFound: "404"
        case .notAllowed(let methods): "405 \(methods.joined(separator: ", "))"
        }
    }

    var name: String? { if case .route(let name, _) = self { name } else { nil } }
}

/// A table with what one worker has.
final class Router {
    let table: RouteTable
    let scratch = MatchScratch()

    init(_ routes: [RouteConfiguration], services: [String] = [], listeners: [String] = []) throws {
        table = try RouteTable(
            routes: routes, services: services.map { ServiceConfiguration(name: $0, endpoints: []) },
            listeners: listeners.map {
                ListenerConfiguration(name: $0, address: SocketAddressConfiguration(host: "127.0.0.1", port: 0))
            })
    }

    init(_ configuration: GatewayConfiguration) throws {
        table = try RouteTable(
            routes: configuration.routes, services: configuration.services, listeners: configuration.listeners)
    }

    private func withInput<R>(_ request: Request, _ body: (borrowing RouteInput) throws -> R) rethrows -> R {
        let (method, host) = (Array(request.method.utf8), Array(request.host.utf8))
        let (path, query) = (Array(request.path.utf8), Array(request.query.utf8))
        let fields = HeaderBlock()
        for (name, value) in request.headers {
            fields.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        let input = RouteInput(
            listener: request.listener, method: Method.lookup(method.span), methodText: method.span, host: host.span,
            path: path.span, query: query.span, fields: fields)
        return try body(input)
    }

    func match(_ request: Request) -> Outcome {
        switch withInput(request, { table.match($0, scratch: scratch) }) {
        case .notFound: return .notFound
        case .methodNotAllowed:
            let buffer = WireBuffer(capacity: 64)
            table.appendAllow(scratch, into: buffer)
            #expect(text(buffer.span) == table.allowedMethods(scratch).joined(separator: ", "))
            return .notAllowed(table.allowedMethods(scratch))
        case .route(let index):
            let route = table.routes[index]
            let bytes = Array(request.path.utf8)
            var parameters: [String: String] = [:]
            for (index, name) in route.parameterNames.enumerated() {
                let range = scratch.parameter(index)
                parameters[name] = String(decoding: bytes[Int(range.start)..<range.end], as: UTF8.self)
            }
            return .route(route.name, parameters)
        }
    }

    func explain(_ request: Request) -> Explanation { withInput(request) { table.explain($0, scratch: scratch) } }

    /// The target sent upstream for a request, or the failure's label; nil when no route takes it.
    func target(_ request: Request, hasQuery: Bool? = nil) -> String? {
        guard case .route(let index) = withInput(request, { table.match($0, scratch: scratch) }) else { return nil }
        let buffer = WireBuffer(capacity: 8)
        buffer.append("before")
        let (path, query) = (Array(request.path.utf8), Array(request.query.utf8))
        let outcome = TargetBuilder.build(
            table.routes[index].target, path: path.span, query: query.span, hasQuery: hasQuery ?? !query.isEmpty,
            scratch: scratch, into: buffer)
        switch outcome {
        case .failed(let failure):
            #expect(text(buffer.span) == "before")
            return "\(failure.label)"
        case .built(let range, _): return text(buffer.slice(range))
        }
    }

    /// What was taken from the front of the path.
    func removedPrefix(_ request: Request) -> String? {
        guard case .route(let index) = withInput(request, { table.match($0, scratch: scratch) }) else { return nil }
        let path = Array(request.path.utf8)
        let outcome = TargetBuilder.build(
            table.routes[index].target, path: path.span, query: path.span.extracting(0..<0), hasQuery: false,
            scratch: scratch, into: WireBuffer(capacity: 8))
        guard case .built(_, let removed) = outcome else { return nil }
        return String(decoding: path[..<removed], as: UTF8.self)
    }
}

func text(_ bytes: Span<UInt8>) -> String {
    var array: [UInt8] = []
    for index in bytes.indices { array.append(bytes[index]) }
    return String(decoding: array, as: UTF8.self)
}

/// SplitMix64: the same walk from the same seed, on every platform.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The seed and the number of rounds of a random walk. `GATEHOUSE_SEED` replays one, `GATEHOUSE_ROUNDS` makes it longer.
struct RoutingWalk {
    let seed: UInt64
    let rounds: Int

    init(rounds: Int) {
        let environment = ProcessInfo.processInfo.environment
        seed = environment["GATEHOUSE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
        self.rounds = environment["GATEHOUSE_ROUNDS"].flatMap(Int.init) ?? rounds
    }

    var comment: Comment { "replay with GATEHOUSE_SEED=\(seed)" }
}
