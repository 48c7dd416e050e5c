internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// Who may speak to the admin listener, asked before anything else is looked at. `/livez` and `/readyz` stay open: those
/// who probe have no secret, and learn nothing.
///
/// With a token, whoever presents it may: a browser never adds it by itself, so a foreign page cannot borrow it. Without
/// one the listener is on a loopback address, and what has to be kept out is the browser on the same machine:
/// 1. A page whose own name was rebound to 127.0.0.1 is told by `Host`: it must be an address or `localhost`.
/// 2. A page from elsewhere is told by `Origin`, which browsers send with everything that could change something.
/// The second holds with a token, too.
enum AdminGate {
    static func refusal(_ request: RequestHead, _ configuration: AdminConfiguration?) -> AdminError? {
        let fields = request.fields
        if let token = configuration?.token {
            let index = fields.firstIndex(of: .authorization)
            guard index >= 0, isAuthorized(fields.value(index), token) else {
                return AdminError(
                    .unauthorized,
                    "The admin listener asks for \"Authorization: Bearer TOKEN\" (admin.credentials.token).")
            }
        } else if !isOwnHost(fields.bytes(request.authority)) {
            return AdminError(
                .hostNotAllowed,
                "The admin listener answers to an IP address or to localhost only, as long as it has no credentials.")
        }
        let origin = fields.firstIndex(of: .origin)
        if origin >= 0, fields.value(origin).text != "http://" + fields.bytes(request.authority).text {
            return AdminError(.originNotAllowed, "Pages of another origin may not call the admin listener.")
        }
        return nil
    }

    /// `Bearer TOKEN`, the scheme in any case (RFC 9110 §11.1).
    static func isAuthorized(_ value: Span<UInt8>, _ token: String) -> Bool {
        let scheme = "bearer "
        guard value.count > scheme.utf8.count else { return false }
        for (index, byte) in scheme.utf8.enumerated() where value[index] | 0x20 != byte { return false }
        var start = scheme.utf8.count
        while start < value.count, value[start] == 0x20 { start += 1 }
        return isEqual(value.extracting(start..<value.count), token)
    }

    /// Takes as long for a wrong token as for the right one: which byte was wrong does not show.
    private static func isEqual(_ value: Span<UInt8>, _ token: String) -> Bool {
        let expected = Array(token.utf8)
        var difference = value.count ^ expected.count
        for index in value.indices { difference |= Int(value[index] ^ expected[index % expected.count]) }
        return difference == 0 && !expected.isEmpty
    }

    /// No `Host` at all is an old tool's, not a browser's.
    static func isOwnHost(_ authority: Span<UInt8>) -> Bool {
        if authority.isEmpty { return true }
        guard let parsed = Authority(authority) else { return false }
        var host = authority.extracting(0..<parsed.hostCount).text.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return host == "localhost" || SocketAddress(literal: host, port: 0) != nil
    }
}
