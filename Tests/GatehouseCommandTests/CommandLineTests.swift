import ArgumentParser
import Synchronization
import Testing

@testable import GatehouseCommand
@testable import GatewayConfiguration

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The parts of the program that need no process of their own.
@Suite struct CommandLineTests {
    @Test func runDefaultsToTheFileInThisDirectory() throws {
        #expect(try RunCommand.parse([]).path == "gateway.yaml")
        #expect(try RunCommand.parse(["conf.d"]).path == "conf.d")
        #expect(throws: (any Error).self) { try RunCommand.parse(["a", "b"]) }
    }

    @Test func checkTakesSeveralFiles() throws {
        #expect(try CheckCommand.parse([]).files == ["gateway.yaml"])
        let command = try CheckCommand.parse(["--format", "json", "a", "b", "--no-resolve"])
        #expect(command.files == ["a", "b"] && command.format == .json && !command.resolve)
        #expect(throws: (any Error).self) { try CheckCommand.parse(["--format", "xml"]) }
    }

    @Test func explainTakesFieldsAsCurlDoes() throws {
        let command = try ExplainCommand.parse(["GET", "/a", "-H", "A: b", "--header", "C: d", "--config", "x.yaml"])
        #expect(command.header == ["A: b", "C: d"] && command.config == "x.yaml" && !command.json)
        #expect(throws: (any Error).self) { try ExplainCommand.parse(["GET"]) }
    }

    // MARK: explain's request

    private static let configuration: GatewayConfiguration = {
        var configuration = GatewayConfiguration()
        configuration.listeners = [
            ListenerConfiguration(name: "a", address: SocketAddressConfiguration(host: "127.0.0.1", port: 8080)),
            ListenerConfiguration(name: "b", address: SocketAddressConfiguration(host: "::1", port: 9090)),
        ]
        return configuration
    }()

    private func request(
        _ url: String, _ headers: [String] = [], listener: String? = nil
    ) throws -> ExplainedRequest {
        try ExplainedRequest(
            method: "GET", url: url, headers: headers, listener: listener, configuration: Self.configuration)
    }

    @Test(arguments: [
        ("/a?b#c", "/a?b", "127.0.0.1:8080", 0), ("http://x.org", "/", "x.org", 0),
        ("HTTPS://x.org?q", "/?q", "x.org", 0),
        ("http://[::1]:9090/a", "/a", "[::1]:9090", 1), ("x.org:9090/a", "/a", "x.org:9090", 1),
        ("http://x.org:1/", "/", "x.org:1", 0), ("*", "*", "127.0.0.1:8080", 0),
    ])
    func urls(_ url: String, _ target: String, _ authority: String, _ listener: Int) throws {
        let request = try request(url)
        #expect(request.target == target && request.authority == authority && request.listener == listener)
        #expect(String(decoding: request.head, as: UTF8.self) == "GET \(target) HTTP/1.1\r\nHost: \(authority)\r\n\r\n")
    }

    @Test func aHostFieldReplacesTheURLs() throws {
        let request = try request("http://x.org/a", ["host:  y.org", "A:b"], listener: "b")
        #expect(request.authority == "y.org" && request.listener == 1)
        #expect(String(decoding: request.head, as: UTF8.self) == "GET /a HTTP/1.1\r\nhost: y.org\r\nA: b\r\n\r\n")
    }

    @Test(arguments: [
        ("ftp://x.org/", [String]()), ("http:///a", []), ("/a", ["no colon"]), ("/a", [": empty"]),
        ("/a", ["A: b\r\nC: d"]),
    ])
    func whatIsNoRequest(_ url: String, _ headers: [String]) {
        #expect(throws: ValidationError.self) { try request(url, headers) }
    }

    @Test func anUnknownListener() {
        #expect(throws: ValidationError.self) { try request("/", listener: "c") }
    }

    // MARK: Words

    @Test func lists() {
        #expect(list([], "or") == "" && list(["a"], "or") == "a" && list(["a", "b"], "or") == "a or b")
        #expect(list(["a", "b", "c"], "and") == "a, b and c")
    }

