internal import CSystem

/// How names are looked up. What is not given here is as the system has it (`/etc/resolv.conf`).
package struct NameResolverOptions: Sendable, Equatable {
    /// The servers to ask, in order; nil for the system's.
    package var servers: [SocketAddress]?
    /// Domains to try for a short name; nil for the system's.
    package var searchDomains: [String]?
    /// How long the first try waits for an answer, in milliseconds; each further one waits twice as long.
    package var timeout: Int32 = 2_000
    /// How often each server is asked before a look-up fails.
    package var tries: Int32 = 3
    /// When one address family has answered, how long the other may still take, in milliseconds. A server that drops
    /// AAAA questions must not hold up a service that has IPv4.
    package var grace: Int64 = 500

    package init() {}

    /// A list of servers, `10.0.0.1:53,[::1]:5353,192.0.2.1`; nil when one of them is not an address.
    package static func servers(parsing list: String) -> [SocketAddress]? {
        var servers: [SocketAddress] = []
        for part in list.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let server = server(parsing: part) else { return nil }
            servers.append(server)
        }
        return servers.isEmpty ? nil : servers
    }

    private static func server(parsing text: Substring) -> SocketAddress? {
        if let whole = SocketAddress(literal: String(text), port: 53) { return whole }
        guard let colon = text.lastIndex(of: ":") else {
            return SocketAddress(literal: unbracketed(text), port: 53)
        }
        if text.hasSuffix("]") { return SocketAddress(literal: unbracketed(text), port: 53) }
        let digits = text[text.index(after: colon)...]
        guard digits.allSatisfy(\.isASCII), let port = UInt16(digits), port > 0 else { return nil }
        return SocketAddress(literal: unbracketed(text[..<colon]), port: port)
    }

    private static func unbracketed(_ text: Substring) -> String {
        text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : String(text)
    }

    /// The environment variable that names the servers, so that a test or a container can without a configuration.
    package static let serversVariable = "GATEHOUSE_NAME_SERVERS"

    /// As the environment says; an unusable list is left out and returned as `rejected` for the log.
    package static func fromEnvironment() -> (options: NameResolverOptions, rejected: String?) {
        var options = NameResolverOptions()
        // getenv's memory is copied at once; nothing in this program calls setenv after its start.
        guard let value = unsafe getenv(serversVariable) else { return (options, nil) }
        let list = unsafe String(cString: value)
        options.servers = servers(parsing: list)
        return (options, options.servers == nil && !list.isEmpty ? list : nil)
    }
}
