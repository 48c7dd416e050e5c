import NIOCore
import NIOHTTP1
import NIOPosix

/// The upstream connections that are kept between requests.
///
/// `@unchecked Sendable`: used on the one event loop only.
final class UpstreamPool: @unchecked Sendable {
    private let port: Int
    private var idle: [UpstreamHandler] = []
    var requests: UInt64 = 0

    init(port: Int) {
        self.port = port
    }

    func send(_ head: HTTPRequestHead, from client: DownstreamHandler, on loop: any EventLoop) {
        if let upstream = idle.popLast() {
            upstream.send(head, for: client)
            return
        }
        let upstream = UpstreamHandler(pool: self)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(upstream)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { result in
                switch result {
                case .success: upstream.send(head, for: client)
                case .failure: client.upstreamFailed()
                }
            }
    }

    func give(back upstream: UpstreamHandler) { idle.append(upstream) }
    func forget(_ upstream: UpstreamHandler) { idle.removeAll { $0 === upstream } }
}

/// An upstream connection: one request at a time.
///
/// `@unchecked Sendable`: used on the one event loop only.
final class UpstreamHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var client: DownstreamHandler?

    init(pool: UpstreamPool) {
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(_ head: HTTPRequestHead, for client: DownstreamHandler) {
        guard let context else {
            client.upstreamFailed()
            return
        }
        self.client = client
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard let client else {
            context.close(promise: nil)
            return
        }
        if case .end = part {
            self.client = nil
            pool.give(back: self)
        }
        client.receive(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) { client?.receivedAll() }

    func channelInactive(context: ChannelHandlerContext) {
        pool.forget(self)
        client?.upstreamFailed()
        client = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
