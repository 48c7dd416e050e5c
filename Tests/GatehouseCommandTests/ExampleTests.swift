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

    /// What an operator has in the environment.
    static let secrets = Dictionary(
        uniqueKeysWithValues: ["JWT_SECRET", "REDIS_PASSWORD", "INTROSPECTION"].map {
            ($0, "0123456789abcdef0123456789abcdef")
        })

    @Test func thereAreSome() { #expect(!Self.files.isEmpty) }

    @Test(arguments: files) func isAccepted(_ name: String) throws {
        let process = try ChildProcess(
            try GatewayProcess.binary(), ["check", Self.directory.appendingPathComponent(name).path],
            environment: Self.secrets)
        let exit = try process.waitForExit()
        // Names of the documentation (RFC 2606) need not resolve.
        let warnings = (process.output + process.errors).split(separator: "\n").filter {
            $0.contains("warning:") && !$0.contains("does not resolve")
        }
        #expect(exit == .code(0) && warnings.isEmpty, "\(process.output)\(process.errors)")
    }
}
