import NIOCore

/// A client's connection: heads come in, go to an upstream connection with two fields added, and what that one
/// receives is written here.
///
/// `@unchecked Sendable`: used on the one event loop only.
final class DownstreamHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pool: UpstreamPool
    private var waiting: ByteBuffer?
    private var context: ChannelHandlerContext?
    private var busy = false
    private var closing = false
    private var headSent = false
    private static let connectionClose: StaticString = "\r\nConnection: close\r\n"

    init(pool: UpstreamPool) {
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if waiting != nil {
            waiting?.writeBuffer(&bytes)
        } else {
            waiting = bytes
        }
        next(context)
    }

    private func next(_ context: ChannelHandlerContext) {
        guard !busy, !closing, var bytes = waiting, let length = bytes.headLength,
            var head = bytes.readSlice(length: length - 2)
        else { return }
        bytes.moveReaderIndex(forwardBy: 2)
        waiting = bytes.readableBytes > 0 ? bytes : nil
        busy = true
        if let close = head.offset(of: Self.connectionClose) {
            closing = true
            var without = head.readSlice(length: close)!
            head.moveReaderIndex(forwardBy: Self.connectionClose.utf8CodeUnitCount - 2)
            without.writeBuffer(&head)
            head = without
        }
        pool.requests &+= 1
        head.writeStaticString("X-Forwarded-For: 127.0.0.1\r\nX-Request-ID: ")
        writeHexadecimal(pool.requests, to: &head)
        head.writeStaticString("\r\n\r\n")
        pool.send(head, from: self, on: context.eventLoop)
    }

    private func writeHexadecimal(_ number: UInt64, to buffer: inout ByteBuffer) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: (number >> shift) & 15)
            buffer.writeInteger(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }

    /// Part of the response.
    func receive(_ received: ByteBuffer, complete: Bool) {
        guard let context else { return }
        var bytes = received
        if closing, !headSent, let length = bytes.headLength, var head = bytes.readSlice(length: length - 2) {
            head.writeStaticString("Connection: close\r\n")
            head.writeBuffer(&bytes)
            bytes = head
        }
        headSent = true
        if !complete {
            context.write(wrapOutboundOut(bytes), promise: nil)
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        busy = false
        if closing { context.close(promise: nil) } else { next(context) }
    }

    func receivedAll() { context?.flush() }
    func upstreamFailed() { context?.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
