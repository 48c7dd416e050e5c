internal import ArgumentParser
internal import Gatehouse

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Tells which version this is.")

    static var text: String { "gatehouse \(Release.version) (Swift \(Release.swiftVersion))" }

    func run() {
        Console.output.write(Self.text)
    }
}
