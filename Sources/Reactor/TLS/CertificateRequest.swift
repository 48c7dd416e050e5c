internal import COpenSSL

/// A new key (P-256) and the request to have a certificate made for it (PKCS #10).
package struct CertificateRequest: Sendable {
    /// DER.
    package let bytes: [UInt8]
    /// PEM, not encrypted.
    package let key: [UInt8]

    /// - Parameter names: DNS names, at least one; the subject stays empty.
    package init?(dnsNames names: [String]) {
        defer { ERR_clear_error() }
        guard let key = unsafe gh_make_key() else { return nil }
        defer { unsafe EVP_PKEY_free(key) }
        var start: UnsafeMutablePointer<UInt8>?
        let list = names.map { "DNS:\($0)" }.joined(separator: ",")
        let count = unsafe gh_make_request(key, list, &start)
        guard count > 0, let start = unsafe start else { return nil }
        // The library's bytes, ours to free.
        unsafe bytes = Array(UnsafeBufferPointer(start: start, count: Int(count)))
        unsafe CRYPTO_free(start, #file, #line)
        guard
            let text = unsafe SelfSignedCertificate.text({
                unsafe PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil)
            })
        else { return nil }
        self.key = text
    }
}
