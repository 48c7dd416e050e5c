import GatehouseTesting
import Synchronization

/// An authority of RFC 8555 for the answers that `pebble` never gives. It speaks HTTP in clear, looks at nonces and at
/// http-01 challenges, and signs with a test's own authority; signatures of calls are pebble's business.
final class ScriptedAuthority: Sendable {
    enum Trouble: Sendable {
        case none
        /// Too many orders: to be asked again after so many seconds.
        case rateLimit(Int)
        /// The certificate that comes is for another name.
        case otherName
        /// No certificate comes, but a text.
        case noCertificate
        /// It says when to renew: the first certificate at once, the others much later.
        case hurries
    }

    private final class Shared: Sendable {
        let value = Mutex(State())
        let gatewayIsKnown = Gate("the gateway's port to be known")
        func withLock<Result: Sendable>(_ body: (inout sending State) -> Result) -> Result {
            value.withLock { body(&$0) }
        }
    }

    private struct State {
        var gateway: UInt16 = 0
        var nonce = 0
        var used: Set<String> = []
        var orders = 0
        var isValidated = false
        var chain = ""
        /// By what name certificates were asked about, and what orders said that they replace.
        var questions: [String] = []
        var replaced: [String] = []
    }

    private let origin: ScriptedUpstream
    private let state: Shared

    var url: String { origin.url + "/dir" }
    var orders: Int { state.withLock { $0.orders } }
    var questions: [String] { state.withLock { $0.questions } }
    var replaced: [String] { state.withLock { $0.replaced } }

    /// Where it looks for answers to challenges; it waits until it is told.
    func look(at port: UInt16) {
        state.withLock { $0.gateway = port }
        state.gatewayIsKnown.open()
    }

    init(_ certificates: TestCertificates, _ trouble: Trouble) throws {
        let state = Shared()
        self.state = state
        origin = try ScriptedUpstream { request, connection in
            let host = "http://\(request.fields["host"] ?? "")"
            let nonce = state.withLock { state -> String in
                state.nonce += 1
                return "nonce-\(state.nonce)"
            }
            func answer(_ status: Int, _ body: String, _ more: String = "") throws {
                try connection.respond(
                    status, fields: "Replay-Nonce: \(nonce)\r\nContent-Type: application/json\r\n\(more)", body: body)
            }
            func order(_ status: String) -> String {
                """
                { "status": "\(status)", "authorizations": [ "\(host)/authorization" ], "finalize": "\(host)/finalize",
                  "certificate": "\(host)/certificate" }
                """
            }
            if request.target == "/dir" {
                var members = ["nonce", "account", "order"].map { name in
                    "\"new\(name.prefix(1).uppercased())\(name.dropFirst())\": \"\(host)/\(name)\""
                }
                if case .hurries = trouble { members.append("\"renewalInfo\": \"\(host)/renewal\"") }
                return try answer(200, "{ \(members.joined(separator: ", ")) }")
            }
            if request.target.hasPrefix("/renewal/") {
                let count = state.withLock { state -> Int in
                    state.questions.append(String(request.target.dropFirst("/renewal/".count)))
                    return state.questions.count
                }
                let years = count == 1 ? ("2001", "2002") : ("2101", "2102")
                return try answer(
                    200,
                    """
                    { "suggestedWindow": { "start": "\(years.0)-01-01T00:00:00Z", "end": "\(years.1)-01-01T00:00:00Z" },
                      "explanationURL": "https://a.example/why" }
                    """)
            }
            if request.target == "/nonce" {
                return try connection.send("HTTP/1.1 204 No Content\r\nReplay-Nonce: \(nonce)\r\n\r\n")
            }
            let call = try JSON(request.bodyText)
            let head = try JSON(text(call["protected"]?.text ?? ""))
            let isFresh = state.withLock { $0.used.insert(head["nonce"]?.text ?? "").inserted }
            guard isFresh, head["url"]?.text == host + request.target, head["alg"]?.text == "ES256" else {
                return try answer(400, "{ \"type\": \"urn:ietf:params:acme:error:malformed\" }")
            }
            switch request.target {
            case "/account": try answer(201, "{}", "Location: \(host)/account/1\r\n")
            case "/order":
                let replaced = try JSON(text(call["payload"]?.text ?? ""))["replaces"]?.text
                state.withLock { state in
                    state.orders += 1
                    state.isValidated = false
                    if let replaced { state.replaced.append(replaced) }
                }
                if case .rateLimit(let seconds) = trouble {
                    return try answer(
                        429,
                        "{ \"type\": \"urn:ietf:params:acme:error:rateLimited\", \"detail\": \"too many orders\" }",
                        "Retry-After: \(seconds)\r\n")
                }
                try answer(201, order("pending"), "Location: \(host)/order/1\r\n")
            case "/authorization":
                let status = state.withLock { $0.isValidated } ? "valid" : "pending"
                try answer(
                    200,
                    """
                    { "status": "\(status)", "identifier": { "type": "dns", "value": "a.example" }, "challenges": [
                      { "type": "http-01", "url": "\(host)/challenge", "token": "the-token" } ] }
                    """)
            case "/challenge":
                try state.gatewayIsKnown.wait()
                let found = try RawClient.exchange(
                    port: state.withLock { $0.gateway },
                    "GET /.well-known/acme-challenge/the-token HTTP/1.1\r\nHost: a.example\r\n\r\n")
                state.withLock { $0.isValidated = found.bodyText.hasPrefix("the-token.") && found.body.count == 53 }
                try answer(200, "{}")
            case "/order/1": try answer(200, order("ready"))
            case "/finalize":
                let chain = try Self.sign(try JSON(text(call["payload"]?.text ?? "")), trouble, certificates)
                state.withLock { $0.chain = chain }
                try answer(200, order("valid"))
            case "/certificate": try answer(200, state.withLock { $0.chain })
            default: try answer(404, "{}")
            }
        }
    }

