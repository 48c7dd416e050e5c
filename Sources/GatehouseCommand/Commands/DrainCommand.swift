internal import ArgumentParser

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Gives an endpoint of the running gateway nothing new.",
        usage: "gatehouse drain <service> <endpoint> [<options>]",
        discussion: """
            Examples:
              gatehouse drain users http://10.0.0.1:8080
              gatehouse drain users 10.0.0.1:8080

            What is under way ends by itself; `gatehouse status` shows how much that is. It
            holds over reloads, until `gatehouse enable`, or until the gateway is restarted.

            Exit codes: 0 done; 1 refused; 2 the command line is wrong; 3 nobody answers.
            """)

    @Argument(help: "The service's name.")
    var service: String

    @Argument(help: "The endpoint's URL, or its host and port.")
    var endpoint: String

    @OptionGroup var options: AdminOptions

    func run() throws {
        try Self.change(endpoint, of: service, "drain", options)
    }

    static func change(
        _ endpoint: String, of service: String, _ word: String, _ options: AdminOptions
    ) throws(Outcome) {
        let path = "/services/\(AdminClient.segment(service))/endpoints/\(AdminClient.segment(endpoint))/\(word)"
        let reply = try options.client().call("POST", path)
        Console.output.write(AdminText.endpoint(try reply.decoded(EndpointDocument.self), of: service))
    }
}
