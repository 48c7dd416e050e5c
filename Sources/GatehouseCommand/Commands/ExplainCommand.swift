internal import ArgumentParser
internal import GatewayConfiguration
internal import GatewayEngine

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tells where a request would go, and why; sends nothing.",
        usage: "gatehouse explain <method> <url> [-H <field>]... [<options>]",
        discussion: """
            It asks the gateway's own router: every route that could have taken the
            request, why each one lost, what the path became, and the URL that the service
            would see.

            Examples:
              gatehouse explain GET /api/orders/ord_x7k9
              gatehouse explain GET http://api.example.com/list -H 'X-Api-Version: 2'
              gatehouse explain DELETE /api/users/7 --config conf.d --listener public
              gatehouse explain GET '/files/a%2Fb?x=1' --json | jq .verdict

            The host is the URL's, or that of a `Host` header, or else the listener's
            address. The listener is the one with the URL's port, or the first.

            Exit codes: 0 explained, whatever the answer would be; 1 the configuration has
            errors; 2 the command line is wrong.
            """)

    @Argument(help: "The method, as it is sent: GET, POST, …")
    var method: String

    @Argument(help: "A URL, or only its path and query.")
    var url: String

    @Option(name: [.customShort("H"), .long], help: "A header field, 'Name: value'. May be given several times.")
    var header: [String] = []

    @Option(help: "The configuration: a file or a directory.", completion: .file())
    var config = "gateway.yaml"

    @Option(help: "The name of the listener that the request comes by.")
    var listener: String?

    @Flag(help: "Writes JSON.")
    var json = false

    func run() throws {
        let result = ConfigurationLoader.load(path: config)
        let report = Console.error
        guard let configuration = result.configuration, result.errors.isEmpty else {
            throw Self.refused(result.errors, report)
        }
        let request = try ExplainedRequest(
            method: method, url: url, headers: header, listener: listener, configuration: configuration)
        let explainer: RequestExplainer
        do {
            explainer = try RequestExplainer(configuration)
        } catch {
            throw Self.refused(error.diagnostics, report)
        }
        let explanation = explainer.explain(head: request.head, listener: request.listener)
        let story = ExplainStory(request: request, explanation: explanation, snapshot: explainer.snapshot)
        let output = Console.output
        output.write(json ? try story.json() : story.text(colour: output.hasColour))
    }

    private static func refused(_ errors: [Diagnostic], _ report: Console) -> Outcome {
        for error in errors { report.write(DiagnosticText.text(error, colour: report.hasColour)) }
        return Outcome(.refused)
    }
}
