internal import CSystem
internal import GatewayConfiguration
internal import Reactor

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A gateway's admin listener, and the token for it.
///
/// The address is the first of: `--admin`, `GATEHOUSE_ADMIN`, `admin.address` of the configuration. The token is the first
/// of: `--token-file`, `GATEHOUSE_ADMIN_TOKEN`, and, where the address came from the configuration, its own: a token is
/// never sent to an address that it was not meant for.
struct AdminTarget: Equatable {
    var host: String
    var port: UInt16
    var token: String?

    static func find(
        address: String?, configuration path: String, tokenFile: String?,
        environment: (String) -> String? = Console.variable
    ) throws(Outcome) -> AdminTarget {
        var target: AdminTarget
        if let named = address ?? environment("GATEHOUSE_ADMIN"), !named.isEmpty {
            target = try parse(named)
        } else {
            target = try inConfiguration(path)
        }
        if let tokenFile {
            target.token = try read(tokenFile)
        } else if let token = environment("GATEHOUSE_ADMIN_TOKEN"), !token.isEmpty {
            target.token = token
        }
        if let token = target.token, !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            throw Outcome(.usage, "the token has characters that no header field can carry")
        }
        return target
    }

    /// `127.0.0.1:9901`, `[::1]:9901`, `:9901`, `localhost:9901`, with or without `http://`.
    static func parse(_ text: String) throws(Outcome) -> AdminTarget {
        var rest = text[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
            throw Outcome(.usage, "\"\(text)\" is no address of an admin listener; write 127.0.0.1:9901")
        }
        var host = String(rest[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "/") }) {
            throw Outcome(.usage, "\"\(text)\" is no address of an admin listener; write 127.0.0.1:9901")
        }
        return AdminTarget(host: host.isEmpty || host == "*" ? "127.0.0.1" : host, port: port)
    }

    private static func inConfiguration(_ path: String) throws(Outcome) -> AdminTarget {
        let result = ConfigurationLoader.load(path: path)
        let hint = "name the address: --admin 127.0.0.1:9901, or GATEHOUSE_ADMIN"
        guard let admin = result.admin else {
            // What is wrong with a file is the business of `check`; here only its address matters.
            let reason = result.errors.isEmpty ? "\(path) has no admin listener" : "\(path) does not say where it is"
            throw Outcome(.usage, "cannot find the running gateway: \(reason); \(hint)")
        }
        guard admin.address.port > 0 else {
            throw Outcome(.usage, "cannot find the running gateway: the system chose its admin port; \(hint)")
        }
        var target = AdminTarget(host: admin.address.host, port: admin.address.port, token: admin.token)
        // What listens everywhere listens here, too.
        if ["", "*", "0.0.0.0"].contains(target.host) { target.host = "127.0.0.1" }
        if target.host == "::" { target.host = "::1" }
        return target
    }

    private static func read(_ path: String) throws(Outcome) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Outcome(.usage, "cannot read the token from \(path)")
        }
        let token = String(decoding: data, as: UTF8.self).trimmingWhitespace()
        if token.isEmpty { throw Outcome(.usage, "there is no token in \(path)") }
        return token
    }

    // MARK: The way there

    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func client() throws(Outcome) -> AdminClient {
        let addresses = SocketAddress(literal: host, port: port).map { [$0] } ?? lookUp()
        if addresses.isEmpty { throw Outcome(.cannotStart, "the name \"\(host)\" does not resolve") }
        return AdminClient(target: self, addresses: addresses)
    }

    /// What the system says about a name.
    private func lookUp() -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // The name and the hints are read within the call; what it allocates is freed here.
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = unsafe list
        while let this = unsafe entry {
            var text = [CChar](repeating: 0, count: 64)
            // An entry of the list, whose address is as long as it says; the text is as long as it is said to be.
            let code = unsafe getnameinfo(
                this.pointee.ai_addr, this.pointee.ai_addrlen, &text, 64, nil, 0, Int32(NI_NUMERICHOST))
            let literal = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if code == 0, let address = SocketAddress(literal: literal, port: port) { found.append(address) }
            unsafe entry = this.pointee.ai_next
        }
        return found
    }
}

extension String {
    fileprivate func trimmingWhitespace() -> String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
