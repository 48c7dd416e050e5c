internal import CSystem
package import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// Loads a gateway's configuration again: the one way for signals, watched files and operators' requests.
///
/// 1. The files are read and checked. When they say what they said before, that is all.
/// 2. Errors end it: the gateway goes on by its last good configuration, and the errors are the report.
/// 3. `GatewayServer.reload` does the rest, all or nothing.
/// 4. The outcome is counted and logged, and given to whoever asked.
package final class ReloadController: Sendable {
    package typealias Completion = @Sendable (ReloadReport) -> Void

    private struct Queue {
        var waiting: [Completion] = []
        var isRunning = false
    }

    /// The file or directory that is loaded.
    package let path: String
    private let server: GatewayServer
    private let load: @Sendable (String) -> LoadResult
    private struct Loaded {
        /// The fingerprint of what the server runs by.
        var applied: Int
        /// Of what was loaded last, good or bad.
        var tried: Int
        /// The files of the last load.
        var files: [String]
    }
    /// Held while a reload is on its way.
    private let loaded: Mutex<Loaded>
    /// Hears of every reload.
    private let observer: Completion
    private let queue = Mutex(Queue())

    /// - Parameter inputs: what the server's present configuration was made of.
    package init(
        path: String, inputs: LoadInputs, server: GatewayServer,
        load: @escaping @Sendable (String) -> LoadResult = { ConfigurationLoader.load(path: $0) },
        observer: @escaping Completion = { _ in }
    ) {
        self.path = path
        self.server = server
        self.load = load
        self.observer = observer
        loaded = Mutex(Loaded(applied: inputs.fingerprint, tried: inputs.fingerprint, files: inputs.files))
        server.offer(self)
    }

    /// The files, and directories, that the last load read or tried to.
    var files: [String] { loaded.withLock { $0.files } }

    /// Reloads, and blocks the calling thread until it is done.
    package func reload() -> ReloadReport {
        let began = gh_monotonic_ns()
        return settle(loaded.withLock { apply(load(path), &$0) }, began)
    }

    /// The same for whoever only suspects that something has changed: what was read before, good or bad, is not worth a
    /// word.
    func reloadIfNew() {
        let began = gh_monotonic_ns()
        let report: ReloadReport? = loaded.withLock { loaded in
            let result = load(path)
            let fingerprint = result.inputs.fingerprint
            loaded.files = result.inputs.files
            return fingerprint == loaded.tried ? nil : apply(result, &loaded)
        }
        if let report { _ = settle(report, began) }
    }

    private func apply(_ result: LoadResult, _ loaded: inout Loaded) -> ReloadReport {
        let refused = result.errors
        loaded.tried = result.inputs.fingerprint
        loaded.files = result.inputs.files
        var report: ReloadReport
        if loaded.tried == loaded.applied {
            report = ReloadReport(.unchanged)
        } else if !refused.isEmpty {
            report = ReloadReport(.refused(refused))
        } else if let configuration = result.configuration, isCutShort(configuration) {
            report = ReloadReport(
                .failed(
                    "\(path) holds no service and no route, as if it were cut short; write `routes: []` and restart to serve none"
                ))
        } else if let configuration = result.configuration {
            report = server.reload(configuration)
            if report.succeeded { loaded.applied = loaded.tried }
        } else {
            report = ReloadReport(.failed("there is no configuration at \(path)"))
        }
        report.warnings = result.warnings
        return report
    }

    /// An empty file is a configuration too, but hardly one that somebody wants to go on by: the more likely reason is a
    /// disk that is full, or a writer that has just begun.
    private func isCutShort(_ configuration: GatewayConfiguration) -> Bool {
        server.extended(configuration).routes.isEmpty && configuration.services.isEmpty
            && !server.configuration.routes.isEmpty
    }

    private func settle(_ outcome: ReloadReport, _ began: Int64) -> ReloadReport {
        var report = outcome
        report.duration = gh_monotonic_ns() - began
        server.metrics.reloaded(succeeded: report.succeeded, now: OperationLog.wallClock())
        note(report)
        observer(report)
        return report
    }

    /// What a reload of some file would change, without changing anything; the errors when it could not be one.
    package func rehearse(_ path: String) -> ReloadReport {
        let result = load(path)
        let refused = result.errors
        var report: ReloadReport
        if let configuration = result.configuration, refused.isEmpty {
            report = ReloadReport(
                .applied(ConfigurationChanges(from: server.configuration, to: server.extended(configuration))))
        } else {
            report = ReloadReport(.refused(refused))
        }
        report.warnings = result.warnings
        return report
    }

    /// Reloads on a thread of its own; may be called from a loop. Requests that come while one is on its way are answered
    /// together by the next one, which begins after it and so sees what they want seen.
    package func requestReload(_ completion: @escaping Completion) {
        let isFirst = queue.withLock { queue in
            queue.waiting.append(completion)
            defer { queue.isRunning = true }
            return !queue.isRunning
        }
        guard isFirst else { return }
        let started = PlainThread.start { [self] in
            while let waiting = takeWaiting() {
                let report = reload()
                for completion in waiting { completion(report) }
            }
        }
        if !started {
            let waiting = takeWaiting() ?? []
            queue.withLock { $0.isRunning = false }
            for completion in waiting { completion(ReloadReport(.failed("the system has no thread left"))) }
        }
    }

    /// nil when nobody waits, and then the next one to ask is the first one.
    private func takeWaiting() -> [Completion]? {
        queue.withLock { queue in
            if queue.waiting.isEmpty {
                queue.isRunning = false
                return nil
            }
            defer { queue.waiting.removeAll() }
            return queue.waiting
        }
    }

    private func note(_ report: ReloadReport) {
        let milliseconds = LogValue.integer(Int(report.duration / 1_000_000))
        switch report.outcome {
        case .applied(let changes):
            server.log.info(
                "the configuration was reloaded",
                [
                    "listeners": .text(changes.listeners.summary), "services": .text(changes.services.summary),
                    "routes": .text(changes.routes.summary),
                    "settings": .text(
                        changes.settings.isEmpty ? "unchanged" : changes.settings.joined(separator: ", ")),
                    "milliseconds": milliseconds,
                ])
        case .unchanged:
            server.log.info("the configuration is as it was", ["milliseconds": milliseconds])
        case .refused(let diagnostics):
            server.log.error(
                "the new configuration has errors; the old one goes on",
                ["errors": .integer(diagnostics.count), "first": .text(diagnostics.first?.description ?? "")])
        case .failed(let reason):
            server.log.error(
                "the new configuration cannot be carried out; the old one goes on", ["reason": .text(reason)])
        }
        for sentence in report.needsRestart {
            server.log.warning("the new configuration needs a restart to take full effect", ["what": .text(sentence)])
        }
    }
}
