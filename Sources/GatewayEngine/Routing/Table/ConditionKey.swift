internal import GatewayConfiguration

/// Everything that a route asks of a request besides its path, in a form in which equal conditions are equal values: the
/// order in which they were written, the case of header names and repetitions do not matter.
struct ConditionKey: Hashable {
    private struct Field: Hashable {
        var name: String
        var condition: FieldMatch.Condition
    }

    private let hosts: Set<String>
    private let methods: Set<String>
    private let headers: Set<Field>
    private let query: Set<Field>
    private let cookies: Set<Field>
    private let listeners: Set<String>
    /// Expressions of one place need not be the same; patterns are.
    private let expression: String?

    init(_ route: RouteConfiguration) {
        hosts = Set(route.hosts.map { HostPattern($0).text })
        methods = route.methods.contains("ANY") ? [] : Set(route.methods)
        headers = Set(route.headers.map { Field(name: $0.name.lowercased(), condition: $0.condition) })
        query = Set(route.query.map { Field(name: $0.name, condition: $0.condition) })
        cookies = Set(route.cookies.map { Field(name: $0.name, condition: $0.condition) })
        listeners = Set(route.listeners)
        if case .regex(let text) = route.path { expression = text } else { expression = nil }
    }
}

/// A host of a route, as the table keeps it.
struct HostPattern: Hashable {
    enum Kind: Hashable { case any, exact, wildcard }

    let kind: Kind
    /// Lower case, without a final dot; of a wildcard what stands behind `*.`.
    let name: [UInt8]

    init(_ written: String) {
        var bytes = Bytes.lowercased(written)
        if bytes.count > 1, bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        if bytes == [UInt8(ascii: "*")] {
            kind = .any
            name = []
        } else if bytes.starts(with: [UInt8(ascii: "*"), UInt8(ascii: ".")]) {
            kind = .wildcard
            name = Array(bytes.dropFirst(2))
        } else {
            kind = .exact
            name = bytes
        }
    }

    var text: String { (kind == .wildcard ? "*." : kind == .any ? "*" : "") + String(decoding: name, as: UTF8.self) }

    /// Whether some request could have this host.
    var isUsable: Bool {
        kind == .any
            || !name.isEmpty && name.count <= MatchScratch.maximumHost && !name.contains(UInt8(ascii: "*"))
                && !name.contains(UInt8(ascii: "/"))
                && (name.first == UInt8(ascii: "[") || !name.contains(UInt8(ascii: ":")))
    }
}
