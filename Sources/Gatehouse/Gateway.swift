internal import Dispatch
package import GatewayConfiguration
package import GatewayEngine

/// An API gateway inside this process: what the program `gatehouse` runs, for programs that bring their own `main`.
///
/// ```swift
/// let gateway = try Gateway(file: "gateway.yaml")
/// try await gateway.run()  // until the task is cancelled
/// ```
///
/// 1. Making one reads and checks the configuration. Every error is found at once; nothing listens yet.
/// 2. ``start()`` binds all addresses, or none, and serves from then on, on threads of its own.
/// 3. ``stop()`` accepts nothing more and completes what is under way, for at most `timeouts.drain` of the configuration.
///
/// ``run()`` is the three in one call. A gateway is started once; for another run make another one.
public final class Gateway: Sendable {
    private let server: GatewayServer
    /// nil when the configuration came from no file.
    private let reloads: ReloadController?

    /// Reads the configuration from a file, or from the `*.yaml`, `*.yml` and `*.json` of a directory.
    ///
    /// - Parameters:
    ///   - file: the path of a file or directory.
    ///   - program: the part of the gateway that is written in Swift. It stays when the file is loaded again.
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it.
    public convenience init(file: String, program: GatewayProgram = GatewayProgram()) throws(Failure) {
        try self.init(path: file, ConfigurationLoader.load(path: file), log: OperationLog(), program: program)
    }

    /// Takes the configuration itself, as YAML or JSON.
    ///
    /// - Parameters:
    ///   - text: the configuration; one that begins with `{` is JSON.
    ///   - name: what findings call it, in place of a file's name.
    ///   - program: the part of the gateway that is written in Swift.
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it.
    public convenience init(
        text: String, name: String = "configuration", program: GatewayProgram = GatewayProgram()
    ) throws(Failure) {
        let result = ConfigurationLoader.load(text: text, file: name)
        try self.init(Gateway.accepted(result, program), log: OperationLog(), program: program)
    }

    /// Takes everything from code.
    ///
    /// ```swift
    /// let gateway = try Gateway(
    ///     listen: ["127.0.0.1:8080"], services: ["users": ["http://127.0.0.1:3001"]], program: program)
    /// ```
    ///
    /// - Parameters:
    ///   - listen: addresses with ports; port 0 lets the system choose.
    ///   - services: names, and the URLs of their endpoints.
    ///   - program: the routes, with what answers them.
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it.
    public convenience init(
        listen: [String], services: [String: [String]] = [:], program: GatewayProgram
    ) throws(Failure) {
        let text = CodeConfiguration(listen: listen, services: services).text
        try self.init(text: text, name: "code", program: program)
    }

    /// Takes a configuration that was loaded already.
    package init(
        _ configuration: GatewayConfiguration, log: OperationLog, program: GatewayProgram = GatewayProgram()
    ) throws(Failure) {
        do {
            server = try GatewayServer(configuration, build: Release.build, log: log, program: program.table)
        } catch {
            throw Failure(error)
        }
        reloads = nil
    }

    /// Takes what was loaded from a file or directory, which it can load again.
    ///
    /// - Parameter observer: hears of every reload, on the thread that did it.
    package init(
        path: String, _ result: LoadResult, log: OperationLog, program: GatewayProgram = GatewayProgram(),
        observer: @escaping ReloadController.Completion = { _ in }
    ) throws(Failure) {
        let configuration = try Gateway.accepted(result, program)
        do {
            server = try GatewayServer(configuration, build: Release.build, log: log, program: program.table)
        } catch {
            throw Failure(error)
        }
        reloads = ReloadController(path: path, inputs: result.inputs, server: server, observer: observer)
    }

    /// The configuration of a result, if it may be run: free of errors, and of keys that this version cannot honour.
    package static func accepted(
        _ result: LoadResult, _ program: GatewayProgram = GatewayProgram()
    ) throws(Failure) -> GatewayConfiguration {
        let refused = result.errors + program.problems
        guard refused.isEmpty, let configuration = result.configuration else {
            throw .configuration(refused.map(Finding.init))
        }
        return configuration
    }

    /// Binds every address of the configuration and serves.
    ///
    /// - Throws: ``Failure/start(_:)`` when an address is taken or not permitted; nothing listens then.
    public func start() throws(Failure) {
        try start(passed: [])
    }

    /// The same with sockets that were bound by another program, and endpoints that it was told to leave alone.
    package func start(passed: [PassedSockets], drained: [DrainedEndpoint] = []) throws(Failure) {
        do {
            try server.start(passed: passed, drained: drained)
        } catch {
            throw Failure(error)
        }
    }

    /// Where it listens, in the order of the configuration, the admin listener last; empty before ``start()``. A port
    /// given as 0 has become the one that the system chose.
    public var addresses: [Address] {
        server.bound.map(Address.init)
    }

    /// Loads the configuration's file again, and serves by it if all of it is good; else everything stays as it was.
    ///
    /// What did not change goes on: connections of clients and to services, requests under way, counters. A gateway that
    /// was made from a text has no file, and nothing happens.
    ///
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it, or ``Failure/start(_:)`` when it
    ///   cannot be carried out: a new address is taken, a file cannot be written.
    public func reload() async throws(Failure) {
        guard let reloads else { return }
        let report = await withCheckedContinuation { continuation in
            reloads.requestReload { continuation.resume(returning: $0) }
        }
        switch report.outcome {
        case .applied, .unchanged: return
        case .refused(let diagnostics): throw .configuration(diagnostics.map(Finding.init))
        case .failed(let reason): throw .start(reason)
        }
    }

    /// The same for a caller that has a thread to wait on, with all that is to be told.
    package func reloadNow() -> ReloadReport? { reloads?.reload() }

    /// What a reload of a file would change.
    package func rehearse(_ path: String) -> ReloadReport {
        reloads?.rehearse(path) ?? ReloadReport(.failed("this gateway was started without a file"))
    }

    /// Reloads by itself whenever a file of the configuration changes, from now on. False when the system has no thread.
    package func watchFiles() -> Bool {
        guard let reloads else { return false }
        return FileWatcher(reloads).start()
    }

    /// The listening sockets, for a program that takes over.
    package var sockets: [PassedSockets] { server.sockets }

    /// The endpoints that an operator has taken out, for a program that takes over.
    package var drained: [DrainedEndpoint] { server.drained }

    /// Whether all loops turn.
    package func loopsAnswer(withinMilliseconds limit: Int) -> Bool { server.loopsAnswer(withinMilliseconds: limit) }

    /// Opens the access log's file anew: to be called after it was renamed.
    public func reopenLogs() {
        server.reopenLogs()
    }

    /// Ends the gateway without losing a request.
    ///
    /// - Returns: false when the time of `timeouts.drain` ran out and something was cut off.
    @discardableResult
    public func stop() async -> Bool {
        await withCheckedContinuation { continuation in
            // It waits for the workers, so it must not hold a thread of the caller's pool.
            DispatchQueue.global().async { [server] in continuation.resume(returning: server.drain()) }
        }
    }

    /// The same for a caller that has a thread to wait on.
    package func drain(handedOver: Bool = false) -> Bool { server.drain(handedOver: handedOver) }

    /// Starts, serves until the task is cancelled, and stops.
    ///
    /// - Throws: ``Failure/start(_:)``, as ``start()`` does.
    public func run() async throws(Failure) {
        try start()
        let (events, continuation) = AsyncStream<Never>.makeStream()
        // Nothing is ever sent; the iteration ends with the task.
        for await _ in events {}
        continuation.finish()
        await stop()
    }
}
