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

    /// Reads the configuration from a file, or from the `*.yaml`, `*.yml` and `*.json` of a directory.
    ///
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it.
    public convenience init(file: String) throws(Failure) {
        try self.init(Gateway.accepted(ConfigurationLoader.load(path: file)), log: OperationLog())
    }

    /// Takes the configuration itself, as YAML or JSON.
    ///
    /// - Parameters:
    ///   - text: the configuration; one that begins with `{` is JSON.
    ///   - name: what findings call it, in place of a file's name.
    /// - Throws: ``Failure/configuration(_:)`` with everything that is wrong with it.
    public convenience init(text: String, name: String = "configuration") throws(Failure) {
        try self.init(Gateway.accepted(ConfigurationLoader.load(text: text, file: name)), log: OperationLog())
    }

    /// Takes a configuration that was loaded already.
    package init(_ configuration: GatewayConfiguration, log: OperationLog) throws(Failure) {
        do {
            server = try GatewayServer(configuration, build: Release.build, log: log)
        } catch {
            throw Failure(error)
        }
    }

    /// The configuration of a result, if it may be run: free of errors, and of keys that this version cannot honour.
    package static func accepted(_ result: LoadResult) throws(Failure) -> GatewayConfiguration {
        let refused = result.errors + result.unbuilt
        guard refused.isEmpty, let configuration = result.configuration else {
            throw .configuration(refused.map(Finding.init))
        }
        return configuration
    }

    /// Binds every address of the configuration and serves.
    ///
    /// - Throws: ``Failure/start(_:)`` when an address is taken or not permitted; nothing listens then.
    public func start() throws(Failure) {
        do {
            try server.start()
        } catch {
            throw Failure(error)
        }
    }

    /// Where it listens, in the order of the configuration, the admin listener last; empty before ``start()``. A port
    /// given as 0 has become the one that the system chose.
    public var addresses: [Address] {
        server.bound.map {
            Address(listener: $0.listener, address: $0.address, port: $0.port, isAdmin: $0.isAdmin, isTLS: $0.isTLS)
        }
    }

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
    package func drain() -> Bool { server.drain() }

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
