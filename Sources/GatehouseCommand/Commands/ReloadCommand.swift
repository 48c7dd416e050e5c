internal import ArgumentParser

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Has the running gateway load its configuration again.",
        usage: "gatehouse reload [<options>]",
        discussion: """
            Examples:
              gatehouse reload
              gatehouse check --against running && gatehouse reload

            All of it is taken up, or nothing: with errors the old configuration goes on, and
            the errors are told here.

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @OptionGroup var options: AdminOptions

    func run() throws {
        let reply = try options.client().call("POST", "/reload")
        let output = Console.output
        output.write(AdminText.reload(try reply.decoded(ReloadDocument.self), colour: output.hasColour))
    }
}
