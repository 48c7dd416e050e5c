import COpenSSL

@testable import Identity

/// A private key of the tests: makes tokens that are good, and shows its public half in every form.
///
/// What it makes goes through other calls of the library than those under test: signatures come out of it as DER and
/// are taken apart here.
@safe
final class Signer: @unchecked Sendable {
    let algorithm: SignatureAlgorithm
    private let key: OpaquePointer?
    let secret: [UInt8]

    /// One for each algorithm, made once: RSA keys take their time.
    static let all: [SignatureAlgorithm: Signer] = Dictionary(
        uniqueKeysWithValues: SignatureAlgorithm.allCases.map { ($0, Signer($0)) })

    static func of(_ algorithm: SignatureAlgorithm) -> Signer { all[algorithm]! }

    // Made once and never changed.
    nonisolated(unsafe) private static let rsa = unsafe make("RSA", bits: 2048)

    init(_ algorithm: SignatureAlgorithm, rsaBits: Int? = nil) {
        self.algorithm = algorithm
        var secret: [UInt8] = []
        switch algorithm.family {
        case .hmac:
            unsafe key = nil
            secret = SystemRandom.bytes(algorithm.digest!.length)
        case .rsa, .rsaPSS:
            if let rsaBits {
                unsafe key = unsafe Self.make("RSA", bits: rsaBits)
            } else {
                unsafe EVP_PKEY_up_ref(unsafe Self.rsa)
                unsafe key = unsafe Self.rsa
            }
        case .ecdsa:
            let curve = Curve.allCases.first { $0.algorithm == algorithm }!
            unsafe key = unsafe Self.make("EC", curve: curve.name)
        case .edDSA: unsafe key = unsafe Self.make("ED25519")
        }
        self.secret = secret
    }

    deinit { unsafe EVP_PKEY_free(key) }

    private static func make(_ type: String, bits: Int? = nil, curve: String? = nil) -> OpaquePointer {
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        unsafe EVP_PKEY_keygen_init(context)
        if let bits { unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) }
        if let curve { unsafe EVP_PKEY_CTX_set_group_name(context, curve) }
        var key: OpaquePointer?
        unsafe EVP_PKEY_generate(context, &key)
        return unsafe key!
    }

    /// The signature as JOSE writes it.
    func sign(_ message: [UInt8], as other: SignatureAlgorithm? = nil, salt: Int? = nil) -> [UInt8] {
        let algorithm = other ?? algorithm
        if algorithm.family == .hmac { return SecretKey(secret)!.code(for: message.span, algorithm.digest!) }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var settings: OpaquePointer?
        let digest = algorithm.digest.map { ["SHA256", "SHA384", "SHA512"][$0.length / 16 - 2] }
        unsafe EVP_DigestSignInit_ex(context, &settings, digest, nil, nil, key, nil)
        if algorithm.family == .rsaPSS {
            unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING)
            unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, Int32(salt ?? algorithm.digest!.length))
        }
        var size = 2_048
        var signature = [UInt8](repeating: 0, count: size)
        precondition(unsafe EVP_DigestSign(context, &signature, &size, message, message.count) == 1, "no signature")
        signature.removeLast(signature.count - size)
        guard algorithm.family == .ecdsa else { return signature }
        let half = Curve.allCases.first { $0.algorithm == algorithm }!.coordinateLength
        // SEQUENCE of two INTEGERs; the sequence of P-521 has a length of two bytes.
        var position = signature[1] == 0x81 ? 3 : 2
        var raw: [UInt8] = []
        for _ in 0..<2 {
            let number = signature[position + 2..<position + 2 + Int(signature[position + 1])].drop { $0 == 0 }
            raw += [UInt8](repeating: 0, count: half - number.count) + number
            position += 2 + Int(signature[position + 1])
        }
        return raw
    }

    /// A token of this header and these claims; the header is made where none is given.
    func token(_ claims: String, header: String? = nil, kid: String? = "k", as other: SignatureAlgorithm? = nil)
        -> String
    {
        let kidMember = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
        let header = header ?? "{\"alg\":\"\((other ?? algorithm).name)\"\(kidMember)}"
        let input = encoded(header) + "." + encoded(claims)
        return input + "." + encoded(sign(Array(input.utf8), as: other))
    }

    /// The public half as a JWK, with further members.
    func jwk(kid: String? = "k", alg: String? = nil, further: String = "") -> String {
        var members: [String] = []
        switch algorithm.family {
        case .hmac: members = ["\"kty\":\"oct\"", "\"k\":\"\(encoded(secret))\""]
        case .rsa, .rsaPSS:
            members = ["\"kty\":\"RSA\"", "\"n\":\"\(encoded(number("n")))\"", "\"e\":\"\(encoded(number("e")))\""]
        case .ecdsa:
            let curve = Curve.allCases.first { $0.algorithm == algorithm }!
            let point = uncompressed
            let half = curve.coordinateLength
            members = [
                "\"kty\":\"EC\"", "\"crv\":\"\(curve.name)\"", "\"x\":\"\(encoded(Array(point[1..<1 + half])))\"",
                "\"y\":\"\(encoded(Array(point[(1 + half)...])))\"",
            ]
        case .edDSA:
            var bytes = [UInt8](repeating: 0, count: 32)
            var size = 32
            unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &size)
            members = ["\"kty\":\"OKP\"", "\"crv\":\"Ed25519\"", "\"x\":\"\(encoded(bytes))\""]
        }
        if let kid { members.append("\"kid\":\"\(kid)\"") }
        if let alg { members.append("\"alg\":\"\(alg)\"") }
        return "{" + members.joined(separator: ",") + further + "}"
    }

    /// A number of an RSA key.
    func number(_ name: String) -> [UInt8] {
        var found: OpaquePointer?
        unsafe EVP_PKEY_get_bn_param(key, name, &found)
        defer { unsafe BN_free(found) }
        var bytes = [UInt8](repeating: 0, count: Int(unsafe BN_num_bits(found) + 7) / 8)
        unsafe BN_bn2bin(found, &bytes)
        return bytes
    }

    private var uncompressed: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        var size = 0
        unsafe EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, &bytes, bytes.count, &size)
        return Array(bytes.prefix(size))
    }

    /// The public half as PEM; or the private one.
    func pem(isPrivate: Bool = false) -> [UInt8] {
        let sink = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(sink) }
        if isPrivate {
            unsafe PEM_write_bio_PrivateKey(sink, key, nil, nil, 0, nil, nil)
        } else {
            unsafe PEM_write_bio_PUBKEY(sink, key)
        }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = unsafe BIO_read(sink, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(count)))
    }
}

func encoded(_ bytes: [UInt8]) -> String { String(decoding: Base64URL.encode(bytes.span), as: UTF8.self) }

func encoded(_ text: String) -> String { encoded(Array(text.utf8)) }

func keySet(_ keys: String...) throws(KeySet.Fault) -> KeySet {
    try KeySet.parse(Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), origin: .configured)
}

func decoded(_ text: [UInt8]) -> [UInt8]? { Base64URL.decode(text.span) }

extension VerificationKey {
    func takes(_ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        verifies(signature.span, of: message.span, by: algorithm)
    }
}
