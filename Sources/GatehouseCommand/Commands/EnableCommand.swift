internal import ArgumentParser

struct EnableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Ends a drain, or an ejection, of an endpoint.",
        usage: "gatehouse enable <service> <endpoint> [<options>]",
        discussion: """
            Examples:
              gatehouse enable users http://10.0.0.1:8080
              gatehouse enable users 10.0.0.1:8080

            An endpoint that fails its health checks still gets nothing until it passes them.

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @Argument(help: "The service's name.")
    var service: String

    @Argument(help: "The endpoint's URL, or its host and port.")
    var endpoint: String

    @OptionGroup var options: AdminOptions

    func run() throws {
        try DrainCommand.change(endpoint, of: service, "enable", options)
    }
}
