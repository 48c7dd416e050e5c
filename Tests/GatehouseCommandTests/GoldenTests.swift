import Foundation
import GatehouseTesting
import Testing

/// Each `NAME.arguments` in Golden/ is a command line, one argument a line, `@/` standing for the directory; beside it
/// stands what the program says to it, word for word, and its exit code.
///
/// `GATEHOUSE_UPDATE_GOLDEN=1 swift test --filter GatehouseCommandTests.GoldenTests` rewrites the expectations; the
/// difference is then read as part of the change.
@Suite struct GoldenTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".arguments") }.map { String($0.dropLast(10)) }.sorted()
    }()

    @Test func thereAreEnough() {
        #expect(Self.cases.count >= 45)
    }

    @Test(arguments: cases) func golden(_ name: String) throws {
        let lines = try String(contentsOf: Self.file(name, "arguments"), encoding: .utf8).split(separator: "\n")
        let arguments = lines.map { $0.hasPrefix("@/") ? Self.directory.path + $0.dropFirst() : String($0) }
        let process = try ChildProcess(try GatewayProcess.binary(), arguments, environment: ["COLUMNS": "80"])
        let exit = try process.waitForExit()
        var text = process.output
        if !process.errors.isEmpty { text += "--- standard error\n\(process.errors)" }
        if !text.hasSuffix("\n") { text += "\n" }
        text += "--- \(exit)\n"
        text = text.replacingOccurrences(of: Self.directory.path + "/", with: "")
        let expected = Self.file(name, "expected")
        if ProcessInfo.processInfo.environment["GATEHOUSE_UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: expected)
        }
        #expect(try String(contentsOf: expected, encoding: .utf8) == text)
    }

    /// What is read on a terminal of the usual width is not broken by it.
    @Test(arguments: cases.filter { $0.hasPrefix("help") }) func helpFits(_ name: String) throws {
        let text = try String(contentsOf: Self.file(name, "expected"), encoding: .utf8)
        for line in text.split(separator: "\n") { #expect(line.count <= 80) }
        #expect(!text.contains("\u{1B}"))
    }

    private static func file(_ name: String, _ kind: String) -> URL {
        directory.appendingPathComponent("\(name).\(kind)")
    }
}
