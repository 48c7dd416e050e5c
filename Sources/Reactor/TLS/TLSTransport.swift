internal import COpenSSL

/// The transport that OpenSSL reads from and writes to: one for all TLS connections of a loop.
///
/// Reading takes bytes straight from the descriptor into OpenSSL's buffer, which exists only while half a record waits
/// there; writing goes to the loop's `TLSOutput`. So a transport has no state of its own that would outlast a call, and
/// which connection it stands for is said before each: by `TLSSession`, the only one that calls OpenSSL here. That saves
/// each connection the memory of a transport, its lock, and a table with the way back to its session.
@safe final class TLSTransport {
    /// Made once, never freed.
    @safe private struct Method: @unchecked Sendable {
        let raw: OpaquePointer?
    }

    private static let method = {
        let method = unsafe BIO_meth_new(Int32(BIO_TYPE_SOURCE_SINK) | BIO_get_new_index(), "gatehouse socket")
        unsafe BIO_meth_set_read(
            method,
            { bio, target, count in
                guard let bio = unsafe bio, let target = unsafe target, count > 0,
                    let session = unsafe TLSTransport.of(bio)?.session
                else { return 0 }
                unsafe gh_bio_clear_retry(bio)
                let result = unsafe session.readTransport(target, Int(count))
                if result < 0 && session.wantsRetry { unsafe gh_bio_retry_read(bio) }
                return Int32(truncatingIfNeeded: result)
            })
        unsafe BIO_meth_set_write(
            method,
            { bio, source, count in
                guard let bio = unsafe bio, let source = unsafe source, count > 0,
                    let session = unsafe TLSTransport.of(bio)?.session
                else { return 0 }
                unsafe session.writeTransport(source, Int(count))
                return count
            })
        unsafe BIO_meth_set_ctrl(
            method,
            { bio, command, _, _ in
                if command == gh_bio_ctrl_flush { return 1 }
                guard command == gh_bio_ctrl_eof, let bio = unsafe bio,
                    let session = unsafe TLSTransport.of(bio)?.session
                else { return 0 }
                return session.transportHasEnded ? 1 : 0
            })
        return unsafe Method(raw: method)
    }()

    private let raw: OpaquePointer?
    /// Whose call is on the stack, or was the last. Every call sets it first, so it is never read when that one has gone.
    private unowned(unsafe) var session: TLSSession?

    init() {
        unsafe raw = BIO_new(Self.method.raw)
        guard let raw = unsafe raw else { return }
        // Connections end before their loop does, and what is left of the transport then is only counted down.
        unsafe BIO_set_data(raw, Unmanaged.passUnretained(self).toOpaque())
        unsafe BIO_set_init(raw, 1)
    }

    deinit { unsafe BIO_free(raw) }

    /// The calls that follow are made for this session.
    func enter(_ session: TLSSession) { unsafe self.session = session }

    /// Gives a new connection its transport; false when there is no memory for one.
    @unsafe func attach(_ ssl: OpaquePointer) -> Bool {
        guard let raw = unsafe raw, unsafe BIO_up_ref(raw) == 1 else { return false }
        // One reference for both directions; SSL_free gives it back.
        unsafe SSL_set_bio(ssl, raw, raw)
        return true
    }

    @unsafe private static func of(_ bio: OpaquePointer) -> TLSTransport? {
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        // As said in `init`.
        return unsafe Unmanaged<TLSTransport>.fromOpaque(data).takeUnretainedValue()
    }

    /// The session that a call of OpenSSL is made for, asked in the middle of it.
    @unsafe static func session(of ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl = unsafe ssl, let bio = unsafe SSL_get_rbio(ssl) else { return nil }
        return unsafe of(bio)?.session
    }
}
