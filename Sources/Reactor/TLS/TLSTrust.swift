internal import COpenSSL

/// Whom a context believes: authorities, and what they have revoked.
@safe package final class TLSTrust: @unchecked Sendable {
    let store: OpaquePointer
    /// Their names, which a server tells clients that have to choose a certificate.
    private let authorities: [OpaquePointer]
    /// Of everything that decides: tickets made under another trust are worth nothing.
    let digest: [UInt8]

    /// - Parameters:
    ///   - authorities: certificates in PEM.
    ///   - revoked: revocation lists in PEM.
    package init(authorities: [UInt8], revoked: [UInt8]? = nil) throws(TLSMaterialError) {
        defer { ERR_clear_error() }
        guard let store = unsafe X509_STORE_new() else { throw .noMemory }
        unsafe self.store = store
        unsafe self.authorities = unsafe PEM.certificates(authorities)
        digest = TLSTrust.digest(authorities + (revoked ?? []))
        guard unsafe !self.authorities.isEmpty else { throw .noCertificate }
        for index in unsafe self.authorities.indices { unsafe X509_STORE_add_cert(store, self.authorities[index]) }
        guard let revoked else { return }
        let lists = unsafe PEM.revocationLists(revoked)
        guard unsafe !lists.isEmpty else { throw .noRevocationList }
        for index in unsafe lists.indices {
            unsafe X509_STORE_add_crl(store, lists[index])
            unsafe X509_CRL_free(lists[index])
        }
        _ = unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
    }

    /// The authorities that the system trusts.
    private init(systemStore store: OpaquePointer) {
        unsafe self.store = store
        unsafe authorities = []
        digest = []
    }

    /// Read once: it is more than a hundred certificates.
    package static let system: TLSTrust? = {
        defer { ERR_clear_error() }
        guard let store = unsafe X509_STORE_new() else { return nil }
        _ = unsafe X509_STORE_set_default_paths(store)
        return unsafe TLSTrust(systemStore: store)
    }()

    deinit {
        for index in unsafe authorities.indices { unsafe X509_free(authorities[index]) }
        unsafe X509_STORE_free(store)
    }

    /// A list of the authorities' names, which the context takes.
    @unsafe func makeNameList() -> OpaquePointer? {
        let list = unsafe gh_list_of_names()
        for index in unsafe authorities.indices {
            if let name = unsafe X509_NAME_dup(X509_get_subject_name(authorities[index])) {
                unsafe gh_list_add_name(list, name)
            }
        }
        return unsafe list
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 32
        // SHA-256 fills exactly the 32 bytes there are.
        _ = unsafe EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil)
        return digest
    }
}
