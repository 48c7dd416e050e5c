internal import HTTPWire

/// A call that came as gRPC-Web: what its client speaks, and how far its bodies have come.
struct WebCall {
    let isTextRequest: Bool
    /// What the answer is to be; as the request, unless `Accept` says otherwise.
    var wantsText: Bool
    /// The answer is one of gRPC, with messages: its trailers become the last part of its body.
    var translatesAnswer = false
    var reader = Base64Text.Reader()

    /// Of the answer's messages: bytes of the present one's head that were seen, its length, what is left of it.
    private var headSeen = 0
    private var length: UInt32 = 0
    private var left: UInt32 = 0

    init(isText: Bool) {
        isTextRequest = isText
        wantsText = isText
    }

    /// Makes a request's fields those of a call of gRPC, and learns from them what the answer is to be.
    ///
    /// - Parameter type: is overwritten.
    mutating func translate(_ fields: HeaderBlock, scratch type: WireBuffer) {
        type.removeAll()
        type.append(CallForm.base)
        let index = fields.firstIndex(of: .contentType)
        if index >= 0, let form = CallForm(fields.value(index)) {
            let value = fields.value(index)
            type.append(value.extracting(form.rest(of: value)..<value.count))
        }
        let accept = fields.firstIndex(of: .accept)
        if accept >= 0, let wanted = CallForm(fields.value(accept)) { wantsText = wanted == .webText }
        fields.set(.contentType, type.span)
        let hint = WebCall.hint
        fields.removeAll(named: hint.span, foldingUnderscores: true)
        fields.remove(.te)
        fields.append(.te, "trailers")
    }

    /// What clients send along for those who cannot tell by the media type.
    private static let hint = Array("x-grpc-web".utf8)

    /// The request's base64 is not cut off.
    var isWhole: Bool { reader.isBetweenGroups }

    /// No message of the answer is cut off: a frame of trailers would be read as one.
    var isBetweenMessages: Bool { headSeen == 0 && left == 0 }

    var answerType: StaticString { wantsText ? "application/grpc-web-text+proto" : "application/grpc-web+proto" }

    /// Goes over a piece of the answer: a byte of flags, four of the length, the message.
    mutating func follow(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            if left > 0 {
                let step = min(bytes.count - index, Int(left))
                left -= UInt32(step)
                index += step
                continue
            }
            if headSeen > 0 { length = length << 8 | UInt32(bytes[index]) }
            headSeen += 1
            index += 1
            if headSeen == 5 {
                headSeen = 0
                left = length
                length = 0
            }
        }
    }
}
