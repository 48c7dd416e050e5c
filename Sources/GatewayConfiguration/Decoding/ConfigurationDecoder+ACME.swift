/// Certificates that the gateway gets by itself: what can be said about them without a connection.
extension ConfigurationDecoder {
    mutating func decodeACME(_ id: NodeID) -> ACMEConfiguration? {
        var directory: HTTPTarget?
        var domains: [String] = []
        var storage: String?
        var rest: [(Key, NodeID)] = []
        for (name, value) in entries(id) {
            switch document.key(name) {
            case .directory: directory = decodeDirectory(value)
            case .domains: domains = decodeDomains(value)
            case .storage: storage = file(value).path
            case let key?: rest.append((key, value))
            case nil: break
            }
        }
        guard let directory, let storage, !domains.isEmpty else { return nil }
        var acme = ACMEConfiguration(directory: directory, domains: domains, storage: storage)
        acme.location = location(id)
        for (key, value) in rest {
            switch key {
            case .email: acme.email = decodeContact(value)
            case .challenge: acme.challenge = word(value) ?? acme.challenge
            case .ca: acme.ca = file(value)
            case .eab: acme.externalAccount = decodeExternalAccount(value)
            default: break
            }
        }
        return acme
    }

    /// Over http anybody on the way could have certificates made in our name; RFC 8555 §6.1 has https only.
    private mutating func decodeDirectory(_ id: NodeID) -> HTTPTarget? {
        guard let target = HTTPTarget(text(id)) else { return nil }
        if !target.endpoint.tls, !isLoopback(target.text) {
            findings.error(
                at: location(id), "directory: an authority is asked over https",
                fix: "write https:// before its name")
            return nil
        }
        noteHost(target.endpoint.host, at: id)
        return target
    }

    private mutating func decodeDomains(_ id: NodeID) -> [String] {
        guard document.node(id).kind == .sequence else { return [] }
        var domains: [String] = []
        for node in document.children(id) {
            guard !document.isUnresolved(node), let name = try? HostName.parse(text(node)) else { continue }
            if IPAddress.parse(name) != nil {
                findings.error(
                    at: location(node), "domains: \(quote(name)) is an address, and certificates here are for names",
                    fix: "give the name that leads to it")
            } else if domains.contains(name) {
                findings.error(at: location(node), "domains: \(quote(name)) stands there twice", fix: "remove one")
            } else {
                domains.append(name)
            }
        }
        if document.node(id).count == 0 {
            findings.error(at: location(id), "domains: the list is empty", fix: "give the names of the certificate")
        } else if domains.count > 100 {
            findings.error(
                at: location(id),
                "domains: there are \(domains.count) names, more than authorities put in a certificate",
                fix: "put at most 100 on one listener")
        }
        return domains
    }

    private mutating func decodeContact(_ id: NodeID) -> String? {
        let email = text(id)
        let halves = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = email.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "?")
        }
        if halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty, isPlain { return email }
        findings.error(
            at: location(id), "email: \(quote(email)) is no address of a mailbox",
            fix: "write one, as in ops@example.com")
        return nil
    }

    private mutating func decodeExternalAccount(_ id: NodeID) -> ExternalAccountConfiguration? {
        var keyID: String?
        var key: Secret?
        for (name, value) in entries(id) {
            guard !document.isUnresolved(value) else { continue }
            switch document.key(name) {
            case .keyID: keyID = text(value)
            case .hmacKey:
                key = Self.base64(text(value)).map { Secret($0) }
                // Not what it says: it may be a secret all the same.
                guard key == nil else { break }
                findings.error(
                    at: location(value), "hmac_key: this is no base64",
                    fix: "copy it as the authority shows it, without quotes or blanks")
            default: break
            }
        }
        guard let keyID, let key else { return nil }
        return ExternalAccountConfiguration(keyID: keyID, key: key)
    }

    /// In the one spelling that has the URL's alphabet and no padding; nil for what stands for no byte at all, or for none
    /// in whole. Authorities show either alphabet.
    private static func base64(_ text: String) -> String? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        let plain = text.utf8.map { byte in
            byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
        }
        let padding = plain.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = plain.dropLast(padding)
        guard padding <= 2, digits.count >= 2, digits.count % 4 != 1, digits.allSatisfy(alphabet.contains),
            let last = digits.last.flatMap(alphabet.firstIndex)
        else { return nil }
        // Bits that belong to no byte are zero.
        let unused = digits.count % 4 == 2 ? 0x0F : digits.count % 4 == 3 ? 0x03 : 0
        return last & unused == 0 ? String(decoding: digits, as: UTF8.self) : nil
    }

    /// What one listener's certificate asks of the others.
    mutating func checkACME(of listeners: [ListenerConfiguration]) {
        for acme in listeners.compactMap(\.tls?.acme) where acme.challenge == .http {
            if listeners.contains(where: { $0.tls == nil }) { continue }
            findings.warning(
                at: acme.location, "acme: the authority asks by http, and every listener has tls",
                fix: "add a listener on port 80, or write challenge: tls-alpn-01")
        }
    }
}
