/// An http or https URL in its parts: what endpoints, upstreams and key sets are given as.
///
/// Not a general URL parser: user information, fragments and other schemes are refused, the host is lower-cased, and
/// path and query are kept as written for whoever knows what they may hold.
struct HTTPURL {
    var tls: Bool
    /// Without brackets.
    var host: String
    var port: UInt16
    /// "" where the URL ends after the authority.
    var path: String
    /// Without "?".
    var query: String?

    static let fix = "write http://host:port, as in http://127.0.0.1:3001"

    static func parse(_ text: String) throws(Problem) -> HTTPURL {
        guard let schemeEnd = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[schemeEnd...].hasPrefix("://") else {
            throw Problem(
                "is not a URL", fix: fix,
                suggestion: text.isEmpty || text.contains(" ") || text.hasPrefix("/") ? nil : "http://" + text)
        }
        let tls: Bool
        switch text[..<schemeEnd].lowercased() {
        case "http": tls = false
        case "https": tls = true
        default: throw Problem("has a scheme other than http and https", part: String(text[..<schemeEnd]), fix: fix)
        }
        let rest = text[schemeEnd...].dropFirst(3)
        if rest.contains("#") { throw Problem("has a fragment, which is never sent", fix: "remove # and what follows") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let (host, port) = try parseAuthority(authority, defaultPort: tls ? 443 : 80)
        let target = rest.dropFirst(authority.count)
        // What goes on the wire stands in the file: nothing is encoded behind the operator's back.
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Problem("has a character that must be percent-encoded", fix: "write a space as %20")
        }
        let path = target.prefix { $0 != "?" }
        let query = path.count < target.count ? String(target.dropFirst(path.count + 1)) : nil
        return HTTPURL(tls: tls, host: host, port: port, path: String(path), query: query)
    }

    /// RFC 3986 §3.2 without user information: a password in a URL ends up in logs, and `http://trusted@evil/` is a trick.
    private static func parseAuthority(
        _ authority: Substring, defaultPort: UInt16
    ) throws(Problem) -> (String, UInt16) {
        if authority.contains("@") {
            throw Problem("carries user information", fix: "remove what stands before @; set a header instead")
        }
        if authority.contains("{") {
            throw Problem(
                "has a placeholder in its host or port",
                fix: "placeholders may stand in the path; name a service instead")
        }
        guard !authority.isEmpty else { throw Problem("has no host", fix: fix) }
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]"),
                let address = IPAddress.parse(authority[..<end].dropFirst()), address.isIPv6
            else {
                throw Problem("has no IPv6 address between its brackets", fix: fix)
            }
            let host = authority[..<end].dropFirst().lowercased()
            let after = authority[authority.index(after: end)...]
            if after.isEmpty { return (host, defaultPort) }
            guard after.hasPrefix(":") else { throw Problem("has text after its address", fix: fix) }
            return (host, try Port.parse(after.dropFirst()))
        }
        let halves = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { throw Problem("has an IPv6 address without brackets", fix: fix) }
        let host = try HostName.parse(halves[0])
        return (host, halves.count == 2 ? try Port.parse(halves[1]) : defaultPort)
    }
}

extension EndpointConfiguration {
    /// An endpoint's URL: scheme and authority only, or a socket's path.
    static func parse(_ text: String) throws(Problem) -> EndpointConfiguration {
        if text.hasPrefix(SocketPath.scheme) { return EndpointConfiguration(path: try SocketPath.parse(text)) }
        let url = try HTTPURL.parse(text)
        guard url.path.isEmpty || url.path == "/", url.query == nil else {
            throw Problem(
                "has a path or a query, which endpoints do not carry",
                fix: "end the URL after the port; use a route's rewrite to change the path")
        }
        return EndpointConfiguration(host: url.host, port: url.port, tls: url.tls)
    }
}
