internal import ArgumentParser
internal import Gatehouse

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The program: one command per file in Commands/, each of them thin. What a command does stands beside it, in a folder
/// of its own where it is more than a screenful.
@main
struct Program: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "An API gateway: one front door for many services.",
        discussion: """
            Start here:
              gatehouse demo                      small services with a gateway in front
              gatehouse check gateway.yaml        all that is wrong with a configuration
              gatehouse run gateway.yaml          listen and serve
              gatehouse explain GET /api/users/7  where a request would go, and why
              gatehouse status                    what the running gateway does

            A configuration that is enough to start with:
              services:
                users: { endpoints: [ http://127.0.0.1:3001 ] }
              routes:
                - { path: /api/users/**, service: users, strip_prefix: /api }

            Exit codes:
              0  done; run: drained, nothing was lost
              1  the configuration has errors; the running gateway refuses what it is told;
                 demo --once: a wrong answer
              2  the command line is wrong
              3  cannot start: a port is taken, or something is not permitted; status and
                 its like: nobody answers
              4  run: the time to drain ran out, or a second signal cut it short
            """,
        version: VersionCommand.text,
        subcommands: [
            RunCommand.self, CheckCommand.self, ExplainCommand.self, StatusCommand.self, DrainCommand.self,
            EnableCommand.self, SplitCommand.self, CanaryCommand.self, ReloadCommand.self, KeyCommand.self,
            SchemaCommand.self, DemoCommand.self, VersionCommand.self, DemoServiceCommand.self,
        ])

    static func main() {
        // A reader that went away is no reason to die: writes say so by themselves.
        _ = signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// Says what has to be said, and ends with the code that fits.
    private static func end(with error: any Error) -> Never {
        if let outcome = error as? Outcome {
            if let message = outcome.message { Console.error.say(message) }
            Outcome.end(outcome.code)
        }
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if code == .success {
            if !text.isEmpty { Console.output.write(text) }
            Outcome.end(.done)
        }
        if !text.isEmpty { Console.error.write(text) }
        Outcome.end(.usage)
    }
}
