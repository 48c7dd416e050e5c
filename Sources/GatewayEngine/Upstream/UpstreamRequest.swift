internal import HTTPWire
internal import Reactor

/// One request on its way to an endpoint, as its connection and the endpoint's pool see it.
///
/// A client's request is an `Exchange`; what the gateway asks for itself (health checks, keys, copies of traffic) is an
/// `InternalRequest`. Both go through the same pools and connections, which is why there is no second HTTP client.
///
/// The order of events: `leaseAgain` while waiting, `connecting`, `upstreamIsReady`; then any number of
/// `upstreamDidReceiveInformational`, one `upstreamDidReceiveHead`, any number of `…Body`, one `upstreamDidFinish`; or
/// `upstreamDidFail` at any point. After the last one the connection does not know this object any more.
class UpstreamRequest: TimerNode {
    final let worker: Worker
    /// Where the response's head is read into.
    final private(set) var response = ResponseHead()
    final var upstream: UpstreamStream?
    /// How long the connection took to make; -1: it was there.
    final var connectTime: Int64 = -1

    init(worker: Worker) {
        self.worker = worker
    }

    /// What the framing of the response depends on (RFC 9112 §6.3).
    var method: Method { .get }

    /// A method without effects that repeating could double, and no body that would have to be sent again.
    var isRepeatable: Bool { false }

    /// Whose request it is, for endpoints that are told by a PROXY header; nil: the gateway's own.
    var proxyOrigin: ProxyOrigin? { nil }

    /// Where the trailers of the response go.
    var responseTrailers: HeaderBlock { worker.noTrailers }

    /// The response is that of another request now: each gets the other's head.
    final func takeResponse(of other: UpstreamRequest) {
        swap(&response, &other.response)
    }

    /// A connection is being made for this request.
    func connecting(_ connection: UpstreamStream) { upstream = connection }

    /// A place in the pool, or the name's address, has come: it should ask again.
    func leaseAgain(from pool: EndpointPool) {}

    /// No place has come within the service's `pending_timeout`: the pool has forgotten the request.
    func waitedTooLong(in pool: EndpointPool) {}

    /// A connection is there and waits for the head.
    func upstreamIsReady(_ connection: UpstreamStream) {}

    func upstreamDidReceiveInformational() {}

    /// Whether the answer may be 101, after which bytes pass as they are.
    var acceptsSwitch: Bool { false }
    func upstreamDidSwitch() {}

    func upstreamDidReceiveHead(_ framing: BodyFraming) {}
    func upstreamDidReceiveBody(_ bytes: Span<UInt8>) {}
    func upstreamDidFinish(_ connection: UpstreamStream) {}
    func upstreamDidFail(_ failure: UpstreamFailure) {}

    /// The connection has taken what waited: more of the request's body may be sent.
    func upstreamDidDrain() {}
}
