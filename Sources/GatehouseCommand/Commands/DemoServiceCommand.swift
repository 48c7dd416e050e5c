internal import ArgumentParser
internal import Reactor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One of the demo's sample services; `demo` starts several of these.
struct DemoServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-service",
        abstract: "Runs one of the demo's sample services, until standard input ends.", shouldDisplay: false)

    @Argument(help: "users, orders, posts or products.")
    var name: DemoService.Kind

    @Option(help: "The port on 127.0.0.1; 0: any that is free.")
    var port: UInt16 = 0

    @Option(help: "What it calls itself.")
    var instance: String?

    func run() throws {
        // Ctrl-C reaches the whole group of processes; this one ends when the demo has drained and lets go of it.
        _ = signal(SIGINT, SIG_IGN)
        let server = DemoServer(DemoService(kind: name, instance: instance ?? name.rawValue))
        let port = try server.listen(port: port)
        Console.output.write("listening on \(port)")
        // The parent holds the other end, and the system lets go of it for a parent that was killed.
        PlainThread.start {
            var bytes = [UInt8](repeating: 0, count: 64)
            while true {
                // Up to 64 bytes into an array of 64.
                let count = unsafe read(0, &bytes, bytes.count)
                if count == 0 || (count < 0 && errno != EINTR) { Outcome.end(.done) }
            }
        }
        server.run()
    }
}

extension DemoService.Kind: ExpressibleByArgument {}
