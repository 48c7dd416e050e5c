internal import CSystem

/// TLS inside a socket: the same calls and events, with `TLSSession` between them and the descriptor.
///
/// 1. The handshake runs in the socket; its end is told by `socketDidConnect()`, its failure by `socketDidFail` with
///    EPROTO and `tlsFailure`.
/// 2. Reading: the loop's memory is filled with decrypted records, and shown to the handler as a whole.
/// 3. Writing: what one event wrote is encrypted into as few records as it fits in and leaves in one system call. Bytes
///    that wait are encrypted already, so that marks, timers and closing see the same numbers as without TLS.
/// 4. The end: `shutdownWrite`, `closeAfterFlush` and `close` say so in TLS's own words (close_notify) when everything was
///    sent; an end of the peer without those words is a failure, since bytes may have been cut off.
extension StreamSocket {
    /// A peer may make us answer by ourselves (key updates, alerts) only as far as it reads the answers.
    private static let controlLimit = 64 * 1024

    package var isTLS: Bool { tls != nil }

    /// What was agreed on, once the handshake is complete.
    package var tlsFacts: TLSFacts? { tls?.facts }

    /// The application protocol that was agreed on (ALPN); nil: none.
    package var tlsProtocol: String? {
        guard let tls, let index = tls.facts.map({ Int($0.protocolIndex) }), index >= 0 else { return nil }
        return tls.context.protocols[index]
    }

    /// The peer's verified certificate.
    package var tlsCertificate: TLSPeerCertificate? { tls?.certificate }

    /// Whether the peer only wanted to see a certificate that answers its question, and is to be left then.
    package var answersChallenge: Bool { tls?.answersChallenge ?? false }

    /// Why the connection did not come about or broke, when that was TLS's doing.
    package var tlsFailure: TLSFailure? { tls?.failure }

    /// The end of the peer was announced: reading goes on until it comes.
    var expectsEnd: Bool { endWasSeen }

    // MARK: Reading

    func read(_ tls: TLSSession) {
        mayHaveMore = false
        if endWasTold {
            skipRest()
            return
        }
        tls.wake()
        if tls.phase == .handshaking {
            guard completeHandshake(tls) else { return }
        }
        // A bounded share of the turn; of a broken connection everything, as there will be no other turn.
        var turnsLeft = hasFailed ? Int.max : 4
        while isOpen {
            if isPaused {
                mayHaveMore = true
                return
            }
            let (count, progress) = unsafe tls.read(into: loop.scratch, EventLoop.readSize)
            guard answerPeer(tls) else { return }
            if count > 0 && !closesAfterFlush {
                let bytes = unsafe Span(_unsafeStart: UnsafePointer(loop.scratch), count: count)
                handler?.socketDidReceive(bytes)
                if !isOpen { return }
            }
            switch progress {
            case .more:
                turnsLeft -= 1
                if turnsLeft == 0 {
                    mayHaveMore = true
                    loop.readLater(self)
                    return
                }
            case .dry:
                return
            case .end:
                endWasSeen = false
                if hasFailed { return }
                endWasTold = true
                updateInterest()
                if !closesAfterFlush { handler?.socketDidReachEnd() }
                return
            case .failed(let failure):
                fail(tls, failure)
                return
            case .broken(let error):
                fail(error)
                return
            }
        }
    }

    /// True when bytes of the application can be read.
    private func completeHandshake(_ tls: TLSSession) -> Bool {
        let progress = tls.handshake()
        switch progress {
        case .more:
            sendSealed()
            handler?.socketDidConnect()
            guard isOpen else { return false }
            sealEarly(tls)
            return isOpen
        case .dry, .end:
            sendSealed()
            return false
        case .failed(.plainText):
            answerInClear(tls)
            fail(tls, .plainText)
            return false
        case .failed(let failure):
            // The alert that tells the peer why.
            sendSealed()
            fail(tls, failure)
            return false
        case .broken(let error):
            tls.failure = .closed
            fail(error)
            return false
        }
    }

    /// Tells a client that does not speak TLS so, in the words it understands; what it has sent is taken first, so that
    /// the end does not become a reset that overtakes the answer.
    private func answerInClear(_ tls: TLSSession) {
        _ = loop.sealed.take()
        let answer = tls.context.plainAnswer
        if answer.isEmpty { return }
        sendBytes(answer.span)
        _ = shutdown(descriptor, Int32(SHUT_WR))
        while unsafe recv(descriptor, loop.scratch, EventLoop.readSize, 0) > 0 {}
    }

    /// Behind the peer's end nothing is of interest but an error.
    private func skipRest() {
        while true {
            let count = unsafe recv(descriptor, loop.scratch, EventLoop.readSize, 0)
            if count > 0 { continue }
            if count == 0 {
                endWasSeen = false
                return
            }
            let error = gh_errno()
            if error == EINTR { continue }
            if error != EAGAIN && error != EWOULDBLOCK { fail(error) }
            return
        }
    }

    private func fail(_ tls: TLSSession, _ failure: TLSFailure) {
        tls.failure = failure
        fail(failure == .truncated || failure == .closed ? ECONNRESET : EPROTO)
    }

    /// Sends what reading made OpenSSL say. False when the peer asks for answers and does not take them.
    private func answerPeer(_ tls: TLSSession) -> Bool {
        let count = loop.sealed.count
        if count == 0 { return isOpen }
        tls.controlBytes = waiting.isEmpty ? count : tls.controlBytes + count
        sendSealed()
        if tls.controlBytes <= Self.controlLimit { return isOpen }
        fail(tls, .protocolError)
        return false
    }

    // MARK: Writing

    func seal(
        _ tls: TLSSession, _ first: Span<UInt8>, _ second: Span<UInt8> = Span(), _ third: Span<UInt8> = Span()
    ) {
        if !isOpen || hasFailed { return }
        switch tls.phase {
        case .open:
            let isGood = tls.seal(first, second, third)
            sendSealed()
            if !isGood && !hasFailed { failWriting(EPROTO) }
        case .handshaking:
            tls.early.append(first, pool: &loop.chunks)
            tls.early.append(second, pool: &loop.chunks)
            tls.early.append(third, pool: &loop.chunks)
        case .ended:
            break
        }
    }

    private func sealEarly(_ tls: TLSSession) {
        while isOpen, !tls.early.isEmpty {
            let count = tls.early.front.count
            seal(tls, tls.early.front)
            if isOpen { tls.early.drop(count, pool: &loop.chunks) }
        }
    }

    func sendSealed() {
        let output = loop.sealed
        if output.count > 0 { sendBytes(output.take()) }
    }

    func sayGoodbye(_ tls: TLSSession) {
        if hasFailed { return }
        tls.sayGoodbye()
        sendSealed()
    }
}
