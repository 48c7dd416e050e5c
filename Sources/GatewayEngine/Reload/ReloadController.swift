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
    /// The fingerprint of what the server runs by; held while a reload is on its way.
    private let applied: Mutex<Int>
    private let queue = Mutex(Queue())

    /// - Parameter inputs: what the server's present configuration was made of.
    package init(
        path: String, inputs: LoadInputs, server: GatewayServer,
        load: @escaping @Sendable (String) -> LoadResult = { ConfigurationLoader.load(path: $0) }
    ) {
        self.path = path
        self.server = server
        self.load = load
        applied = Mutex(inputs.fingerprint)
    }

    /// Reloads, and blocks the calling thread until it is done.
    package func reload() -> ReloadReport {
        let began = gh_monotonic_ns()
        var report = applied.withLock { applied in
            let result = load(path)
            let refused = result.errors + result.unbuilt
            var report: ReloadReport
            if result.inputs.fingerprint == applied {
                report = ReloadReport(.unchanged)
            } else if !refused.isEmpty {
                report = ReloadReport(.refused(refused))
            } else if let configuration = result.configuration {
                report = server.reload(configuration)
                if report.succeeded { applied = result.inputs.fingerprint }
            } else {
                report = ReloadReport(.failed("there is no configuration at \(path)"))
            }
            report.warnings = result.warnings
            return report
        }
        report.duration = gh_monotonic_ns() - began
        server.metrics.reloaded(succeeded: report.succeeded, now: OperationLog.wallClock())
        note(report)
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
