internal import ArgumentParser
internal import Gatehouse
internal import GatewayConfiguration
internal import GatewayEngine

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Listens and serves, until it is told to stop.",
        usage: "gatehouse run [<path>] [<options>]",
        discussion: """
            Examples:
              gatehouse run                      the configuration is ./gateway.yaml
              gatehouse run /etc/gatehouse.yaml  or another file, YAML or JSON
              gatehouse run conf.d               or the *.yaml, *.yml and *.json of a
                                                 directory, joined
              gatehouse run --watch              reload when a file changes
              gatehouse run --replace            take over from the program that runs,
                                                 which completes its work and ends

            Where it listens is told on standard error, one line each:
              gatehouse: listening on http://127.0.0.1:8080 (listener "127.0.0.1:8080")
              gatehouse: admin on http://127.0.0.1:9901

            Signals:
              SIGTERM, SIGINT  accept nothing more, complete what is under way (for
                               timeouts.drain, 30s), and end; a second one ends at once
              SIGUSR1          open the access log anew, after it was renamed
              SIGHUP           reload the configuration: all of it, or nothing when it has
                               errors; requests and connections go on
              SIGUSR2          start this program anew, with --replace

            Exit codes:
              0  drained, nothing was lost
              1  the configuration has errors, or asks for what this version cannot do
              2  the command line is wrong
              3  cannot start: a port is taken, or something is not permitted
              4  the time to drain ran out, or a second signal cut it short
            """)

    @Argument(help: "A file or a directory.", completion: .file())
    var path = "gateway.yaml"

    @Flag(help: "Reload by itself when a file of the configuration changes.")
    var watch = false

    @Flag(help: "Take over from the program that runs with this configuration.")
    var replace = false

    @Option(help: "Where programs find one another. (default: by user and file)", completion: .file())
    var controlSocket: String?

    func run() throws {
        Signals.block()
        let result = ConfigurationLoader.load(path: path)
        let report = Console.error
        for warning in result.warnings { report.write(DiagnosticText.text(warning, colour: report.hasColour)) }
        do {
            let gateway = try Gateway(path: path, result, log: OperationLog()) { ReloadNotice.tell($0, report) }
            let serving = Serving(
                path: path, watch: watch, replace: replace, controlSocket: controlSocket, gateway: gateway,
                report: report)
            try serving.run()
        } catch let failure as Gateway.Failure {
            throw Self.outcome(failure, report)
        }
    }

    static func announcement(_ address: Gateway.Address) -> String {
        address.isAdmin
            ? "admin on http://\(address.address)"
            : "listening on \(address.isTLS ? "https" : "http")://\(address.address) (listener \"\(address.listener)\")"
    }

    /// Tells what is wrong, and how to end.
    static func outcome(_ failure: Gateway.Failure, _ report: Console) -> Outcome {
        switch failure {
        case .start(let reason):
            return Outcome(.cannotStart, reason)
        case .configuration(let findings):
            for finding in findings { report.write(DiagnosticText.text(finding, colour: report.hasColour)) }
            // A file that is missing is one finding about the file as a whole, and that is the one line to read.
            return Outcome(.refused, findings.count > 1 ? "\(findings.count) errors; nothing was started" : nil)
        }
    }
}
