internal import COpenSSL
internal import CSystem

/// TLS on one connection: OpenSSL's state machine between a `StreamSocket`'s descriptor and its handler.
///
/// It calls nobody. The socket asks it to go on with the handshake, to read, to seal and to say goodbye, and afterwards
/// sends what lies in the loop's `TLSOutput`. Writing therefore never has to wait inside OpenSSL, and reading waits for
/// one thing only: more bytes of the peer.
///
/// A server's state is made when the first byte comes, so that a connection that says nothing costs nothing. Between
/// two records it holds no buffer (SSL_MODE_RELEASE_BUFFERS).
@safe final class TLSSession {
    enum Phase: UInt8 {
        /// Can transition to: open, ended.
        case handshaking
        /// Bytes of the application flow. Can transition to: ended.
        case open
        /// Failed or closed; OpenSSL's state is gone.
        case ended
    }

    /// What a call has come to.
    enum Progress {
        /// There may be more to read at once.
        case more
        /// All that has come was used; the loop tells of more.
        case dry
        /// The peer has said that nothing more follows (close_notify).
        case end
        case failed(TLSFailure)
        /// The descriptor failed, with the system's error number.
        case broken(Int32)
    }

    let context: TLSContext
    /// nil on the side of the server.
    let peer: TLSPeer?
    /// The socket owns this object and ends it before it goes.
    private unowned(unsafe) let socket: StreamSocket
    private(set) var ssl: OpaquePointer?
    private(set) var phase = Phase.handshaking
    /// The last read took all there was: the next one would only be told so.
    private var isDry = false
    private(set) var transportHasEnded = false
    private var transportError: Int32 = 0
    /// The first byte of the peer is no TLS, but could be a method of HTTP.
    private var sawPlainText = false
    private var sawFirstByte = false
    private var saidGoodbye = false
    /// Set when the connection did not come about or broke.
    var failure: TLSFailure?
    /// Steps that OpenSSL has taken since the handshake for none of the application's bytes.
    private var controlCount = 0
    /// A peer may change keys and the like as long as it is not for its own sake, since each costs us more than it costs
    /// the peer: a change of keys is some four steps.
    private static let controlLimit = 1_000
    /// Bytes that OpenSSL answered by itself (alerts, key updates) since the peer last took anything.
    var controlBytes = 0
    /// Bytes written before the handshake is complete.
    var early = ByteQueue()

    init(context: TLSContext, peer: TLSPeer?, socket: StreamSocket) {
        self.context = context
        self.peer = peer
        unsafe self.socket = socket
    }

    deinit {
        // The socket has ended it; what is left is a connection that never began.
        unsafe SSL_free(ssl)
    }

    /// Lets go of OpenSSL's state.
    func end() {
        phase = .ended
        unsafe SSL_free(ssl)
        unsafe ssl = nil
    }

    /// False when there is no memory for it.
    private func begin() -> Bool {
        guard unsafe ssl == nil else { return true }
        guard let made = unsafe SSL_new(context.raw) else { return false }
        guard unsafe socket.loop.transport.attach(made) else {
            unsafe SSL_free(made)
            return false
        }
        if let peer {
            unsafe SSL_set_connect_state(made)
            guard unsafe peer.prepare(made) else {
                unsafe SSL_free(made)
                return false
            }
        } else {
            unsafe SSL_set_accept_state(made)
        }
        unsafe ssl = made
        return true
    }

    // MARK: What OpenSSL asks of the transport

    var wantsRetry: Bool { transportError == 0 && !transportHasEnded }

    /// Reads from the descriptor: bytes, 0 at its end, -1 when there is nothing or an error.
    func readTransport(_ target: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        // An end that was announced is asked for until it has come; else less than asked for means that nothing is left.
        if isDry { return -1 }
        if controlCount > Self.controlLimit {
            // Within OpenSSL, which would go on with the next record by itself.
            transportError = EPROTO
            return -1
        }
        while true {
            let received = unsafe recv(socket.descriptor, target, count, 0)
            if received > 0 {
                if !sawFirstByte {
                    sawFirstByte = true
                    // A handshake record begins with 22; no record type is a letter.
                    let first = unsafe UInt8(bitPattern: target[0])
                    sawPlainText = first >= UInt8(ascii: "A") && first <= UInt8(ascii: "z")
                }
                if unsafe received < count && !socket.expectsEnd { isDry = true }
                return received
            }
            if received == 0 {
                transportHasEnded = true
                return 0
            }
            let error = gh_errno()
            if error == EINTR { continue }
            if error == EAGAIN || error == EWOULDBLOCK { isDry = true } else { transportError = error }
            return -1
        }
    }

    func writeTransport(_ bytes: UnsafePointer<CChar>, _ count: Int) {
        let output = unsafe socket.loop.sealed
        var offset = 0
        while offset < count {
            let size = min(count - offset, TLSOutput.capacity)
            if !output.hasRoom(for: size) { unsafe socket.sendSealed() }
            // offset + size stays within the bytes that OpenSSL gave.
            unsafe output.append(UnsafeRawPointer(bytes) + offset, size)
            offset += size
        }
    }

    /// OpenSSL has read or sent something that no handler asked for.
    func noteControl() {
        if phase == .open { controlCount += 1 }
    }

