internal import ArgumentParser
internal import Gatehouse
internal import Reactor

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Four sample services with a gateway in front, and lines to try.",
        discussion: """
            It starts users (two endpoints), orders, posts and products (two versions) as
            HTTP servers of their own on free ports of this machine, and the gateway on
            port 8080 or the next that is free. It prints where its configuration lies, a
            curl line for each thing to see, and then a line for each request. Ctrl-C ends
            it all.

            Examples:
              gatehouse demo
              gatehouse demo --port 9000
              gatehouse demo --tls    https, with a certificate made on the spot
              gatehouse demo --once   tries all lines by itself and ends: a quick test
            """)

    @Option(help: "The gateway's port on 127.0.0.1; 0: any that is free. By default 8080 or the next that is free.")
    var port: UInt16?

    @Flag(help: "Tries every line, prints the answers, and ends: with exit code 1 if one is not as expected.")
    var once = false

    @Flag(help: "Speaks TLS on the gateway's port, with a certificate made on the spot.")
    var tls = false

    func run() throws {
        Signals.block()
        let output = Console.output
        guard let log = LiveLog(output) else { throw Outcome(.cannotStart, "no descriptor is left for a pipe") }
        let demo = try Demo(port: port, isTLS: tls, log: log, prints: !once)
        let steps = DemoStep.all(
            demo.configuration, program: Self.program, configuration: demo.path, certificate: demo.certificate)
        if once {
            defer { demo.cleanUp() }
            PlainThread.start {
                // Any of them: there is nobody to be polite to.
                _ = Signals.wait()
                demo.cleanUp()
                Outcome.end(.cutShort)
            }
            output.write(Self.introduction(demo, colour: output.hasColour))
            let isGood = try DemoRehearsal(steps: steps, console: output).run()
            _ = demo.gateway.drain()
            if !isGood { throw Outcome(.refused) }
            return
        }
        output.write(Self.introduction(demo, colour: output.hasColour))
        output.write(Self.instructions(steps, colour: output.hasColour))
        Shutdown(demo.gateway, Console.error) { demo.cleanUp() }.serve()
    }

    /// How this program was called, so that the printed lines work when they are pasted.
    private static var program: String {
        CommandLine.arguments[0].contains("/") ? Executable.path : "gatehouse"
    }

    static func introduction(_ demo: Demo, colour: Bool) -> String {
        var lines = [Paint.strong("The services, each a process of its own:", colour)]
        for (instance, port) in demo.services {
            let name = instance + String(repeating: " ", count: max(1, 14 - instance.count))
            lines.append("  \(name)http://127.0.0.1:\(port)")
        }
        lines.append(Paint.strong("The gateway in front of them:", colour))
        for address in demo.gateway.addresses {
            let name = address.listener + String(repeating: " ", count: max(1, 14 - address.listener.count))
            lines.append("  \(name)\(address.isTLS ? "https" : "http")://\(address.address)")
        }
        lines.append(Paint.strong("Its configuration, to read:", colour))
        lines.append("  \(demo.path)")
        return lines.joined(separator: "\n")
    }

    static func instructions(_ steps: [DemoStep], colour: Bool) -> String {
        var lines = ["", Paint.strong("To try in another terminal:", colour)]
        for step in steps {
            lines.append(Paint.quiet("  # " + step.title, colour))
            lines.append("  " + Paint.accent(step.command, colour))
        }
        lines += ["", Paint.strong("Each request shows here. Ctrl-C ends everything.", colour)]
        return lines.joined(separator: "\n")
    }
}
