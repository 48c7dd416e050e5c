internal import ContentCodings
internal import HTTPWire

/// Bodies of responses on their way through a decoder, an encoder, or both.
///
/// Service → decoder → what edits the body → encoder → client; each step where it is wanted. Bytes come in by `passCoded`,
/// the end by `finishCoded`. What one turn cannot do waits (`CodingWork`), and the service is not read meanwhile.
extension Exchange {
    func passCoded(_ bytes: Span<UInt8>) {
        guard coder.waiting.isEmpty, !coder.isContinuationDue else {
            coder.waiting.append(bytes)
            return
        }
        guard let taken = work(bytes) else { return }
        if taken < bytes.count { coder.waiting.append(bytes.extracting(taken..<bytes.count)) }
        if coder.hasWork {
            upstream?.pauseResponse()
            continueLater()
        } else if let downstream, downstream.isCongested {
            upstream?.pauseResponse()
        }
    }

    /// The service has sent everything.
    func finishCoded() {
        coder.isInputComplete = true
        if !coder.hasWork { completeCoded() }
    }

    /// Goes on with what waits.
    func continueCoding() {
        guard coder.isContinuationDue else { return }
        coder.isContinuationDue = false
        // `downstreamDidDrain` comes when the client has taken something.
        if let downstream, downstream.isCongested { return }
        var waiting: [UInt8] = []
        swap(&waiting, &coder.waiting)
        guard let taken = work(waiting.span) else { return }
        waiting.removeFirst(taken)
        swap(&waiting, &coder.waiting)
        if coder.hasWork {
            continueLater()
        } else if coder.isInputComplete {
            completeCoded()
        } else if downstream?.isCongested != true {
            upstream?.resumeResponse()
            program?.drained()
        }
    }

    /// The client takes bytes again. False: there is nothing here to go on with.
    func resumeCoding() -> Bool {
        guard coder.isActive, coder.hasWork else { return false }
        continueLater()
        return true
    }

    private func continueLater() {
        guard !coder.isContinuationDue else { return }
        coder.isContinuationDue = true
        worker.codingWork.continueLater(self)
    }

    /// Works on as many bytes as this turn allows.
    ///
    /// - Returns: how many were taken; nil when the exchange is over.
    private func work(_ bytes: Span<UInt8>) -> Int? {
        let budget = worker.codingWork.remaining
        guard budget > 0 else { return 0 }
        guard let decoder = coder.decoder else {
            let count = min(bytes.count, budget)
            afterDecoding(bytes.extracting(0..<count))
            return coder.encoder == nil ? nil : count
        }
        do {
            let taken = try decoder.push(bytes, budget: budget) { plain in
                guard coder.decoder === decoder else { return }
                worker.codingWork.spend(plain.count)
                record.decodedBytes += UInt64(plain.count)
                afterDecoding(plain)
            }
            record.codedBytes += UInt64(taken)
            return coder.decoder === decoder ? taken : nil
        } catch {
            guard coder.decoder === decoder else { return nil }
            decodingFailed(error)
            return nil
        }
    }

    private func afterDecoding(_ bytes: Span<UInt8>) {
        if coder.isLocal {
            encodeForClient(bytes)
            touch()
        } else if let reshaping {
            reshape(bytes, by: reshaping)
        } else {
            deliver(bytes)
            if isAnswerHeld { armHeld() } else { touch() }
        }
    }

    private func completeCoded() {
        if let decoder = coder.decoder {
            do { try decoder.finish() } catch { return decodingFailed(error) }
        }
        if let reshaping, !coder.isLocal { return finishReshaping(by: reshaping) }
        completeResponse(trailers: receivedTrailers)
    }

    private func decodingFailed(_ fault: CodingFault) {
        let error: GatewayError = fault == .malformed ? .responseUndecodable : .responseExpansionLimit
        if isHeadHeld { return refuse(error) }
        record.error = error
        breakOff()
    }

    // MARK: The encoder

    /// A piece of the body that the client gets, when nothing looks at it any more.
    func encodeForClient(_ bytes: Span<UInt8>) {
        guard coder.encoder != nil else {
            downstream?.sendBody(bytes)
            return
        }
        worker.codingWork.spend(bytes.count)
        record.unencodedBytes += UInt64(bytes.count)
        guard encode(bytes, .none) else { return }
        if !coder.isFlushDue {
            coder.isFlushDue = true
            worker.codingWork.flushLater(self)
        }
    }

    /// At the end of a turn in which something came.
    func flushEncoder() {
        guard coder.isFlushDue else { return }
        coder.isFlushDue = false
        // More of it follows in the next turn anyway.
        if coder.encoder == nil || coder.isContinuationDue { return }
        _ = encode(Span(), .flush)
    }

    /// The body is complete: what the encoder still has goes out. Digests behind it are of other bytes.
    func finishEncoder(_ trailers: HeaderBlock?) {
        guard let encoder = coder.encoder, encode(Span(), .finish) else { return }
        coder.encoder = nil
        worker.coders.giveBack(encoder)
        guard let trailers else { return }
        trailers.remove(.digest)
        trailers.remove(.contentDigest)
        trailers.remove(.reprDigest)
    }

    /// False when the exchange is over.
    private func encode(_ bytes: Span<UInt8>, _ ending: ContentEncoder.Ending) -> Bool {
        guard let encoder = coder.encoder else { return false }
        do {
            try encoder.push(bytes, ending) { coded in
                guard coder.encoder === encoder else { return }
                record.encodedBytes += UInt64(coded.count)
                downstream?.sendBody(coded)
            }
        } catch {
            guard coder.encoder === encoder else { return false }
            // Out of memory in the middle of a body.
            record.error = .overloaded
            breakOff()
            return false
        }
        return coder.encoder === encoder
    }

    // MARK: The end

    /// What the service sent is of no matter any more: the gateway answers itself.
    func leaveDecoder() {
        coder.wasEncoded = false
        guard let decoder = coder.decoder else { return }
        coder.decoder = nil
        coder.dropWaiting()
        worker.coders.giveBack(decoder)
    }

    /// The next request begins with nothing of this one.
    func endCoding() {
        coder.isUsed = false
        if let decoder = coder.decoder {
            coder.decoder = nil
            worker.coders.giveBack(decoder)
        }
        if let decoder = coder.requestDecoder {
            coder.requestDecoder = nil
            worker.coders.giveBack(decoder)
        }
        if let encoder = coder.encoder {
            coder.encoder = nil
            worker.coders.giveBack(encoder)
        }
        coder.accepted = nil
        coder.dropWaiting()
        coder.isInputComplete = false
        coder.isFlushDue = false
        coder.isContinuationDue = false
        coder.wasEncoded = false
        coder.isLocal = false
    }
}
