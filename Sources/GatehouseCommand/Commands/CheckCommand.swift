internal import ArgumentParser

struct CheckCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Tells everything that is wrong with a configuration, at once.",
        usage: "gatehouse check [<files>...] [<options>]",
        discussion: """
            Examples:
              gatehouse check gateway.yaml
              gatehouse check conf.d         the files of a directory, as run joins them
              gatehouse check a.yaml b.json  each by itself
              gatehouse check --format json gateway.yaml | jq '.diagnostics[].message'

            Errors keep `run` from starting. Warnings do not: a host name that does not
            resolve now may do so later. What is planned is understood and checked, but not
            built in this version: `run` refuses it.

            Exit codes: 0 no errors; 1 errors; 2 the command line is wrong.
            """)

    @Argument(help: "Files or directories.", completion: .file())
    var files: [String] = ["gateway.yaml"]

    @Option(help: "How to write what was found: text or json.")
    var format: Format = .text

    @Flag(inversion: .prefixedNo, help: "Whether host names are looked up.")
    var resolve = true

    func run() throws {
        let report = CheckReport(files.map { CheckedFile.check($0, resolver: resolve ? .system : nil) })
        let output = Console.output
        output.write(format == .json ? try report.json() : report.text(colour: output.hasColour))
        if report.hasErrors { throw Outcome(.refused) }
    }
}
