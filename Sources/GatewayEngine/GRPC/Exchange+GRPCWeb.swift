internal import HTTPWire

/// gRPC-Web, which browsers speak because they cannot see trailers: translated to gRPC when it comes in, so that all that
/// follows sees a call like any other, and back on the way out.
///
/// 1. The request gets gRPC's media type and `te: trailers`; a body in base64 is decoded piece by piece.
/// 2. The answer gets the media type that the client asked for. Messages pass as they come; for a client that wants text,
///    each piece in base64, padded, as its specification allows.
/// 3. What gRPC tells by trailers follows the last message as a frame whose flag is 0x80. An answer without messages has it
///    in its head, where it stays.
/// Nothing waits for a body to be complete.
extension Exchange {
    func beginWebCall() {
        isCall = true
        compression = -1
        let fields = request.fields
        web?.translate(fields, scratch: worker.pathBuffer)
        if web?.isTextRequest == true && !framing.isEmpty {
            // How long it is without base64 is known when it ends.
            fields.remove(.contentLength)
            if !framing.isChunked {
                framing = .chunked
                requestTrailers.removeAll()
            }
        }
    }

    func decodeWebBody(_ bytes: Span<UInt8>) {
        let buffer = worker.bodyBuffer
        buffer.removeAll()
        guard web?.reader.read(bytes, into: buffer) == true else { return refuseBody(.badRequest, nil) }
        if buffer.count > 0 { takeRequestBody(buffer.span) }
    }

    /// The head of the answer is complete: says how the body goes on.
    func beginWebAnswer(_ framing: BodyFraming) -> BodyFraming {
        let fields = response.fields
        let index = fields.firstIndex(of: .contentType)
        // What is no answer of gRPC, an error page say, is for the client as it is.
        guard let web, index >= 0, let form = CallForm(fields.value(index)), form == .plain else { return framing }
        let type = worker.pathBuffer
        type.removeAll()
        type.append(web.wantsText ? "application/grpc-web-text" : "application/grpc-web")
        let value = fields.value(index)
        type.append(value.extracting(form.rest(of: value)..<value.count))
        fields.set(.contentType, type.span)
        if framing.isEmpty { return framing }
        self.web?.translatesAnswer = true
        fields.remove(.contentLength)
        return .chunked
    }

    func passWebBody(_ bytes: Span<UInt8>) {
        web?.follow(bytes)
        deliverWeb(bytes)
    }

    /// Trailers as a frame behind the last message.
    func sendWebTrailers(_ trailers: HeaderBlock) {
        // Each name, value and what stands between them and behind them.
        var length = 0
        for index in 0..<trailers.count where !trailers.field(index).isRemoved {
            length += trailers.name(index).count + trailers.value(index).count + 4
        }
        let frame = worker.pathBuffer
        frame.removeAll()
        frame.append(byte: 0x80)
        for shift in [24, 16, 8, 0] { frame.append(byte: UInt8(truncatingIfNeeded: length >> shift)) }
        for index in 0..<trailers.count where !trailers.field(index).isRemoved {
            let name = trailers.name(index)
            for place in name.indices {
                let byte = name[place]
                frame.append(byte: byte &- 0x41 < 26 ? byte | 0x20 : byte)
            }
            frame.append(": ")
            frame.append(trailers.value(index))
            frame.append("\r\n")
        }
        deliverWeb(frame.span)
    }

    private func deliverWeb(_ bytes: Span<UInt8>) {
        guard web?.wantsText == true else { return deliver(bytes) }
        let buffer = worker.bodyBuffer
        buffer.removeAll()
        Base64Text.write(bytes, into: buffer)
        deliver(buffer.span)
    }
}
