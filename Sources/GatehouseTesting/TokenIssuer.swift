internal import COpenSSL
internal import CSystem

/// An issuer of signed tokens with a server that publishes its keys, as an identity provider's does.
///
/// Keys are P-256 (ES256), made at run time; `rotate` makes a new one that signs from then on. The server answers
/// `/jwks.json` and the discovery document, and can be told to fail.
public final class TokenIssuer: Sendable {
    private struct State {
        var keys: [SigningKey] = []
        var made = 0
        var fetches = 0
        var isDown = false
        var isSilent = false
    }

    private let state = Monitor(State())
    private let server: ScriptedUpstream

    /// - Parameter port: of the key server; 0 lets the system choose.
    public init(port: UInt16 = 0) throws {
        let state = self.state
        server = try ScriptedUpstream(port: port) { request, connection in
            state.withLock { $0.fetches += 1 }
            let (answer, isDown) = try state.wait(for: "leave to answer") { state in
                state.isSilent ? nil : (Self.keySet(state.keys), state.isDown)
            }
            if isDown { return try connection.respond(503, body: "down") }
            if request.target == "/.well-known/openid-configuration" {
                let url = "http://\(request.fields["host"] ?? "")"
                let body = "{\"issuer\": \"\(url)\", \"jwks_uri\": \"\(url)/jwks.json\"}"
                return try connection.respond(200, fields: "Content-Type: application/json\r\n", body: body)
            }
            guard request.target == "/jwks.json" else { return try connection.respond(404) }
            try connection.respond(
                200, fields: "Content-Type: application/json\r\nCache-Control: public, max-age=300\r\n", body: answer)
        }
        rotate()
    }

    /// The issuer's name, and where its discovery document is.
    public var url: String { server.url }
    public var keysURL: String { server.url + "/jwks.json" }
    public var port: UInt16 { server.port }

    /// How often the server was asked.
    public var fetches: Int { state.withLock { $0.fetches } }

    public func check() throws { try server.check() }
    public func stop() { server.stop() }

    /// Answers 503 from now on, or keys again.
    public func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    /// Reads requests, and answers them when this is over.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Makes a new key, which signs from now on. - Parameter keeping: how many old ones stay published.
    public func rotate(keeping: Int = 0) {
        state.withLock { state in
            state.made += 1
            state.keys = [SigningKey(name: "key-\(state.made)")] + state.keys.prefix(keeping)
        }
    }

    /// A token of the newest key, good for ten minutes. - Parameter claims: further members, `"sub":"ada"`.
    public func token(_ claims: String, expiresIn seconds: Int64 = 600) -> String {
        let key = state.withLock { $0.keys[0] }
        return token(claims, expiresIn: seconds, keyID: key.name, key: key)
    }

    /// The same under another key's name, which the signature does not belong to.
    public func token(_ claims: String, keyID: String) -> String {
        token(claims, expiresIn: 600, keyID: keyID, key: state.withLock { $0.keys[0] })
    }

    private func token(_ claims: String, expiresIn seconds: Int64, keyID: String, key: SigningKey) -> String {
        let header = Self.header(keyID: keyID)
        let message = header + "." + Self.payload("\"iss\":\"\(url)\",\(claims)", seconds)
        return message + "." + Self.encode(key.sign(Array(message.utf8)))
    }

    /// The first part of a token by a key of this name.
    public static func header(keyID: String) -> String {
        encode(Array("{\"alg\":\"ES256\",\"kid\":\"\(keyID)\",\"typ\":\"JWT\"}".utf8))
    }

    /// A token of a shared secret (HS256).
    public static func token(secret: String, _ claims: String, expiresIn seconds: Int64 = 600) -> String {
        let message = encode(Array("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".utf8)) + "." + payload(claims, seconds)
        return message + "." + encode(hmac(Array(secret.utf8), Array(message.utf8)))
    }

    /// Header and payload with whatever stands behind them as the signature.
    public static func unsigned(header: String, _ claims: String, signature: String = "") -> String {
        encode(Array(header.utf8)) + "." + payload(claims, 600) + "." + signature
    }

    /// The public key as the JSON text that a confused verifier would take for a secret.
    public var publishedKey: String { state.withLock { $0.keys[0].jwk } }

    private static func payload(_ claims: String, _ seconds: Int64) -> String {
        encode(Array("{\(claims),\"exp\":\(gh_wall_ns() / 1_000_000_000 + seconds)}".utf8))
    }

    private static func keySet(_ keys: [SigningKey]) -> String {
        "{\"keys\":[\(keys.map(\.jwk).joined(separator: ","))]}"
    }

    private static func hmac(_ secret: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let state = unsafe gh_hmac_new("SHA256", secret, secret.count)
        defer { unsafe EVP_MAC_CTX_free(state) }
        var code = [UInt8](repeating: 0, count: 32)
        // The arrays are read, and the code written, during the call only.
        let size = unsafe gh_hmac(state, message, message.count, &code, code.count)
        precondition(size == 32, "no HMAC")
        return code
    }

    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        var window: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            window = (window << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(window >> bits) & 63])
            }
        }
        if bits > 0 { text.append(alphabet[Int(window << (6 - bits)) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A private key on P-256.
@safe
private final class SigningKey: @unchecked Sendable {  // Made once and only read.
    let name: String
    let jwk: String
    private let key: OpaquePointer

    init(name: String) {
        self.name = name
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        // All pointers are used during the calls only.
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &made) == 1, let key = unsafe made
        else { fatalError("no key on P-256 can be made") }
        unsafe self.key = unsafe key
        var point = [UInt8](repeating: 0, count: 128)
        var size = 0
        _ = unsafe EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &size)
        precondition(size == 65 && point[0] == 4, "the point is not in its uncompressed form")
        let (x, y) = (TokenIssuer.encode(Array(point[1..<33])), TokenIssuer.encode(Array(point[33..<65])))
        jwk = """
            {"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"\(name)","x":"\(x)","y":"\(y)"}
            """
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The two numbers of the signature, 32 bytes each (RFC 7518 §3.4).
    func sign(_ message: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 128)
        var size = signature.count
        // All pointers are used during the calls only.
        guard unsafe EVP_DigestSignInit_ex(context, nil, "SHA256", nil, nil, key, nil) == 1,
            unsafe EVP_DigestSign(context, &signature, &size, message, message.count) == 1
        else { fatalError("a message cannot be signed") }
        // SEQUENCE { INTEGER, INTEGER }, all lengths in one byte.
        var raw: [UInt8] = []
        var position = 2
        for _ in 0..<2 {
            let length = Int(signature[position + 1])
            let number = signature[position + 2..<position + 2 + length].drop { $0 == 0 }
            raw += [UInt8](repeating: 0, count: 32 - number.count) + number
            position += 2 + length
        }
        return raw
    }
}
