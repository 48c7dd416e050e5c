/// A host as a person wrote it, checked before it reaches C: no empty one, none too long, nothing but printable ASCII.
///
/// Underscores and other characters that host names should not have pass: inside clusters they are common, and a server
/// says itself what it does not know.
struct HostName {
    /// Without brackets around an IPv6 literal.
    let text: String

    init?(_ host: String) {
        var text = Substring(host)
        if text.hasPrefix("[") && text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        // 253 characters and the dot of the root (RFC 1035, section 2.3.4).
        guard (1...254).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.text = String(text)
    }

    func literal(port: UInt16) -> SocketAddress? {
        SocketAddress(literal: text, port: port)
    }

    var isLocalhost: Bool {
        var name = Substring(text.lowercased())
        if name.hasSuffix(".") { name = name.dropLast() }
        return name == "localhost" || name.hasSuffix(".localhost")
    }
}
