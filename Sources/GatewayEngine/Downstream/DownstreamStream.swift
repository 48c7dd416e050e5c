internal import HTTPWire
internal import Reactor

/// The client's side of one exchange, whatever the protocol: HTTP/1 has one for a connection, HTTP/2 one for each stream.
///
/// Commands come from the exchange, in this order: any number of `sendInformational`, one `sendHead`, any number of
/// `sendBody`, one `sendEnd`; or `abort` at any point. `startBody` lets the request's body flow towards the exchange.
class DownstreamStream: StreamHandler {
    /// Where it came in: says what the next request is served by.
    final var slot: ListenerSlot
    /// Who is at the other end.
    final var client: ClientIdentity
    /// What TLS agreed on; nil in clear.
    final var tlsFacts: TLSFacts?
    /// Its certificate, verified; nil when it showed none.
    final var certificate: ClientCertificate?

    init(slot: ListenerSlot, client: ClientIdentity) {
        self.slot = slot
        self.client = client
    }

    /// What the client speaks; of HTTP/1 the newer, until a request says otherwise.
    var version: AccessRecord.Version { .http11 }

    /// An interim response (1xx).
    func sendInformational(_ head: ResponseHead) {}

    /// The final response's head. `framing` is what follows: nothing, a known length (its field is in the head), or a
    /// length that is not known.
    func sendHead(_ head: ResponseHead, framing: BodyFraming) {}

    func sendBody(_ bytes: Span<UInt8>) {}

    func sendEnd(trailers: HeaderBlock?) {}

    /// The response is 101: from now on bytes pass as they are, by `Exchange.tunnelFromClient` and `sendBody`.
    func startTunnel(_ head: ResponseHead) {}

    /// Nothing more can be read from this client once the response has left.
    func closeAfterResponse() {}

    /// The response cannot be completed: the client must be able to tell.
    func abort() {}

    /// The exchange takes the request's body from now on.
    func startBody() {}

    func pauseBody() {}

    func resumeBody() {}

    /// The address that the client's connection ends at; nil: not known.
    var localAddress: SocketAddress? { nil }

    /// More is waiting for the client than should; `Exchange.downstreamDidDrain` tells when to go on.
    var isCongested: Bool { false }

    /// The whole request has been read.
    var isRequestComplete: Bool { true }
}
