import GatehouseTesting
import Testing

/// The files under Examples/ are what people copy.
@Suite struct ExampleFiles {
    @Test func areAccepted() throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        // What an operator has in the environment.
        let secrets = ["JWT_SECRET", "REDIS_PASSWORD", "INTROSPECTION"].map {
            "export \($0)=0123456789abcdef0123456789abcdef; "
        }
        let script = secrets.joined() + "set -e; for file in \"$1\"/Examples/*.yaml; do \"$2\" check \"$file\"; done"
        let check = try ChildProcess("/bin/sh", ["-c", script, "sh", root, try GatewayProcess.binary()])
        #expect(try check.waitForExit() == .code(0), "\(check.output)\(check.errors)")
        #expect(check.output.contains("bodies.yaml: ok"))
    }
}
