import Foundation
import GatehouseTesting
import Testing

/// The configurations that people begin with.
@Suite struct ExampleTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Examples")

    static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    @Test func thereAreSome() { #expect(!Self.files.isEmpty) }

    @Test(arguments: files) func isAccepted(_ name: String) throws {
        let process = try ChildProcess(
            try GatewayProcess.binary(), ["check", Self.directory.appendingPathComponent(name).path],
            environment: ["JWT_SECRET": "0123456789abcdef0123456789abcdef"])
        let exit = try process.waitForExit()
        #expect(exit == .code(0) && !process.output.contains("warning"), "\(process.output)\(process.errors)")
    }
}
