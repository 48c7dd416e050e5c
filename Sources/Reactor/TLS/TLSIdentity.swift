internal import COpenSSL

/// What is wrong with a certificate, a key or a list of authorities: one fixed reason each.
package enum TLSMaterialError: Error, Sendable, Hashable {
    case noCertificate
    case noKey
    /// The key is protected by a passphrase, which nobody could type.
    case encryptedKey
    case keyDoesNotMatch
    /// Refused by the library's security level: too short, or signed by a broken algorithm.
    case tooWeak
    case noRevocationList
    case badStapledResponse
    case noMemory
}

/// A certificate chain with its private key, and what others want to know of it.
@safe package final class TLSIdentity: @unchecked Sendable {
    package enum Kind: Sendable { case rsa, ecdsa, other }

    /// The certificate itself comes first.
    let chain: [OpaquePointer]
    let key: OpaquePointer
    package let kind: Kind
    /// DNS names, lower-case, `*.example.org` among them; the common name where the certificate has no names at all.
    package let names: [String]
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    package let subject: String
    /// Which key of the issuer has signed it, as it says itself; empty where it does not.
    package let authorityKeyID: [UInt8]
    /// As DER has it; empty for one below zero, which no authority gives.
    package let serialNumber: [UInt8]
    /// A stapled OCSP response (DER).
    let stapled: [UInt8]

    /// - Parameters:
    ///   - certificate: the chain in PEM, the certificate itself first.
    ///   - key: the private key in PEM, not encrypted.
    ///   - stapled: an OCSP response in DER, checked only for being one.
    package init(certificate: [UInt8], key: [UInt8], stapled: [UInt8] = []) throws(TLSMaterialError) {
        defer { ERR_clear_error() }
        guard unsafe stapled.isEmpty || PEM.isOCSPResponse(stapled) else { throw .badStapledResponse }
        let (privateKey, failure) = unsafe PEM.privateKey(key)
        guard let privateKey = unsafe privateKey else { throw failure }
        let chain = unsafe PEM.certificates(certificate)
        // From here on this object would free them; so everything is set before the last question is asked.
        unsafe self.chain = chain
        unsafe self.key = privateKey
        self.stapled = stapled
        switch unsafe EVP_PKEY_get_base_id(privateKey) {
        case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: kind = .rsa
        case EVP_PKEY_EC: kind = .ecdsa
        default: kind = .other
        }
        guard let leaf = unsafe chain.first else {
            (names, notBefore, notAfter, subject) = ([], 0, 0, "")
            (authorityKeyID, serialNumber) = ([], [])
            throw .noCertificate
        }
        names = unsafe TLSIdentity.names(of: leaf)
        notBefore = unsafe gh_certificate_time(X509_get0_notBefore(leaf))
        notAfter = unsafe gh_certificate_time(X509_get0_notAfter(leaf))
        subject = unsafe TLSPeerCertificate.text(of: X509_get_subject_name(leaf))
        authorityKeyID = unsafe TLSIdentity.bytes(X509_get0_authority_key_id(leaf))
        serialNumber = unsafe TLSIdentity.serialNumber(of: leaf)
        guard unsafe X509_check_private_key(leaf, privateKey) == 1 else { throw .keyDoesNotMatch }
    }

    deinit {
        for index in unsafe chain.indices { unsafe X509_free(chain[index]) }
        unsafe EVP_PKEY_free(key)
    }

    /// Whether a client that asks for `host` accepts it (RFC 6125: exactly, or by a wildcard for one label).
    package func covers(_ host: String) -> Bool {
        let host = host.lowercased()
        if names.contains(host) { return true }
        guard let dot = host.firstIndex(of: ".") else { return false }
        return names.contains("*" + host[dot...])
    }

    /// Copies what the library keeps; nothing for nil.
    @unsafe private static func bytes(_ text: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let text = unsafe text, let start = unsafe ASN1_STRING_get0_data(text) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(max(0, ASN1_STRING_length(text)))))
    }

    @unsafe private static func serialNumber(of certificate: OpaquePointer) -> [UInt8] {
        let number = unsafe X509_get0_serialNumber(certificate)
        guard let number = unsafe number, unsafe ASN1_STRING_type(number) == V_ASN1_INTEGER else { return [] }
        let magnitude = unsafe bytes(number)
        // Of a number whose first bit is set, DER has a zero in front: it would be below zero.
        return magnitude.first.map { $0 & 0x80 != 0 } == true ? [0] + magnitude : magnitude
    }

    @unsafe private static func names(of certificate: OpaquePointer) -> [String] {
        let names = unsafe CertificateNames(certificate)
        if !names.dns.isEmpty || !names.addresses.isEmpty {
            return names.dns.map { String(decoding: $0, as: UTF8.self).lowercased() }
        }
        // Clients have stopped to look here; it still tells whom the certificate is meant for.
        guard let subject = unsafe X509_get_subject_name(certificate) else { return [] }
        var buffer = [CChar](repeating: 0, count: 256)
        // At most as many bytes as the array has, its ending zero included.
        let count = unsafe X509_NAME_get_text_by_NID(subject, NID_commonName, &buffer, Int32(buffer.count))
        guard count > 0 else { return [] }
        return [String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()]
    }
}

/// Reads PEM text. Whatever it returns belongs to the caller. The closures that refuse a passphrase are there because the
/// library would ask for one at the terminal.
enum PEM {
    @unsafe private static func reading<Result>(
        _ bytes: [UInt8], otherwise nothing: Result, _ body: (OpaquePointer) -> Result
    ) -> Result {
        // Read within the call only.
        unsafe bytes.withUnsafeBytes { bytes in
            guard bytes.count <= Int32.max, let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            else { return nothing }
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }

    /// All certificates, in the order of the text.
    @unsafe static func certificates(_ bytes: [UInt8]) -> [OpaquePointer] {
        unsafe reading(bytes, otherwise: []) { bio in
            var all: [OpaquePointer] = unsafe []
            while let certificate = unsafe PEM_read_bio_X509(bio, nil, { _, _, _, _ in -1 }, nil) {
                unsafe all.append(certificate)
            }
            ERR_clear_error()
            return unsafe all
        }
    }

    @unsafe static func revocationLists(_ bytes: [UInt8]) -> [OpaquePointer] {
        unsafe reading(bytes, otherwise: []) { bio in
            var all: [OpaquePointer] = unsafe []
            while let list = unsafe PEM_read_bio_X509_CRL(bio, nil, { _, _, _, _ in -1 }, nil) {
                unsafe all.append(list)
            }
            ERR_clear_error()
            return unsafe all
        }
    }

    @unsafe static func privateKey(_ bytes: [UInt8]) -> (key: OpaquePointer?, failure: TLSMaterialError) {
        let key = unsafe reading(bytes, otherwise: nil as OpaquePointer?) {
            unsafe PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil)
        }
        if let key = unsafe key { return unsafe (key, .noKey) }
        ERR_clear_error()
        // Both forms say so, in their first line or in the one behind it; which error the library gives depends on its age.
        let isEncrypted = bytes.count < 1 << 20 && String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
        return (nil, isEncrypted ? .encryptedKey : .noKey)
    }

    @unsafe static func isOCSPResponse(_ bytes: [UInt8]) -> Bool {
        // Read within the call only.
        let response = unsafe bytes.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_OCSP_RESPONSE(nil, &start, bytes.count)
        }
        ERR_clear_error()
        guard let response = unsafe response else { return false }
        defer { unsafe OCSP_RESPONSE_free(response) }
        return unsafe OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
    }
}
