internal import GatewayConfiguration
internal import GatewayEngine

#if canImport(Glibc)
    internal import Glibc
#endif

@main
enum Gatehouse {
    static func main() throws {
        let arguments = CommandLine.arguments
        let result = ConfigurationLoader.load(path: arguments[2])
        for diagnostic in result.diagnostics { print(diagnostic) }
        guard let configuration = result.configuration else { exit(1) }
        let log = OperationLog()
        let server = try GatewayServer(
            configuration, build: Metrics.Build(version: "0.1.0", swiftVersion: "6.3"), log: log)
        try server.start()
        for bound in server.bound { print("listening on \(bound.address)") }
        while true { pause() }
    }
}
