#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The built program, running with a configuration of its own on ports of its own.
///
/// 1. The configuration is written into a new directory;
/// 2. `gatehouse run FILE` is started;
/// 3. its standard error is read until every listener has said where it listens;
/// 4. `stop()` ends it, and complains if it had ended by itself before.
///
/// The program is found at `GATEHOUSE_BINARY`, else beside the running test bundle.
public final class GatewayProcess: Sendable {
    public let process: ChildProcess
    /// Where the configuration lies; tests put log files there.
    public let directory: TemporaryDirectory
    /// The ports of the listeners, in the order they were announced.
    public let ports: [UInt16]
    /// The ports of listeners that have a name.
    public let namedPorts: [String: UInt16]
    /// The port of the admin listener.
    public let adminPort: UInt16?
    /// The configuration's file.
    public let file: String
    /// Where its successor finds it.
    public let controlSocket: String

    /// The first listener's port.
    public var port: UInt16 { ports.first ?? 0 }

    /// Starts a gateway and waits until it listens.
    ///
    /// - Parameters:
    ///   - configuration: YAML; listeners and admin at port 0.
    ///   - listeners: how many to wait for.
    ///   - admin: whether to wait for the admin listener.
    ///   - directory: where to put the file; a new one without it.
    ///   - options: further words of the command line.
    public convenience init(
        _ configuration: String, listeners: Int = 1, admin: Bool = false, directory: TemporaryDirectory? = nil,
        options: [String] = [], environment: [String: String] = [:]
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        let file = try directory.write(configuration, to: "gateway.yaml")
        try self.init(
            file, in: directory, control: directory.file("control"), listeners: listeners, admin: admin,
            options: options, environment: environment)
    }

    /// Starts a gateway that takes over from another one, and waits until it has.
    public convenience init(replacing other: GatewayProcess, listeners: Int = 1, options: [String] = []) throws {
        try self.init(
            other.file, in: other.directory, control: other.controlSocket, listeners: listeners, admin: false,
            options: ["--replace"] + options, environment: [:])
        _ = try process.wait(for: "the change") { _, errors in errors.contains("took over") ? true : nil }
    }

    /// Starts a gateway with a file that is there.
    public init(
        _ file: String, in directory: TemporaryDirectory, control: String, listeners: Int, admin: Bool,
        options: [String], environment: [String: String]
    ) throws {
        self.directory = directory
        self.file = file
        controlSocket = control
        process = try ChildProcess(
            try GatewayProcess.binary(), ["run", file, "--control-socket", control] + options, environment: environment)
        let found = try process.wait(for: "\(listeners) listeners to open") { _, errors -> Announced? in
            let announced = Announced(errors)
            return announced.ports.count >= listeners && (!admin || announced.admin != nil) ? announced : nil
        }
        ports = found.ports
        namedPorts = found.named
        adminPort = found.admin
    }

    /// The path of the built program.
    public static func binary() throws -> String {
        if let path = Environment.string("GATEHOUSE_BINARY") { return path }
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        for folder in [Environment.executableDirectory, "/\(root)/.build/debug", "/\(root)/.build/release"] {
            guard let folder else { continue }
            // SAFETY: the path is a string that lives across the call.
            if unsafe access("\(folder)/gatehouse", X_OK) == 0 { return "\(folder)/gatehouse" }
        }
        throw KitFailure(.program, "no gatehouse program found: build it, or set GATEHOUSE_BINARY")
    }

    /// Ends the gateway at once.
    ///
    /// - Throws: `KitFailure` of kind `program` when it had ended before: a crash, usually.
    public func stop() throws {
        if !process.isRunning {
            let exit = try process.waitForExit()
            throw KitFailure(.program, "the gateway ended by itself with \(exit); it said: \(process.errors)")
        }
        process.send(.kill)
        try process.waitForExit()
    }

    /// A client of the first listener.
    public func connect(receiveBuffer: Int? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer)
    }

    /// One request on a connection of its own to the first listener.
    public func exchange(_ request: String, method: String = "GET") throws -> StrictResponse {
        try RawClient.exchange(port: port, request, method: method)
    }

    /// What the program's standard error says about its listeners, one line each:
    /// `… listening on http://127.0.0.1:41234 (listener "public")` and `… admin on http://127.0.0.1:41235`.
    private struct Announced {
        var ports: [UInt16] = []
        var named: [String: UInt16] = [:]
        var admin: UInt16?

        init(_ text: String) {
            // A last line without its end may still grow.
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let words = line.split(separator: " ")
                guard let on = words.firstIndex(of: "on"), on > 0, on + 1 < words.count,
                    let port = words[on + 1].split(separator: ":").last.flatMap({ UInt16($0.prefix { $0.isNumber }) })
                else { continue }
                switch words[on - 1] {
                case "admin": admin = port
                case "listening":
                    ports.append(port)
                    let quoted = line.split(separator: "\"", omittingEmptySubsequences: false)
                    if quoted.count >= 3 { named[String(quoted[1])] = port }
                default: continue
                }
            }
        }
    }
}
