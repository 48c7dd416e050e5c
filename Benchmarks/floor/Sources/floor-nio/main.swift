import NIOCore
import NIOPosix

/// The bare proxy on SwiftNIO with a byte codec of its own: one handler on either side, no NIOHTTP1. It does what
/// the proxies in FloorProxy do, for GET without a body and responses with a Content-Length; where a gateway would
/// answer an error it closes or stops.

guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[1]),
    let upstreamPort = Int(CommandLine.arguments[2])
else {
    print("usage: \(CommandLine.arguments[0]) PORT UPSTREAM_PORT")
    exit(2)
}

let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let pool = UpstreamPool(port: upstreamPort)
let channel = try ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelOption(.maxMessagesPerRead, value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(DownstreamHandler(pool: pool))
        }
    }
    .bind(host: "127.0.0.1", port: port)
    .wait()
try channel.closeFuture.wait()
