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
              gatehouse check gateway.yaml --against running   what a reload would change
              gatehouse check new.yaml --against old.yaml      or one file by the other

            Errors keep `run` from starting. Warnings do not: a host name that does not
            resolve now may do so later.

            Exit codes: 0 no errors; 1 errors; 2 the command line is wrong.
            """)

    @Argument(help: "Files or directories.", completion: .file())
    var files: [String] = ["gateway.yaml"]

    @Option(help: "How to write what was found: text or json.")
    var format: Format = .text

    @Flag(inversion: .prefixedNo, help: "Whether host names are looked up.")
    var resolve = true

    @Option(help: "Tell what would change: from another file, or from what is `running`.")
    var against: String?

    @Option(help: "Where the running program listens. (default: by user and file)", completion: .file())
    var controlSocket: String?

    func validate() throws {
        if against != nil && files.count != 1 { throw ValidationError("--against compares one file with one other") }
    }

    func run() throws {
        if let against { return try compare(with: against) }
        let report = CheckReport(files.map { CheckedFile.check($0, resolver: resolve ? .system : nil) })
        let output = Console.output
        output.write(format == .json ? try report.json() : report.text(colour: output.hasColour))
        if report.hasErrors { throw Outcome(.refused) }
    }

    private func compare(with other: String) throws {
        let comparison =
            other == "running" ? try Comparison.withRunning(files[0], controlSocket) : Comparison.of(files[0], other)
        let output = Console.output
        output.write(
            format == .json
                ? try JSONLines.pretty(comparison)
                : comparison.lines(colour: output.hasColour).joined(separator: "\n"))
        if !comparison.errors.isEmpty { throw Outcome(.refused) }
    }
}
