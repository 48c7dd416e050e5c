import NIOCore
import NIOHTTP1

/// A client's connection. Bodies of requests are not forwarded: the measurement has none.
///
/// `@unchecked Sendable`: used on the one event loop only.
final class DownstreamHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var keepAlive = true

    init(pool: UpstreamPool) {
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return }
        keepAlive = head.isKeepAlive
        head.headers.remove(name: "Connection")
        pool.requests &+= 1
        let digits = String(pool.requests, radix: 16)
        head.headers.add(name: "X-Forwarded-For", value: "127.0.0.1")
        head.headers.add(name: "X-Request-ID", value: String(repeating: "0", count: 16 - digits.count) + digits)
        pool.send(head, from: self, on: context.eventLoop)
    }

    /// Part of the response.
    func receive(_ part: HTTPClientResponsePart) {
        guard let context else { return }
        switch part {
        case .head(var head):
            if !keepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
        case .body(let bytes):
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        case .end(let trailers):
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            if !keepAlive { context.close(promise: nil) }
        }
    }

    func receivedAll() { context?.flush() }
    func upstreamFailed() { context?.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
