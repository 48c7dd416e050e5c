internal import ContentCodings

/// What stands between a response's bytes and the client where they are decoded, encoded, or both.
struct BodyCoder {
    /// Something of it was set for the present request.
    var isUsed = false
    /// Undoes what the service did.
    var decoder: ContentDecoder?
    /// What the client gets.
    var encoder: ContentEncoder?
    /// Bytes that came and are not worked on yet.
    var waiting: [UInt8] = []
    /// The service has sent everything.
    var isInputComplete = false
    /// The body is the gateway's own: nothing edits or checks it on its way to the encoder.
    var isLocal = false
    /// The exchange is in the list of those that are flushed at the end of the turn, or go on in the next.
    var isFlushDue = false
    var isContinuationDue = false
    /// The body came compressed, so it may leave so.
    var wasEncoded = false
    /// Of the request, taken before anything was edited; nil: its field says it still.
    var accepted: AcceptedCodings?
    /// Of the request's body, while it is read.
    var requestDecoder: ContentDecoder?

    /// What is kept of the memory for waiting bytes.
    private static let kept = 16 * 1024

    var isActive: Bool { decoder != nil || encoder != nil }
    var hasWork: Bool { !waiting.isEmpty || decoder?.hasMore == true }

    mutating func dropWaiting() {
        if waiting.capacity > Self.kept {
            waiting = []
        } else if !waiting.isEmpty {
            waiting.removeAll(keepingCapacity: true)
        }
    }
}
