internal import Glibc

/// What a variant is told: `floor-NAME PORT UPSTREAM_PORT [BUFFER_SIZE]`.
struct Settings {
    var port: UInt16
    var upstreamPort: UInt16
    /// How much is read, and so written, at a time; a head has to fit.
    var bufferSize = 65_536

    init() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 || arguments.count == 4, let port = UInt16(arguments[1]),
            let upstreamPort = UInt16(arguments[2]),
            let bufferSize = Int(arguments.count == 4 ? arguments[3] : "65536"), (4096...16_777_216).contains(bufferSize)
        else {
            print("usage: \(arguments[0]) PORT UPSTREAM_PORT [BUFFER_SIZE]")
            exit(2)
        }
        self.port = port
        self.upstreamPort = upstreamPort
        self.bufferSize = bufferSize
        // A client that went away is a failed write and nothing more.
        _ = signal(SIGPIPE, SIG_IGN)
    }
}

public func runEpoll() -> Never {
    Proxy(events: EpollPoller(), settings: Settings()).run()
}

public func runLibuv() -> Never {
    Proxy(events: LibuvPoller(), settings: Settings()).run()
}

public func runEmbedded() -> Never {
    Proxy(events: EmbeddedPoller(), settings: Settings()).run()
}
