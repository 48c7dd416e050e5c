internal import COpenSSL

/// A certificate made on the spot, with its key: for trying things out on one machine, where no authority vouches for
/// anybody.
package struct SelfSignedCertificate: Sendable {
    /// PEM.
    package let certificate: [UInt8]
    /// PEM, not encrypted.
    package let key: [UInt8]

    /// - Parameters:
    ///   - dnsNames: the names it is for.
    ///   - addresses: IP literals it is for as well.
    ///   - seconds: how long it is good, from five minutes ago on.
    ///   - challenge: the SHA-256 by which it answers an authority's question (RFC 8737 §3).
    package init?(
        dnsNames: [String], addresses: [String] = [], seconds: Int = 30 * 86_400, challenge: [UInt8]? = nil
    ) {
        defer { ERR_clear_error() }
        guard let key = unsafe gh_make_key() else { return nil }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { return nil }
        defer { unsafe X509_free(certificate) }
        let names = dnsNames.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        guard unsafe Self.fill(certificate, key, name: dnsNames.first ?? "localhost", seconds: seconds),
            unsafe gh_add_extension(certificate, NID_subject_alt_name, names.joined(separator: ",")) == 1,
            unsafe challenge.map({ unsafe $0.count == 32 && gh_add_challenge(certificate, $0) == 1 })
                ?? (gh_add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") == 1),
            unsafe X509_sign(certificate, key, EVP_sha256()) > 0
        else { return nil }
        let texts = unsafe (
            Self.text { unsafe PEM_write_bio_X509($0, certificate) },
            Self.text { unsafe PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        )
        guard let certificateText = texts.0, let keyText = texts.1 else { return nil }
        self.certificate = certificateText
        self.key = keyText
    }

    @unsafe private static func fill(
        _ certificate: OpaquePointer, _ key: OpaquePointer, name: String, seconds: Int
    ) -> Bool {
        var serial: UInt64 = 0
        // Eight bytes, as many as the number has.
        _ = unsafe withUnsafeMutableBytes(of: &serial) { unsafe RAND_bytes($0.baseAddress, Int32($0.count)) }
        guard let subject = unsafe X509_get_subject_name(certificate),
            unsafe X509_set_version(certificate, 2) == 1,
            unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1,
            unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -300) != nil,
            unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), seconds) != nil,
            unsafe X509_set_pubkey(certificate, key) == 1,
            unsafe X509_NAME_add_entry_by_NID(
                subject, NID_commonName, Int32(MBSTRING_FLAG), Array(name.utf8), Int32(name.utf8.count), -1, 0) == 1
        else { return false }
        return unsafe X509_set_issuer_name(certificate, subject) == 1
    }

    @unsafe static func text(_ write: (OpaquePointer) -> Int32) -> [UInt8]? {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) == 1 else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe gh_bio_memory(bio, &start)
        // The memory is the BIO's, which lives until the end of this function.
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: max(0, count)))
    }
}
