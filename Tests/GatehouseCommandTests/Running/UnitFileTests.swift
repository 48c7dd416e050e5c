import Foundation
import GatehouseTesting
import Testing

/// The unit file that is shipped, judged by systemd itself where it is installed.
@Suite struct UnitFileTests {
    private static let path =
        URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
        + "/packaging/systemd/gatehouse.service"

    private func settings() throws -> [String: String] {
        let text = try #require(TemporaryDirectory.read(Self.path))
        var settings: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") && !line.hasPrefix("[") {
            let parts = line.split(separator: "=", maxSplits: 1)
            #expect(parts.count == 2, "\(line)")
            #expect(
                settings.updateValue(String(parts.last ?? ""), forKey: String(parts[0])) == nil, "\(line) stands twice")
        }
        return settings
    }

    /// What the program and the unit have to agree on.
    @Test func theProgramUnderstandsIt() throws {
        let settings = try settings()
        let words = try #require(settings["ExecStart"]).split(separator: " ").map(String.init)
        #expect(words.count == 3 && words[1] == "run" && words[2].hasPrefix("/"))
        #expect(settings["Type"] == "notify")
        #expect(settings["ExecReload"]?.hasSuffix("-HUP $MAINPID") == true)
        #expect(settings["RuntimeDirectory"] == "gatehouse", "the control socket stands there")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
    func systemdFindsNothingWrong() throws {
        let text = try #require(TemporaryDirectory.read(Self.path))
        let directory = try TemporaryDirectory()
        // The program is not where it will be installed.
        let unit = try directory.write(
            text.replacingOccurrences(of: "/usr/bin/gatehouse", with: "/bin/true"), to: "gatehouse.service", mode: 0o644
        )
        let process = try ChildProcess("/usr/bin/systemd-analyze", ["verify", "--man=no", unit])
        let exit = try process.waitForExit()
        #expect(exit == .code(0), "\(process.errors)")
        #expect(!process.errors.contains("gatehouse.service:"), "\(process.errors)")
    }
}
