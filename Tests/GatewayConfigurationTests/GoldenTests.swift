import Foundation
import Testing

@testable import GatewayConfiguration

/// Each file in Golden/ is a configuration; beside it stands what loading says about it, word for word.
///
/// `GATEHOUSE_UPDATE_GOLDEN=1 swift test --filter GoldenTests` rewrites the expectations; the difference is then read as
/// part of the change.
@Suite struct GoldenTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".json") }.sorted()
    }()

    static let environment = [
        "SECRET": "hunter2 hunter2", "HOST": "users.internal", "ADMIN_TOKEN": "a-very-long-token", "SHORT": "short",
    ]

    static func load(_ name: String) -> LoadResult {
        ConfigurationLoader(environment: { environment[$0] }).load(path: directory.appendingPathComponent(name).path)
    }

    @Test func thereAreEnough() {
        #expect(Self.cases.count >= 60)
    }

    @Test(arguments: cases) func golden(_ name: String) throws {
        let text = Self.describe(Self.load(name))
        #expect(!text.contains("hunter2"), "a secret is shown")
        let expected = Self.directory.appendingPathComponent(name + ".expected")
        if ProcessInfo.processInfo.environment["GATEHOUSE_UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: expected)
        }
        #expect(try String(contentsOf: expected, encoding: .utf8) == text)
    }

    /// Diagnostics, then what came of it; without the path of this machine.
    static func describe(_ result: LoadResult) -> String {
        var lines = result.diagnostics.map(\.description)
        lines += result.hostNames.map { "host: \($0.name) at \($0.location)" }
        if let configuration = result.configuration {
            let listeners = configuration.listeners.map(\.name).joined(separator: ", ")
            lines.append("accepted: listeners \(listeners)")
            lines += configuration.services.map { "service \($0.name): \($0.endpoints.count) endpoints" }
            lines += configuration.routes.map { "route \($0.name): \($0.answer)" }
        } else {
            lines.append("refused")
        }
        return (lines.joined(separator: "\n") + "\n").replacingOccurrences(of: directory.path + "/", with: "")
    }
}
