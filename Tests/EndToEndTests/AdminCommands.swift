import GatehouseTesting
import Testing

/// The commands that speak to a running gateway, as an operator types them.
@Suite struct AdminCommands {
    private static let token = "a-token-for-tests"

    private struct Said {
        var code: ChildProcess.Exit
        var output: String
        var errors: String
    }

    private func run(_ gateway: GatewayProcess, _ line: String, token: String? = Self.token) throws -> Said {
        var environment = ["GATEHOUSE_ADMIN": "127.0.0.1:\(gateway.adminPort ?? 0)"]
        if let token { environment["GATEHOUSE_ADMIN_TOKEN"] = token }
        let process = try ChildProcess(
            try GatewayProcess.binary(), line.split(separator: " ").map(String.init), environment: environment)
        let code = try process.waitForExit()
        return Said(code: code, output: process.output, errors: process.errors)
    }

    @Test func anOperatorsDay() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let configuration =
            oneListener + """
                admin: { address: "127.0.0.1:0", credentials: { token: "\(Self.token)" } }
                services:
                  blue: { endpoints: [ "\(origin.url)" ] }
                  green: { endpoints: [ "\(origin.url)" ] }
                routes:
                  - { name: all, path: "/**", split: [ { service: blue, weight: 1 }, { service: green, weight: 0 } ] }

                """
        try withGateway(configuration, origin, admin: true) { gateway in
            let endpoint = "127.0.0.1:\(origin.port)"
            let status = try run(gateway, "status")
            #expect(status.code == .code(0) && status.output.contains("blue     \(origin.url)  available"))
            #expect(try JSON(try run(gateway, "status --json").output).keys == ["status", "services", "splits"])
            #expect(try run(gateway, "drain blue \(endpoint)").output.hasPrefix("blue \(origin.url): draining"))
            #expect(gateway.ask("GET /") == "503 no_endpoint")
            #expect(try run(gateway, "split all green=1").output.contains("operator"))
            #expect(gateway.ask("GET /") == "origin GET /")
            #expect(try run(gateway, "enable blue \(origin.url)").output == "blue \(origin.url): available\n")
            #expect(try run(gateway, "split all --reset").output.contains("configuration"))

            let unknown = try run(gateway, "drain blu \(endpoint)")
            #expect(unknown.code == .code(1) && unknown.errors.contains("did you mean \"blue\"?"))
            let zero = try run(gateway, "split all blue=0")
            #expect(zero.code == .code(1) && zero.errors.contains("add up to 0"))
            let canary = try run(gateway, "canary all start")
            #expect(canary.code == .code(1) && canary.errors.contains("has no canary"))
            let stranger = try run(gateway, "status", token: nil)
            #expect(stranger.code == .code(1) && stranger.errors.contains("GATEHOUSE_ADMIN_TOKEN"))

            _ = try gateway.directory.write(configuration + "rutes: 1\n", to: "gateway.yaml")
            let refused = try run(gateway, "reload")
            #expect(refused.code == .code(1) && refused.errors.contains("gateway.yaml:"))
            #expect(refused.errors.contains("fix: ") && refused.errors.contains("rutes"))
            _ = try gateway.directory.write(configuration + "trusted_proxies: [ 10.0.0.0/8 ]\n", to: "gateway.yaml")
            let reloaded = try run(gateway, "reload")
            #expect(reloaded.code == .code(0) && reloaded.output.contains("~ trusted_proxies"))
        }
    }

    @Test func nobodyThere() throws {
        let taken = try ScriptedUpstream { _, connection in try connection.send("SSH-2.0-other\r\n") }
        let environment = ["GATEHOUSE_ADMIN": "127.0.0.1:\(taken.port)"]
        let process = try ChildProcess(try GatewayProcess.binary(), ["status"], environment: environment)
        #expect(try process.waitForExit() == .code(3))
        #expect(process.errors.contains("does not speak HTTP"))
    }
}
