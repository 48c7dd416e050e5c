internal import ArgumentParser
internal import GatewayConfiguration

/// The request that `explain` is asked about, as bytes: they go through the gateway's own scanner, so that what it would
/// refuse is refused here for the same reason.
struct ExplainedRequest {
    let method: String
    /// Path and query.
    let target: String
    let authority: String
    /// The index in the configuration.
    let listener: Int
    let head: [UInt8]
    private let scheme: String

    init(
        method: String, url: String, headers: [String], listener name: String?, configuration: GatewayConfiguration
    ) throws {
        let parts = try Self.parts(of: url)
        let listener = try Self.listener(
            name, port: parts.authority.flatMap(Self.port), isSecure: parts.isSecure, configuration)
        let fields = try headers.map(Self.field)
        let hosts = fields.filter { $0.name.lowercased() == "host" }
        let own = parts.authority ?? configuration.listeners[listener].address.description

        self.method = method
        target = parts.target
        authority = hosts.first?.value ?? own
        self.listener = listener
        scheme = configuration.listeners[listener].tls == nil ? "http" : "https"
        var text = "\(method) \(parts.target) HTTP/1.1\r\n"
        if hosts.isEmpty { text += "Host: \(own)\r\n" }
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        head = Array((text + "\r\n").utf8)
    }

    /// The URL as it can be shown.
    var url: String { "\(scheme)://\(authority)\(target)" }

    /// `http://host:port/path?query`, `host/path`, or a path alone. A fragment never leaves a client.
    private static func parts(of url: String) throws -> (authority: String?, target: String, isSecure: Bool) {
        let text = String(url.prefix { $0 != "#" })
        if text.hasPrefix("/") || text == "*" { return (nil, text, false) }
        var rest = Substring(text)
        var isSecure = false
        if let scheme = text.firstRange(of: "://") {
            let name = text[..<scheme.lowerBound].lowercased()
            guard name == "http" || name == "https" else {
                throw ValidationError("\(url) is not an http or https URL")
            }
            isSecure = name == "https"
            rest = text[scheme.upperBound...]
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = String(rest[..<end])
        guard !authority.isEmpty else { throw ValidationError("\(url) names no host") }
        let target = rest[end...]
        return (authority, target.hasPrefix("/") ? String(target) : "/\(target)", isSecure)
    }

    private static func port(_ authority: String) -> UInt16? {
        let host = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[host...].lastIndex(of: ":") else { return nil }
        return UInt16(authority[authority.index(after: colon)...])
    }

    private static func listener(
        _ name: String?, port: UInt16?, isSecure: Bool, _ configuration: GatewayConfiguration
    ) throws -> Int {
        guard let name else {
            let listeners = configuration.listeners
            return listeners.firstIndex { $0.address.port == port }
                ?? listeners.firstIndex { ($0.tls != nil) == isSecure } ?? 0
        }
        guard let index = configuration.listeners.firstIndex(where: { $0.name == name }) else {
            let names = configuration.listeners.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw ValidationError("there is no listener \"\(name)\"; there is \(names)")
        }
        return index
    }

    private static func field(_ text: String) throws -> (name: String, value: String) {
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex,
            !text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A })
        else { throw ValidationError("\"\(text)\" is not a header field; write 'Name: value'") }
        let value = text[text.index(after: colon)...]
        return (String(text[..<colon]), String(value.drop { $0 == " " || $0 == "\t" }))
    }
}
