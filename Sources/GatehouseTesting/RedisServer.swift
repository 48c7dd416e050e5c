#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A real Redis or Valkey for one test, on a port of its own on 127.0.0.1, without a file and without a past.
public final class RedisServer: Sendable {
    public enum Program: String, CaseIterable, Sendable, CustomStringConvertible {
        case redis = "redis-server"
        case valkey = "valkey-server"

        public var description: String { rawValue }

        /// Where it is. What is missing is installed by `scripts/limit-servers`; where that fails the test fails.
        public func path() throws -> String {
            if let found = find() { return found }
            let script = "/\(Self.root)/scripts/limit-servers"
            let installer = try ChildProcess("/bin/bash", [script])
            let exit = try installer.waitForExit(within: .seconds(300))
            if let found = find() { return found }
            throw KitFailure(.program, "no \(self), and \(script) ended with \(exit): \(installer.errors)")
        }

        private static let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

        private func find() -> String? {
            let listed = Environment.string("GATEHOUSE_LIMIT_SERVERS").map { [$0] } ?? []
            let usual = (Environment.string("PATH") ?? "").split(separator: ":").map(String.init)
            let folders = listed + usual + ["/\(Self.root)/.build/limit-servers"]
            // SAFETY: the path is a string that lives across the call.
            return folders.map { "\($0)/\(rawValue)" }.first { unsafe access($0, X_OK) == 0 }
        }
    }

    public let port: UInt16
    public let program: Program
    /// Where it keeps what it must, and where tests put theirs.
    public let directory: TemporaryDirectory
    private let process: ChildProcess

    /// `redis://127.0.0.1:PORT`
    public var url: String { "redis://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - port: nil: a free one.
    ///   - listening: the option that takes the port: `--tls-port` for TLS.
    ///   - options: further words of the command line.
    public init(
        _ program: Program, port: UInt16? = nil, listening: String = "--port", _ options: [String] = []
    ) throws {
        self.program = program
        directory = try TemporaryDirectory()
        let path = try program.path()
        var attempts = port == nil ? 5 : 1
        while true {
            let chosen = try port ?? Self.freePort()
            let common = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
            let ports = listening == "--port" ? [] : ["--port", "0"]
            let process = try ChildProcess(
                path, ports + [listening, "\(chosen)", "--dir", directory.path] + common + options)
            do {
                _ = try process.wait(for: "the server to be ready") { output, _ in
                    output.contains("eady to accept connections") ? true : nil
                }
                self.process = process
                self.port = chosen
                return
            } catch {
                attempts -= 1
                // Somebody else was faster to take the port.
                guard attempts > 0, process.output.contains("in use") else { throw error }
            }
        }
    }

    /// One that was free a moment ago.
    public static func freePort() throws -> UInt16 {
        let socket = try Socket.listen()
        defer { socket.close() }
        return socket.localPort
    }

    /// Asks it something, in clear, and gives the answer as it came over the wire.
    @discardableResult
    public func command(_ words: String...) throws -> String { try command(words) }

    @discardableResult
    public func command(_ words: [String]) throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
        return String(decoding: try Self.answer(client), as: UTF8.self)
    }

    private static func answer(_ client: RawClient) throws -> [UInt8] {
        var line: [UInt8] = []
        while !line.suffix(2).elementsEqual([0x0D, 0x0A]) { line += try client.readRaw(1) }
        let count = Int(String(decoding: line.dropFirst().dropLast(2), as: UTF8.self)) ?? 0
        switch line[0] {
        case UInt8(ascii: "$") where count >= 0: return line + (try client.readRaw(count + 2))
        case UInt8(ascii: "*") where count > 0:
            for _ in 0..<count { line += try answer(client) }
            return line
        default: return line
        }
    }

    public func send(_ signal: ChildProcess.Signal) { process.send(signal) }

    /// Ends it at once, as a crash does.
    public func kill() throws {
        process.send(.kill)
        try process.waitForExit()
    }
}

/// A Redis Cluster of masters that share the slots.
public final class RedisCluster: Sendable {
    public let nodes: [RedisServer]

    public static let slots = 16_384

    public init(_ program: RedisServer.Program, nodes count: Int = 3) throws {
        nodes = try (0..<count).map { _ in
            try RedisServer(
                program,
                ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port"]
                    + ["\(RedisServer.freePort())"])
        }
        for (index, node) in nodes.enumerated() {
            let first = Self.slots * index / count
            let last = Self.slots * (index + 1) / count - 1
            try node.command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
            try node.command("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
        }
        for node in nodes.dropFirst() {
            let bus = try node.command("CONFIG", "GET", "cluster-port").split(whereSeparator: \.isNewline).last
            try nodes[0].command("CLUSTER", "MEET", "127.0.0.1", "\(node.port)", String(bus ?? ""))
        }
        try eventually("the cluster to agree") {
            try nodes.allSatisfy { node in
                let text = try node.command("CLUSTER", "INFO")
                return text.contains("cluster_state:ok") && text.contains("cluster_slots_ok:\(Self.slots)")
                    && text.contains("cluster_known_nodes:\(count)")
            }
        }
    }

    /// All of them, as a configuration lists them.
    public var urls: String { "[ " + nodes.map(\.url).joined(separator: ", ") + " ]" }
}