    func check() throws { try origin.check() }

    private static func sign(_ payload: JSON, _ trouble: Trouble, _ certificates: TestCertificates) throws -> String {
        if case .noCertificate = trouble { return "no certificate" }
        if case .otherName = trouble {
            let other = try certificates.make("other", "DNS:other.example")
            return TemporaryDirectory.read(other.certificate) ?? ""
        }
        let request = try certificates.directory.write(
            "-----BEGIN CERTIFICATE REQUEST-----\n\(standardBase64(payload["csr"]?.text ?? ""))\n"
                + "-----END CERTIFICATE REQUEST-----\n", to: "ordered.csr")
        // By whom it is asked about.
        let extensions = try certificates.directory.write("authorityKeyIdentifier = keyid\n", to: "ordered.ext")
        return try certificates.run(
            "x509", "-req", "-in", request, "-CA", certificates.authority, "-CAkey",
            "\(certificates.directory.path)/ca.key", "-set_serial", "4711", "-days", "60", "-copy_extensions", "copy",
            "-extfile", extensions)
    }
}

/// The alphabet of RFC 4648 §4, in lines, padded.
private func standardBase64(_ text: String) -> String {
    var text = text.replacing("-", with: "+").replacing("_", with: "/")
    while text.utf8.count % 4 != 0 { text += "=" }
    return stride(from: 0, to: text.utf8.count, by: 64).map { start in
        String(text.dropFirst(start).prefix(64))
    }.joined(separator: "\n")
}

/// What the URL's alphabet stands for, as text.
private func text(_ encoded: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var bytes: [UInt8] = []
    var window: UInt32 = 0
    var bits: UInt32 = 0
    for character in encoded.utf8 {
        guard let value = alphabet.firstIndex(of: character) else { return "" }
        window = (window << 6 | UInt32(value)) & 0xFFFF
        bits += 6
        guard bits >= 8 else { continue }
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: window >> bits))
    }
    return String(decoding: bytes, as: UTF8.self)
}
