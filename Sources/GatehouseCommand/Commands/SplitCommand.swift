internal import ArgumentParser

struct SplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Shows or sets how the running gateway shares out a route.",
        usage: "gatehouse split <route> [<service>=<weight>...] [<options>]",
        discussion: """
            Examples:
              gatehouse split checkout                      the weights in force
              gatehouse split checkout blue=0 green=100     all to green, at once
              gatehouse split checkout blue=95 green=5
              gatehouse split checkout --reset              as the file has it

            Sides that are not named get nothing. While a canary runs it sets the weights:
            pause it first.

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @Argument(help: "The route's name.")
    var route: String

    @Argument(help: "Sides with their new weights.")
    var weights: [String] = []

    @Flag(help: "Back to the weights of the configuration.")
    var reset = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
        if reset && !weights.isEmpty { throw ValidationError("--reset takes no weights") }
        _ = try parsed()
    }

    func run() throws {
        let path = "/splits/\(AdminClient.segment(route))"
        let client = try options.client()
        let weights = try parsed()
        let reply =
            if reset {
                try client.call("DELETE", path)
            } else if weights.isEmpty {
                try client.call("GET", path)
            } else {
                try client.call("PUT", path, body: try JSONLines.pretty(["weights": weights]))
            }
        let output = Console.output
        output.write(AdminText.split(try reply.decoded(SplitDocument.self), colour: output.hasColour))
    }

    private func parsed() throws(ValidationError) -> [String: Int] {
        var result: [String: Int] = [:]
        for word in weights {
            guard let equals = word.lastIndex(of: "="), equals > word.startIndex,
                let weight = Int(word[word.index(after: equals)...]), weight >= 0
            else { throw ValidationError("\"\(word)\" is not <service>=<weight>, as in blue=100") }
            guard result.updateValue(weight, forKey: String(word[..<equals])) == nil else {
                throw ValidationError("\"\(word[..<equals])\" stands twice")
            }
        }
        return result
    }
}