    // MARK: Steps

    /// What OpenSSL is asked next is asked for this connection, and errors of others are forgotten.
    private func enter() {
        unsafe socket.loop.transport.enter(self)
        ERR_clear_error()
    }

    /// The descriptor has something new.
    func wake() { isDry = false }

    /// Whether bytes of the peer wait inside, decrypted or not.
    var hasPending: Bool { unsafe ssl != nil && SSL_has_pending(ssl) == 1 }

    /// Goes on with the handshake: `.more` when it is complete.
    func handshake() -> Progress {
        guard begin() else { return .broken(ENOMEM) }
        enter()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 {
            phase = .open
            return .more
        }
        let progress = judge(result)
        if case .end = progress { return .failed(.closed) }
        return progress
    }

    /// Reads what there is into `target`, record by record, as long as a whole one fits.
    func read(into target: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> (count: Int, progress: Progress) {
        var filled = 0
        enter()
        while capacity - filled >= TLSOutput.recordSize {
            var count = 0
            // At most as much as is left of the target.
            let result = unsafe SSL_read_ex(ssl, target + filled, capacity - filled, &count)
            guard result == 1 else { return (filled, judge(result)) }
            filled += count
            if unsafe isDry && SSL_has_pending(ssl) == 0 { return (filled, .dry) }
        }
        return (filled, .more)
    }

    /// Encrypts the stretches in order, in as few records as they fit in, into the loop's output. False on failure.
    func seal(_ first: Span<UInt8>, _ second: Span<UInt8>, _ third: Span<UInt8>) -> Bool {
        enter()
        if second.isEmpty && third.isEmpty { return seal(first) }
        let output = unsafe socket.loop.sealed
        var staged = 0
        var isGood = true
        isGood = add(first, to: output, &staged, isLast: false) && isGood
        isGood = isGood && add(second, to: output, &staged, isLast: third.isEmpty)
        isGood = isGood && add(third, to: output, &staged, isLast: true)
        return isGood && sealStaged(output, &staged)
    }

    /// Whole records of a long stretch are sealed where they lie; beginnings and ends meet in the staging memory.
    private func add(_ bytes: Span<UInt8>, to output: TLSOutput, _ staged: inout Int, isLast: Bool) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let left = bytes.count - offset
            if staged == 0 && (isLast || left >= TLSOutput.recordSize) {
                let size = isLast ? left : left / TLSOutput.recordSize * TLSOutput.recordSize
                if !seal(bytes.extracting(offset..<offset + size)) { return false }
                offset += size
                continue
            }
            let size = min(left, TLSOutput.recordSize - staged)
            // staged + size fits the staging memory, offset + size the stretch.
            unsafe bytes.withUnsafeBufferPointer { source in
                if let start = source.baseAddress {
                    unsafe (output.staging + staged).update(from: start + offset, count: size)
                }
            }
            staged += size
            offset += size
            if staged == TLSOutput.recordSize && !sealStaged(output, &staged) { return false }
        }
        return true
    }

    private func sealStaged(_ output: TLSOutput, _ staged: inout Int) -> Bool {
        if staged == 0 { return true }
        let size = staged
        staged = 0
        return unsafe seal(Span(_unsafeStart: UnsafePointer(output.staging), count: size))
    }

    private func seal(_ bytes: Span<UInt8>) -> Bool {
        if bytes.isEmpty { return true }
        var written = 0
        let result = unsafe bytes.withUnsafeBytes { unsafe SSL_write_ex(ssl, $0.baseAddress, $0.count, &written) }
        // The transport takes everything, so it is all or an error that nothing can mend.
        return result == 1 && written == bytes.count
    }

    /// Says that nothing more follows, once.
    func sayGoodbye() {
        guard phase == .open, failure == nil, !saidGoodbye else { return }
        saidGoodbye = true
        enter()
        _ = unsafe SSL_shutdown(ssl)
    }

    /// What a call that did not succeed has come to.
    private func judge(_ result: Int32) -> Progress {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .dry
        case SSL_ERROR_ZERO_RETURN: return .end
        default: break
        }
        if transportError != 0 { return .broken(transportError) }
        if sawPlainText && phase == .handshaking { return .failed(.plainText) }
        if transportHasEnded { return .failed(phase == .handshaking ? .closed : .truncated) }
        return unsafe .failed(TLSFailure(code: ERR_peek_error(), verification: SSL_get_verify_result(ssl)))
    }

    // MARK: Facts

    /// What was agreed on; nil while there is no connection.
    var facts: TLSFacts? { unsafe phase == .open ? ssl.map { unsafe TLSFacts($0) } : nil }

    /// Whether this connection only answers an authority's question (RFC 8737): it must carry nothing.
    var answersChallenge: Bool { unsafe ssl.map { unsafe context.isChallenge($0) } ?? false }

    /// The peer's certificate, when it showed one and it was verified.
    var certificate: TLSPeerCertificate? {
        guard phase == .open, let ssl = unsafe ssl, unsafe SSL_get_verify_result(ssl) == X509_V_OK,
            let raw = unsafe SSL_get0_peer_certificate(ssl)
        else { return nil }
        return unsafe TLSPeerCertificate(raw)
    }
}
