/// A sample service of the demo: what its name is, which paths are its own, and what it answers there.
struct DemoService {
    enum Kind: String, CaseIterable { case users, orders, posts, products }

    var kind: Kind
    /// `users-1`: tells the endpoints of a service apart.
    var instance: String

    /// The prefixes that belong to it; everything else is answered 405, as the servers of the second article do.
    private var ownPrefixes: [String] {
        switch kind {
        case .users: ["/users", "/api/v1/users"]
        case .orders: ["/orders"]
        case .posts: ["/posts", "/api/v1/posts"]
        case .products: ["/products"]
        }
    }

    /// `/` and `/health` are everyone's: the first article forwards `/api/orders/health` to `/health`.
    func isOwn(_ path: String) -> Bool {
        path == "/" || path == "/health"
            || ownPrefixes.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    struct Request {
        var method: String
        var path: String
        var query: String?
        var headers: [(name: String, value: String)]
        var bodySize: Int
    }

    struct Response {
        var status: Int
        var body: String
    }

    func answer(_ request: Request) -> Response {
        guard isOwn(request.path) else {
            let error = DemoJSON.object([
                ("error", .text("method_not_allowed")),
                ("message", .text("\(request.path) is no path of the \(kind.rawValue) service.")),
                ("instance", .text(instance)),
            ])
            return Response(status: 405, body: error.text)
        }
        var members: [(String, DemoJSON)] = [
            ("service", .text(kind.rawValue)), ("instance", .text(instance)), ("method", .text(request.method)),
            ("path", .text(request.path)),
        ]
        if let query = request.query { members.append(("query", .text(query))) }
        if request.bodySize > 0 { members.append(("body_bytes", .number(request.bodySize))) }
        members.append(("headers", .object(shown(request.headers))))
        members.append(("data", data(request.path)))
        return Response(status: 200, body: DemoJSON.object(members).text)
    }

    /// The fields that a gateway sets or keeps: what a service learns of the request's way.
    private static let shownFields = [
        "host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix", "forwarded",
        "x-request-id", "traceparent", "via", "x-api-version",
    ]

    private func shown(_ headers: [(name: String, value: String)]) -> [(String, DemoJSON)] {
        headers.filter { Self.shownFields.contains($0.name.lowercased()) }.map { ($0.name, .text($0.value)) }
    }

    /// Something to look at.
    private func data(_ path: String) -> DemoJSON {
        if path == "/health" { return .object([("status", .text("up"))]) }
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        switch kind {
        case .users: return .object([("id", .text(last)), ("name", .text("Ada Lovelace"))])
        case .orders: return .object([("id", .text(last)), ("status", .text("shipped")), ("total", .text("49.98"))])
        case .posts: return .list([.text("Hello"), .text("Second post")])
        case .products: return .list([.text("Keyboard"), .text("Mouse")])
        }
    }
}

/// JSON as the sample services write it: two blanks a level, members in the order given.
indirect enum DemoJSON {
    case text(String)
    case number(Int)
    case list([DemoJSON])
    case object([(String, DemoJSON)])

    var text: String { write(indent: "") + "\n" }

    private func write(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return Self.quote(text)
        case .number(let number): return String(number)
        case .list(let values):
            return "[" + values.map { $0.write(indent: inner) }.joined(separator: ", ") + "]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { inner + Self.quote($0.0) + ": " + $0.1.write(indent: inner) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
        }
    }

    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
