internal import ArgumentParser

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tells what the running gateway does: services, endpoints, splits.",
        usage: "gatehouse status [<options>]",
        discussion: """
            Examples:
              gatehouse status                        the address is that of ./gateway.yaml
              gatehouse status --admin 10.0.0.5:9901
              gatehouse status --json | jq '.services[].endpoints[].state'

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "The answers of the admin API instead of tables.")
    var json = false

    func run() throws {
        let client = try options.client()
        let status = try client.call("GET", "/status")
        let services = try client.call("GET", "/services")
        let splits = try client.call("GET", "/splits")
        let output = Console.output
        if json {
            // Each answer is an object with members of its own.
            let inner = [services.text, splits.text].map { $0.drop { $0 != "{" }.dropFirst() }
            output.write(
                "{\"status\": \(status.text.dropLast(while: \.isNewline)), "
                    + inner.map { $0.dropLast(while: \.isNewline).dropLast() }.joined(separator: ", ") + "}")
            return
        }
        output.write(
            AdminText.status(
                try status.decoded(StatusDocument.self), try services.decoded(ServicesDocument.self).services,
                try splits.decoded(SplitsDocument.self).splits, colour: output.hasColour))
    }
}

extension StringProtocol {
    fileprivate func dropLast(while matches: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, matches(last) { rest = rest.dropLast() }
        return rest
    }
}
