import GatehouseTesting
import Testing

/// The demo as a whole: it starts everything, tries every line that it prints, and leaves nothing behind.
@Suite struct DemoTests {
    @Test(arguments: [[], ["--tls"]]) func everyLineOfTheDemoShowsWhatItSays(_ more: [String]) throws {
        let process = try ChildProcess(try GatewayProcess.binary(), ["demo", "--once", "--port", "0"] + more)
        let exit = try process.waitForExit(within: .seconds(120))
        #expect(exit == .code(0), "\(process.output)\(process.errors)")
        #expect(process.output.contains("answers are as expected"))
    }

    @Test func aPortThatIsTakenIsSaidSo() throws {
        let taken = try ScriptedUpstream(named: "taken")
        let process = try ChildProcess(try GatewayProcess.binary(), ["demo", "--port", "\(taken.port)"])
        #expect(try process.waitForExit() == .code(3))
        #expect(process.errors.contains("port \(taken.port) is taken"))
    }

    /// The address of a sample service, out of what the demo prints.
    private func service(_ name: String, in output: String) -> UInt16? {
        output.split(separator: "\n").first { $0.hasPrefix("  \(name) ") }?.split(separator: ":").last
            .flatMap { UInt16($0) }
    }

    /// Ctrl-C, and also a demo that is killed and can clean up nothing: the sample services end.
    @Test(arguments: [ChildProcess.Signal.interrupt, .terminate, .kill])
    func itsServicesEndWithIt(_ signal: ChildProcess.Signal) throws {
        // What is killed cannot remove its own directory.
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            try GatewayProcess.binary(), ["demo", "--port", "0"], environment: ["TMPDIR": directory.path])
        let ports = try process.wait(for: "the demo to start") { output, _ -> [UInt16]? in
            guard output.contains("Ctrl-C ends everything") else { return nil }
            return ["users-1", "users-2", "orders-1", "posts-1", "products-v1", "products-v2", "public"]
                .compactMap { service($0, in: output) }
        }
        #expect(ports.count == 7)
        let answer = try RawClient.exchange(
            port: ports[6], "GET /api/v1/posts/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.status == 200)
        if signal != .kill {
            // A line for the request.
            _ = try process.wait(for: "the live line") { output, _ in
                output.contains("GET /api/v1/posts/list → posts → posts 127.0.0.1:\(ports[3])  200") ? true : nil
            }
        }
        // Idle connections to services see their end.
        let idle = try ports.map { try RawClient(port: $0) }
        process.send(signal)
        let exit = try process.waitForExit()
        if signal != .kill { #expect(exit == .code(0)) }
        for client in idle { _ = try client.expectClosed() }
        if signal != .kill {
            let configuration = process.output.split(separator: "\n").first { $0.hasSuffix("/gateway.yaml") }
            #expect(configuration?.hasPrefix("  \(directory.path)/gatehouse-demo-") == true)
            #expect(configuration.map { TemporaryDirectory.read(String($0.dropFirst(2))) } == .some(nil))
        }
    }
}
