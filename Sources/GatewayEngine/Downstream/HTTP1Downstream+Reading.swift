internal import HTTPWire
internal import Reactor

/// From bytes to heads and bodies.
extension HTTP1Downstream {
    /// Who the client is cannot be said, so nobody is answered.
    func refuseProxyHeader(_ result: ProxyHeaderResult) {
        worker.proxyHeaderFailed(result, from: client.address, at: slot)
        close()
    }

    /// Looks whether the client begins as HTTP/2 does (RFC 9113 §3.3, prior knowledge), where the listener takes that.
    /// True: the bytes have been taken care of.
    func findPreface(_ bytes: Span<UInt8>) -> Bool {
        let preface = HTTP2Preface.start
        guard slot.takesHTTP2 else {
            prefaceCount = -1
            return false
        }
        let known = prefaceCount
        var index = 0
        while known + index < preface.count && index < bytes.count {
            if bytes[index] != preface[known + index] {
                prefaceCount = -1
                // What was held back so far is known: it is the preface's beginning.
                if known > 0 { _ = process(preface.span.extracting(0..<known)) }
                return false
            }
            index += 1
        }
        prefaceCount = known + index
        guard prefaceCount == preface.count, let socket, let connection = becomeHTTP2(socket) else { return true }
        if known > 0 { connection.socketDidReceive(preface.span.extracting(0..<known)) }
        connection.socketDidReceive(bytes)
        return true
    }

    /// Hands the socket to a connection of HTTP/2, which takes this one's place. Nil: there was no memory, and it is over.
    func becomeHTTP2(_ socket: StreamSocket) -> HTTP2Connection? {
        phase = .closed
        worker.loop.timers.disarm(self)
        self.socket = nil
        guard let connection = HTTP2Connection(socket: socket, takingOver: self) else {
            socket.close()
            worker.downstreamDidClose(self)
            return nil
        }
        worker.replace(self, by: connection)
        return connection
    }

    /// Keeps bytes whose time has not come, and stops reading until it has.
    func keep(_ bytes: Span<UInt8>, from offset: Int) {
        stash.append(bytes.extracting(offset..<bytes.count), pool: &worker.loop.chunks)
        socket?.pause()
    }

    /// Works on bytes until they are used up or have to wait; returns how many were used.
    func process(_ bytes: Span<UInt8>) -> Int {
        isProcessing = true
        defer { isProcessing = false }
        var offset = 0
        while offset < bytes.count {
            switch phase {
            case .idle, .head:
                if !readHead(bytes, &offset) { return bytes.count }
            case .body:
                if bodyIsPaused { return offset }
                readBody(bytes, &offset)
            case .held, .complete:
                return offset
            case .tunnel:
                if bodyIsPaused { return offset }
                exchange?.tunnelFromClient(bytes.extracting(offset..<bytes.count))
                return bytes.count
            case .lingering:
                linger(bytes.count - offset)
                return bytes.count
            case .closed:
                return bytes.count
            }
        }
        return offset
    }

    /// Reads on in a head; true when it was completed.
    func readHead(_ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        let settings = worker.snapshot.settings
        if phase == .idle {
            phase = .head
            requestCount += 1
            exchange = worker.takeExchange(for: self)
            arm(.head, settings.headTimeout)
        }
        guard let exchange else { return false }
        let request = exchange.request
        do {
            switch try scanner.scan(bytes, from: offset, into: request, limits: settings.head) {
            case .needMore:
                exchange.record.bytesReceived += UInt64(bytes.count - offset)
                return false
            case .complete(let consumed):
                offset += consumed
                exchange.record.bytesReceived += UInt64(consumed)
            }
            let framing = try Framing.ofRequest(request)
            headWasSent = false
            usesChunks = false
            bodyIsPaused = false
            closesAfterResponse =
                !request.keepAlive || requestCount >= settings.requestsPerConnection
                || slot.isDraining
            if framing.isEmpty {
                phase = .complete
                wait = .none
                worker.loop.timers.pause(self)
            } else {
                phase = .held
                decoder = BodyDecoder(framing, limits: settings.head)
                wait = .none
                worker.loop.timers.pause(self)
            }
            exchange.begin(framing, at: slot)
            return true
        } catch let error {
            phase = .held
            wait = .none
            worker.loop.timers.pause(self)
            closesAfterResponse = true
            headWasSent = false
            exchange.refuseHead(error)
            return true
        }
    }

    func readBody(_ bytes: Span<UInt8>, _ offset: inout Int) {
        guard let exchange else { return }
        let start = offset
        do {
            let event = try decoder.next(bytes, from: &offset, trailers: exchange.requestTrailers)
            exchange.record.bytesReceived += UInt64(offset - start)
            switch event {
            case .payload(let start, let count):
                if !headWasSent { arm(.body, worker.snapshot.settings.bodyIdle) }
                exchange.requestBody(bytes.extracting(start..<start + count))
                // The payload's end may be the body's: then nothing more has to come to say so.
                if phase == .body && decoder.isComplete { completeRequest(exchange) }
            case .needMore:
                break
            case .end:
                completeRequest(exchange)
            }
        } catch let error {
            closesAfterResponse = true
            phase = .held
            exchange.refuseBody(GatewayError(request: error), error)
        }
    }

    func completeRequest(_ exchange: Exchange) {
        phase = .complete
        if wait == .body {
            wait = .none
            worker.loop.timers.pause(self)
        }
        exchange.requestEnd()
    }

    /// Goes on with bytes that waited, then with reading.
    func continueWithStash() {
        guard !isProcessing, phase != .closed else { return }
        while !stash.isEmpty {
            if phase == .complete || phase == .held || (isFlowing && bodyIsPaused) { return }
            // Moved out, so that nothing that happens on the way can touch what is being read.
            var queue = ByteQueue()
            swap(&queue, &stash)
            while !queue.isEmpty && phase != .closed {
                let used = process(queue.front)
                let stuck = used < queue.front.count
                queue.drop(used, pool: &worker.loop.chunks)
                if stuck { break }
            }
            if phase == .closed {
                queue.removeAll(pool: &worker.loop.chunks)
                return
            }
            swap(&queue, &stash)
        }
        if clientHasEnded && phase != .complete {
            socketDidReachEnd()
            return
        }
        socket?.resume()
    }

    /// Takes up bytes that wait when the code on the stack has returned; within `process` its loop does that itself.
    func continueSoon() {
        if isProcessing { return }
        if stash.isEmpty {
            socket?.resume()
        } else {
            worker.loop.afterThis { [self] in continueWithStash() }
        }
    }
}
