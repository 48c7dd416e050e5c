internal import Identity
internal import JSONStream

/// The documents of RFC 8555 §7.1, as far as they matter here. An initialiser that gives nil has met a document that is
/// none: all of it comes from the other side.
private func parse(_ bytes: [UInt8]) -> JSONNode? {
    guard let document = try? JSONDocument(bytes, limits: JSONLimits(depth: 32, size: 1 << 20)) else { return nil }
    return document.root.isObject ? document.root : nil
}

/// §7.1.1
struct ACMEDirectory: Sendable {
    var newNonce: String
    var newAccount: String
    var newOrder: String
    /// RFC 9773; nil: the authority does not say when to renew.
    var renewalInfo: String?
    var wantsExternalAccount: Bool

    init?(_ bytes: [UInt8]) {
        guard let root = parse(bytes), let newNonce = root.member("newNonce")?.string,
            let newAccount = root.member("newAccount")?.string, let newOrder = root.member("newOrder")?.string
        else { return nil }
        self.newNonce = newNonce
        self.newAccount = newAccount
        self.newOrder = newOrder
        renewalInfo = root.member("renewalInfo")?.string
        wantsExternalAccount = root.member("meta")?.member("externalAccountRequired")?.bool ?? false
    }
}

/// §7.1.3
struct ACMEOrderDocument: Sendable {
    enum Status: String { case pending, ready, processing, valid, invalid }

    var status: Status
    var authorizations: [String]
    var finalize: String
    var certificate: String?
    var problem: ACMEProblem?

    init?(_ bytes: [UInt8]) {
        guard let root = parse(bytes), let status = root.member("status")?.string.flatMap(Status.init),
            let finalize = root.member("finalize")?.string, let list = root.member("authorizations")
        else { return nil }
        self.status = status
        self.finalize = finalize
        authorizations = list.elements.compactMap(\.string)
        certificate = root.member("certificate")?.string
        problem = root.member("error").flatMap(ACMEProblem.init)
    }
}

/// §7.1.4
struct ACMEAuthorization: Sendable {
    struct Challenge: Sendable {
        var kind: String
        var url: String
        var token: String
        var problem: ACMEProblem?
    }

    var status: String
    /// In lower case.
    var domain: String
    var challenges: [Challenge]

    init?(_ bytes: [UInt8]) {
        guard let root = parse(bytes), let status = root.member("status")?.string,
            let domain = root.member("identifier")?.member("value")?.string, let list = root.member("challenges")
        else { return nil }
        self.status = status
        self.domain = domain.lowercased()
        challenges = list.elements.compactMap { node in
            guard let kind = node.member("type")?.string, let url = node.member("url")?.string else { return nil }
            return Challenge(
                kind: kind, url: url, token: node.member("token")?.string ?? "",
                problem: node.member("error").flatMap(ACMEProblem.init))
        }
    }

    /// Why it is not valid, where it says so.
    var problem: ACMEProblem? { challenges.lazy.compactMap(\.problem).first }
}

/// When to renew (RFC 9773 §4.2).
struct ACMERenewalInfo: Sendable, Hashable {
    /// In seconds since 1970; not empty.
    var window: Range<Int64>
    /// Where it is explained; fit for a log.
    var explanation: String?

    init?(_ bytes: [UInt8]) {
        guard let root = parse(bytes), let window = root.member("suggestedWindow"),
            let start = window.member("start")?.string.flatMap(InternetTime.seconds),
            let end = window.member("end")?.string.flatMap(InternetTime.seconds), start < end
        else { return nil }
        self.window = start..<end
        explanation = root.member("explanationURL")?.string.map(ACMEProblem.plain)
    }
}

/// The name by which an authority is asked about a certificate (RFC 9773 §4.1): its issuer's key and its number.
enum ACMERenewalName {
    /// - Parameters:
    ///   - keyID: of the issuer's key, as the certificate has it.
    ///   - serial: as DER has it.
    static func text(keyID: [UInt8], serial: [UInt8]) -> String? {
        guard !keyID.isEmpty, !serial.isEmpty else { return nil }
        let parts = [Base64URL.encode(keyID.span), Base64URL.encode(serial.span)]
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }
}

/// What the authority says about an error (§6.7, RFC 7807).
struct ACMEProblem: Sendable {
    /// Without the prefix that all of them have; empty where none was given.
    var kind: String
    /// Fit for a log.
    var text: String

    private static let prefix = "urn:ietf:params:acme:error:"

    init?(_ bytes: [UInt8]) {
        guard let root = parse(bytes) else { return nil }
        self.init(root)
    }

    init(_ node: JSONNode) {
        let type = node.member("type")?.string ?? ""
        kind = type.hasPrefix(Self.prefix) ? String(type.dropFirst(Self.prefix.count)) : ""
        var words = [Self.plain(kind.isEmpty ? type : kind), Self.plain(node.member("detail")?.string ?? "")]
        if let parts = node.member("subproblems") {
            // The first says enough: usually they differ by the name only.
            for part in parts.elements.prefix(1) {
                let name = Self.plain(part.member("identifier")?.member("value")?.string ?? "")
                words += [name, Self.plain(part.member("detail")?.string ?? "")]
            }
        }
        text = words.filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// Another's words for a line of ours: no control characters, and not too many of them.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(400).map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
