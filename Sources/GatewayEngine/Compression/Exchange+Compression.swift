internal import ContentCodings
internal import HTTPWire

/// Whether a response is compressed, and what its head says then (RFC 9110 §8.4, §12.5.3).
extension Exchange {
    private static let contentMD5 = Array("content-md5".utf8)
    private static let acceptRanges = Array("accept-ranges".utf8)

    /// What the client accepts.
    var acceptedCodings: AcceptedCodings {
        if let accepted = coder.accepted { return accepted }
        var accepted = AcceptedCodings()
        let fields = request.fields
        var index = fields.firstIndex(of: .acceptEncoding)
        while index >= 0 {
            accepted.add(fields.value(index))
            index = fields.nextIndex(of: .acceptEncoding, after: index)
        }
        return accepted
    }

    /// Called with the final head, before it is sent. Chooses the coding, edits the fields, and takes an encoder.
    ///
    /// - Returns: the framing of what will be sent.
    func beginCompression(_ framing: BodyFraming) -> BodyFraming {
        let fields = response.fields
        let rules: CompiledCompression
        if compression >= 0 {
            rules = snapshot.compression[Int(compression)]
        } else if coder.wasEncoded {
            rules = .standard
        } else {
            return framing
        }
        guard !isTunnel, mayBeEncoded(fields, framing) else { return framing }
        let accepted = acceptedCodings
        if response.status == 304 {
            // The body that the client has may be an encoded one: its tag is weak, and must be found by this one.
            guard accepted.best(of: rules.codings) != nil else { return framing }
            varyByEncoding(fields)
            weakenTag(fields)
            return framing
        }
        // A client that cannot take the body as it is gets it encoded, however small, of whatever type.
        if accepted.acceptsIdentity, !coder.wasEncoded {
            guard rules.names(fields) else { return framing }
            if case .length(let length) = framing, length < rules.minSize { return framing }
            if framing == .none, let length = announcedLength(fields), length < rules.minSize { return framing }
        }
        varyByEncoding(fields)
        guard let coding = takeEncoder(rules, accepted, hasBody: framing != .none) else { return framing }
        fields.set(.contentEncoding, coding.name)
        removeBodyFacts(fields)
        weakenTag(fields)
        return framing == .none ? .none : .chunked
    }

    /// What the status and the fields say against it.
    private func mayBeEncoded(_ fields: HeaderBlock, _ framing: BodyFraming) -> Bool {
        let status = response.status
        if status < 200 || status == 204 || status == 205 || status == 206 || framing == .length(0) { return false }
        // Without a body, only answers to HEAD and 304 speak of one.
        if framing == .none, request.method != .head, status != 304 { return false }
        if BodyCoding(fields) != .identity || fields.contains(.contentRange) { return false }
        if FieldWord.stands("no-transform", in: .cacheControl, of: fields) { return false }
        if FieldWord.stands("no-transform", in: .cacheControl, of: request.fields) { return false }
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0 else { return true }
        let type = MediaPattern.type(of: fields.value(index))
        for pattern in Self.streams where pattern.matches(type) { return false }
        return true
    }

    /// Whose messages must not wait, and which have compression of their own.
    private static let streams = [MediaPattern("text/event-stream"), MediaPattern("application/grpc*")]

    /// What the body of a GET would have: the field of an answer to HEAD.
    private func announcedLength(_ fields: HeaderBlock) -> Int? {
        let index = fields.firstIndex(of: .contentLength)
        guard index >= 0 else { return nil }
        var length = 0
        let value = fields.value(index)
        guard value.count <= 18 else { return nil }
        for index in value.indices {
            guard value[index] >= 0x30, value[index] <= 0x39 else { return nil }
            length = length * 10 + Int(value[index] - 0x30)
        }
        return length
    }

    /// The best coding that there is an encoder for; the next best when memory is short.
    private func takeEncoder(
        _ rules: CompiledCompression, _ accepted: AcceptedCodings, hasBody: Bool
    ) -> ContentCoding? {
        var left = rules.codings
        while let coding = accepted.best(of: left) {
            // Of HEAD there is nothing to encode.
            guard hasBody else { return coding }
            let place = rules.codings.firstIndex(of: coding) ?? 0
            if let encoder = worker.coders.encoder(coding, level: rules.levels[place]) {
                coder.encoder = encoder
                coder.isUsed = true
                record.encoding = coding
                return coding
            }
            left.removeAll { $0 == coding }
        }
        if left.count < rules.codings.count { worker.metrics.encoderMissing() }
        return nil
    }

    private func varyByEncoding(_ fields: HeaderBlock) {
        if FieldWord.stands("accept-encoding", in: .vary, of: fields) || FieldWord.stands("*", in: .vary, of: fields) {
            return
        }
        fields.append(.vary, "Accept-Encoding")
    }

    /// What is true of the bytes that came only, and of parts of them that could be asked for.
    private func removeBodyFacts(_ fields: HeaderBlock) {
        fields.remove(.contentLength)
        fields.remove(.digest)
        fields.remove(.contentDigest)
        fields.remove(.reprDigest)
        let (contentMD5, acceptRanges) = (Self.contentMD5, Self.acceptRanges)
        fields.removeAll(named: contentMD5.span)
        fields.removeAll(named: acceptRanges.span)
    }

    /// The same content in other bytes: no strong validator holds for both (RFC 9110 §8.8.1).
    private func weakenTag(_ fields: HeaderBlock) {
        let index = fields.firstIndex(of: .etag)
        guard index >= 0 else { return }
        let tag = fields.value(index)
        if tag.count > 1, tag[0] == UInt8(ascii: "W"), tag[1] == UInt8(ascii: "/") { return }
        let buffer = worker.pathBuffer
        buffer.removeAll()
        buffer.append("W/")
        buffer.append(tag)
        fields.set(.etag, buffer.span)
    }
}
