internal import GatewayConfiguration
internal import Reactor

/// Connections of HTTP/2: few, and each for many requests at once.
extension EndpointPool {
    /// What the endpoint speaks.
    enum Speech: Sendable {
        case http1
        case http2
        /// Known as soon as the first connection is there.
        case unknown

        init(_ service: CompiledService, _ endpoint: CompiledEndpoint) {
            switch service.configuration.protocol {
            case .http1: self = .http1
            case .http2: self = .http2
            case .auto: self = endpoint.configuration.tls ? .unknown : .http1
            }
        }
    }

    /// A stream on a connection that has room; or a place in the queue, while a connection is being made that may have.
    /// Nil: a connection has to be made.
    func leaseStream(for request: UpstreamRequest) -> Lease? {
        if let connection = shared.first(where: \.hasRoom) {
            worker.metrics.connectionReused(service.series)
            return .connection(connection.open(for: request))
        }
        return mayHaveRoomSoon ? wait(request) : nil
    }

    /// A connection is on its way, or has not heard yet what it may carry.
    var mayHaveRoomSoon: Bool { connecting > 0 || shared.contains(where: \.isNew) }

    /// What is spoken on a connection that has just been made; nil: not what was asked for.
    func speech(on socket: StreamSocket) -> Speech? {
        let agreed = socket.tlsProtocol == HTTP2Preface.protocolName
        switch service.configuration.protocol {
        case .http1: speech = .http1
        case .http2: return socket.isTLS && !agreed ? nil : .http2
        case .auto: speech = agreed ? .http2 : .http1
        }
        return speech
    }

    func add(_ connection: HTTP2Upstream) { shared.append(connection) }

    /// Its first stream after a rest.
    func didWake(_ connection: HTTP2Upstream) {
        worker.metrics.poolIdle(service.series, by: -1)
        worker.metrics.poolActive(service.series, by: 1)
    }

    /// Its last stream has ended.
    func didRest(_ connection: HTTP2Upstream) {
        worker.metrics.poolActive(service.series, by: -1)
        worker.metrics.poolIdle(service.series, by: 1)
    }

    /// Requests that wait may go on, when nothing else is on the stack.
    func hasRoomAgain() {
        if hasWaiting { worker.loop.afterThis { [self] in serveWaiting() } }
    }
}
