internal import ArgumentParser

struct CanaryCommand: ParsableCommand {
    enum Order: String, ExpressibleByArgument, CaseIterable {
        case status, start, pause, resume, promote, rollback
    }

    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract: "Shows or steers the canary of a route.",
        usage: "gatehouse canary <route> [<order>] [<options>]",
        discussion: """
            Examples:
              gatehouse canary checkout             where it stands, and why
              gatehouse canary checkout start       with the first step
              gatehouse canary checkout pause       keeps its share, judges nothing
              gatehouse canary checkout resume
              gatehouse canary checkout promote     everything to the candidate
              gatehouse canary checkout rollback    nothing to the candidate

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @Argument(help: "The route's name.")
    var route: String

    @Argument(help: "status, start, pause, resume, promote or rollback.")
    var order = Order.status

    @OptionGroup var options: AdminOptions

    func run() throws {
        let route = AdminClient.segment(route)
        let client = try options.client()
        let reply =
            order == .status
            ? try client.call("GET", "/splits/\(route)")
            : try client.call("POST", "/canaries/\(route)/\(order.rawValue)")
        let split = try reply.decoded(SplitDocument.self)
        if split.canary == nil { throw Outcome(.refused, "The route \"\(split.route)\" has no canary.") }
        let output = Console.output
        output.write(AdminText.split(split, colour: output.hasColour))
    }
}
