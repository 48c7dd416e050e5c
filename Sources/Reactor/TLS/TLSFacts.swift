internal import COpenSSL

/// What two sides agreed on, as numbers: cheap to keep for each connection and to copy into a record.
package struct TLSFacts: Sendable, Hashable, BitwiseCopyable {
    /// As on the wire: 0x0303 is TLS 1.2, 0x0304 TLS 1.3.
    package let version: UInt16
    /// The cipher suite's number (IANA).
    package let cipher: UInt16
    package let isResumed: Bool
    /// The application protocol (ALPN), by its place in the context's list; -1: none was agreed on.
    package let protocolIndex: Int8

    @unsafe init(_ ssl: OpaquePointer) {
        version = unsafe UInt16(truncatingIfNeeded: SSL_version(ssl))
        cipher = unsafe SSL_get_current_cipher(ssl).map { unsafe SSL_CIPHER_get_protocol_id($0) } ?? 0
        isResumed = unsafe SSL_session_reused(ssl) == 1
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &bytes, &count)
        let chosen = unsafe UnsafeBufferPointer(start: bytes, count: Int(count))
        let context = unsafe TLSContext.of(ssl)
        let index = context?.protocols.firstIndex { unsafe $0.utf8.elementsEqual(chosen) }
        protocolIndex = count == 0 ? -1 : Int8(clamping: index ?? -1)
    }

    package var versionName: StaticString {
        switch version {
        case 0x0304: "TLSv1.3"
        case 0x0303: "TLSv1.2"
        default: "unknown"
        }
    }

    /// The names of the suites that the profiles allow.
    package var cipherName: StaticString {
        switch cipher {
        case 0x1301: "TLS_AES_128_GCM_SHA256"
        case 0x1302: "TLS_AES_256_GCM_SHA384"
        case 0x1303: "TLS_CHACHA20_POLY1305_SHA256"
        case 0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256"
        case 0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384"
        case 0xC02F: "ECDHE-RSA-AES128-GCM-SHA256"
        case 0xC030: "ECDHE-RSA-AES256-GCM-SHA384"
        case 0xCCA8: "ECDHE-RSA-CHACHA20-POLY1305"
        case 0xCCA9: "ECDHE-ECDSA-CHACHA20-POLY1305"
        default: "unknown"
        }
    }
}

/// A verified certificate of a peer, as others are told about it.
package struct TLSPeerCertificate: Sendable, Hashable {
    /// SHA-256 of the whole certificate (DER).
    package let fingerprint: [UInt8]
    /// As RFC 2253 writes it; ASCII, everything else escaped.
    package let subject: String
    /// As they stand in the certificate: whoever puts them into a header looks at their bytes first.
    package let dnsNames: [[UInt8]]
    package let uris: [[UInt8]]

    @unsafe init?(_ certificate: OpaquePointer) {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 32
        // SHA-256 fills exactly the 32 bytes there are.
        guard unsafe X509_digest(certificate, EVP_sha256(), &digest, &count) == 1, count == 32 else { return nil }
        fingerprint = digest
        subject = unsafe TLSPeerCertificate.text(of: X509_get_subject_name(certificate))
        let names = unsafe CertificateNames(certificate)
        dnsNames = names.dns
        uris = names.uris
    }

    @unsafe static func text(of name: OpaquePointer?) -> String {
        guard let name = unsafe name, let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(bio) }
        _ = unsafe X509_NAME_print_ex(bio, name, 0, gh_name_style)
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe gh_bio_memory(bio, &start)
        // The memory is the BIO's, which lives until the end of this function.
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: max(0, count)), as: UTF8.self)
    }
}

/// The names that a certificate is for.
struct CertificateNames {
    var dns: [[UInt8]] = []
    var uris: [[UInt8]] = []
    /// 4 or 16 bytes each.
    var addresses: [[UInt8]] = []

    @unsafe init(_ certificate: OpaquePointer) {
        let list = unsafe gh_certificate_names(certificate)
        defer { unsafe gh_names_free(list) }
        for index in 0..<(unsafe gh_names_count(list)) {
            var kind: Int32 = 0
            var count: Int32 = 0
            guard let start = unsafe gh_names_value(list, index, &kind, &count) else { continue }
            // The bytes belong to the list, which lives until the end of this function.
            let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
            if kind == gh_name_dns { dns.append(bytes) }
            if kind == gh_name_uri { uris.append(bytes) }
            if kind == gh_name_address { addresses.append(bytes) }
        }
    }
}
