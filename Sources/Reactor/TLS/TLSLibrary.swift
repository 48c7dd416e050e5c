internal import COpenSSL

/// What all TLS connections share: the transport that OpenSSL reads from and writes to, as OpenSSL wants it.
///
/// Reading takes bytes straight from the descriptor into OpenSSL's buffer, which exists only while half a record waits
/// there; writing goes to the loop's `TLSOutput`. The functions below run inside calls of `TLSSession`, on its thread.
enum TLSLibrary {
    /// Made once, never freed.
    @safe private struct Method: @unchecked Sendable {
        let raw: OpaquePointer?
    }

    private static let method = {
        let method = unsafe BIO_meth_new(Int32(BIO_TYPE_SOURCE_SINK) | BIO_get_new_index(), "gatehouse socket")
        unsafe BIO_meth_set_read(
            method,
            { bio, target, count in
                guard let bio = unsafe bio, let target = unsafe target, count > 0 else { return 0 }
                // The session put itself there, and outlives its SSL object.
                return unsafe Unmanaged<TLSSession>.fromOpaque(BIO_get_data(bio))._withUnsafeGuaranteedRef {
                    unsafe gh_bio_clear_retry(bio)
                    let result = unsafe $0.readTransport(target, Int(count))
                    if result < 0 && $0.wantsRetry { unsafe gh_bio_retry_read(bio) }
                    return Int32(truncatingIfNeeded: result)
                }
            })
        unsafe BIO_meth_set_write(
            method,
            { bio, source, count in
                guard let bio = unsafe bio, let source = unsafe source, count > 0 else { return 0 }
                return unsafe Unmanaged<TLSSession>.fromOpaque(BIO_get_data(bio))._withUnsafeGuaranteedRef {
                    unsafe $0.writeTransport(source, Int(count))
                    return count
                }
            })
        unsafe BIO_meth_set_ctrl(
            method,
            { bio, command, _, _ in
                if command == gh_bio_ctrl_flush { return 1 }
                guard command == gh_bio_ctrl_eof, let bio = unsafe bio else { return 0 }
                return unsafe Unmanaged<TLSSession>.fromOpaque(BIO_get_data(bio))._withUnsafeGuaranteedRef {
                    $0.transportHasEnded ? 1 : 0
                }
            })
        return unsafe Method(raw: method)
    }()

    /// A transport for one session; nil when there is no memory.
    @unsafe static func makeTransport(for session: TLSSession) -> OpaquePointer? {
        guard let bio = unsafe BIO_new(method.raw) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        unsafe BIO_set_init(bio, 1)
        return unsafe bio
    }
}