    @Test func quantities() {
        #expect(
            AppliedLimit.size(1 << 20) == "1MiB" && AppliedLimit.size(1_000) == "1000B" && AppliedLimit.size(0) == "0B")
        #expect(AppliedLimit.time(nil) == "off" && AppliedLimit.time(.milliseconds(1_500)) == "1500ms")
        #expect(AppliedLimit.time(.seconds(300)) == "5m" && AppliedLimit.time(.seconds(61)) == "61s")
    }

    @Test func colourIsLeftOutUnlessItIsWanted() {
        #expect(Paint.bad("x", false) == "x" && Paint.bad("x", true) == "\u{1B}[31mx\u{1B}[0m")
        let pipe = Pipe()
        #expect(pipe.map { Console(descriptor: $0.writer).hasColour } == false)
    }

    // MARK: The demo

    @Test func aLineForEachRequest() {
        let json = """
            {"time":"2026-01-01T00:00:00Z","method":"GET","path":"/api/users/7","route":"users","service":"users",\
            "endpoint":"127.0.0.1:3001","status":200,"status_from":"upstream","duration_ms":0.44}
            """
        let record = LiveLog.Record(json: Array(json.utf8))
        #expect(record?.text(colour: false) == "GET /api/users/7 → users → users 127.0.0.1:3001  200  0.4 ms")
        let refused = LiveLog.Record(
            json: Array(#"{"path":"/\u001b[2J","status":404,"error":"not_found","duration_ms":12}"#.utf8))
        #expect(refused?.text(colour: false) == "- /?[2J  404 not_found  12.0 ms")
        #expect(LiveLog.Record(json: Array("{".utf8)) == nil)
    }

    @Test func servicesAnswerTheirOwnPathsOnly() {
        let users = DemoService(kind: .users, instance: "users-1")
        for path in ["/", "/health", "/users", "/users/7", "/api/v1/users/me"] { #expect(users.isOwn(path)) }
        for path in ["/usersx", "/api/v1/posts/list", "/orders/7", "/healthy"] { #expect(!users.isOwn(path)) }
        let request = DemoService.Request(
            method: "GET", path: "/posts", query: nil, headers: [(name: "Via", value: "a \"b\"\u{1}")], bodySize: 0)
        #expect(users.answer(request).status == 405)
        let answer = DemoService(kind: .posts, instance: "p").answer(request)
        #expect(answer.status == 200 && answer.body.contains(#""Via": "a \"b\"\u0001""#))
    }

    @Test func theDemosConfigurationIsAccepted() {
        let text = DemoConfiguration(
            port: 1, stagedPort: 2, adminPort: 3,
            ports: [
                "users-1": 4, "users-2": 5, "orders-1": 6, "posts-1": 7, "products-v1": 8, "products-v2": 9,
            ]
        ).text
        let result = ConfigurationLoader.load(text: text)
        #expect(result.errors.isEmpty, "\(result.diagnostics)")
        // Each command shows something of it.
        let routes = result.configuration?.routes.count ?? 0
        #expect(routes >= 16)
    }

    // MARK: Names

    private func reference(_ name: String) -> LoadResult.HostReference {
        LoadResult.HostReference(name: name, location: SourceLocation(file: "f", line: 1, column: 2))
    }

    @Test func namesAreAskedForAtOnce() {
        // Each look-up waits until four are under way: one after the other they would never end.
        let gate = Mutex(0)
        let check = NameCheck(
            lookUp: { name in
                gate.withLock { $0 += 1 }
                while gate.withLock({ $0 }) < 4 {}
                return name == "bad" ? .failed("no") : .found
            }, seconds: 60, width: 4)
        let warnings = check.warnings(for: ["a", "bad", "c", "d"].map(reference))
        #expect(warnings.map(\.description) == ["f:1:2: warning: \"bad\" does not resolve: no"])
    }

    @Test func aResolverThatHangsIsNotWaitedFor() {
        let check = NameCheck(
            lookUp: { _ in
                // Longer than any test.
                _ = Pipe().map { pipe in
                    var byte: UInt8 = 0
                    return readByte(pipe.reader, &byte)
                }
                return .found
            }, seconds: 0.01)
        #expect(check.warnings(for: [reference("slow")]).count == 1)
        #expect(check.warnings(for: []).isEmpty)
    }
}

private func readByte(_ descriptor: Int32, _ byte: inout UInt8) -> Int {
    // One byte into a variable of one.
    unsafe read(descriptor, &byte, 1)
}
