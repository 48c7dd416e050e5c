import NIOCore
import NIOHTTP1
import NIOPosix

/// The bare proxy on SwiftNIO's own HTTP/1 codec: messages go through as parts, with two fields added.

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
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: false)
            try channel.pipeline.syncOperations.addHandler(DownstreamHandler(pool: pool))
        }
    }
    .bind(host: "127.0.0.1", port: port)
    .wait()
try channel.closeFuture.wait()
