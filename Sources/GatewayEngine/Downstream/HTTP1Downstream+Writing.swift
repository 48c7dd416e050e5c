internal import HTTPWire
internal import Reactor

/// From answers to bytes, and what follows when one is complete.
extension HTTP1Downstream {
    func write(_ head: ResponseHead, lastFields: StaticString) {
        let output = worker.output
        output.removeAll()
        output.append("HTTP/1.1 ")
        output.append(decimal: head.status)
        output.append(byte: 0x20)
        if head.reason.isEmpty {
            output.append(StatusText.reason(head.status))
        } else {
            output.append(from: head.fields, head.reason)
        }
        output.append("\r\n")
        head.fields.write(into: output)
        output.append(lastFields)
        output.append("\r\n")
        send(output.span)
    }

    func send(_ bytes: Span<UInt8>) {
        exchange?.record.bytesSent += UInt64(bytes.count)
        socket?.write(bytes)
        watchSending()
    }

    /// Sees to it that a client that takes nothing does not keep what waits for it for ever. True when something waits.
    @discardableResult
    func watchSending() -> Bool {
        guard let socket, socket.waitingCount > 0 else { return false }
        if wait != .send {
            takenAtTimer = socket.takenCount
            arm(.send, worker.snapshot.settings.sendIdle)
        }
        return true
    }

    func finishResponse() {
        exchange = nil
        guard phase != .closed else { return }
        if phase != .complete || closesAfterResponse {
            endConnection()
            return
        }
        phase = .idle
        if !watchSending() { arm(.keepAlive, keepAlive) }
        if !stash.isEmpty { continueSoon() }
    }

    /// Sends what waits, then the end; then reads on for a while, and closes.
    func endConnection() {
        let isAllRead = phase == .complete && stash.isEmpty
        phase = .lingering
        lingered = 0
        stash.removeAll(pool: &worker.loop.chunks)
        guard let socket else { return }
        // With the whole request read and nothing behind it, no unread byte can turn the end into a reset.
        if clientHasEnded || isAllRead {
            socket.closeAfterFlush()
            if !socket.isOpen {
                close()
                return
            }
        } else {
            socket.shutdownWrite()
            socket.resume()
        }
        if !watchSending() { arm(.linger, Self.lingerTime) }
    }

    func linger(_ count: Int) {
        lingered += count
        if lingered > Self.lingerLimit { close() }
    }
}
