internal import HTTPWire
internal import Reactor

/// An endpoint's side of one exchange, whatever the protocol.
///
/// Commands come from the exchange: `sendHead`, any number of `sendBody`, `sendEnd`; or `cancel` at any point. Events go
/// to the exchange: `upstreamDidReceiveHead`, `…Body`, `…End`, or `upstreamDidFail`.
class UpstreamStream: StreamHandler {
    func sendHead(_ head: Span<UInt8>, framing: BodyFraming) {}
    func sendBody(_ bytes: Span<UInt8>) {}
    func sendEnd(trailers: HeaderBlock?) {}
    func pauseResponse() {}
    func resumeResponse() {}
    var isCongested: Bool { false }

    /// What comes from now on goes to another request.
    func handOver(to request: UpstreamRequest) {}

    /// The exchange wants nothing more. A connection that is not at the end of a response is closed.
    func cancel() {}
}
