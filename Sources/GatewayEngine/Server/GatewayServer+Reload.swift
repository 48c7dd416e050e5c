internal import CSystem
package import GatewayConfiguration
internal import Synchronization

extension GatewayServer {
    /// Takes up a new configuration, all of it or nothing.
    ///
    /// 1. It is compiled, on the calling thread: workers go on undisturbed.
    /// 2. New addresses are bound, and the access log is opened if it has moved. Up to here everything can fail, and then
    ///    nothing has happened.
    /// 3. Every worker is handed the same publication and takes it up between two events of its loop.
    /// 4. When all have, what only the old configuration needed is let go.
    ///
    /// Reloads come one after the other. Blocks the calling thread, which must not be a worker's.
    package func reload(_ configuration: GatewayConfiguration) -> ReloadReport {
        let began = gh_monotonic_ns()
        var report = changing.withLock { _ in exchange(configuration) }
        report.duration = gh_monotonic_ns() - began
        return report
    }

    private func exchange(_ configuration: GatewayConfiguration) -> ReloadReport {
        let (old, workers, isEnding) = state.withLock { ($0.publication, $0.workers, $0.isEnding) }
        if isEnding || workers.isEmpty { return ReloadReport(.failed("the gateway is not running")) }
        let new: Publication
        var fresh = Bindings()
        do throws(StartError) {
            let snapshot = try compile(configuration)
            let names = old.listeners.map { listener in
                let isAdmin = listener.binding.isAdmin
                return (isAdmin ? "admin" : old.snapshot.listeners[listener.index].configuration.name, listener.binding)
            }
            fresh = try bind(snapshot, keeping: names, workers: workers.count)
            let accessLog = try accessLog(for: configuration.accessLog, after: old)
            new = Publication(snapshot: snapshot, listeners: fresh.all, accessLog: accessLog)
        } catch {
            fresh.discard()
            forgetAllBut(old.snapshot)
            guard case .routes(let diagnostics) = error else { return ReloadReport(.failed(error.description)) }
            return ReloadReport(.refused(diagnostics))
        }
        let before = Set(bound)
        setLimits(new)
        publish(new, to: workers)
        state.withLock { $0.publication = new }
        if old.accessLog !== new.accessLog { old.accessLog?.stop(timeout: .seconds(5)) }
        forgetAllBut(new.snapshot)
        metrics.show(new.snapshot)
        gh_trim_memory()

        var report = ReloadReport(
            .applied(ConfigurationChanges(from: old.snapshot.configuration, to: new.snapshot.configuration)))
        report.opened = bound.filter { !before.contains($0) }
        let wanted = configuration.workers ?? SystemLimits.processors
        if wanted != workers.count {
            report.needsRestart.append("workers: \(workers.count) run until a restart, then \(wanted)")
        }
        return report
    }

    private func accessLog(
        for settings: AccessLogConfiguration, after old: Publication
    ) throws(StartError) -> AccessLogSink? {
        let before = old.snapshot.configuration.accessLog
        if settings.enabled == before.enabled && settings.path == before.path { return old.accessLog }
        return try Self.openAccessLog(settings, metrics, log)
    }

    /// Limits on connections count over the configurations.
    private func setLimits(_ publication: Publication) {
        connections.setLimit(publication.snapshot.configuration.limits.connections)
        for listener in publication.listeners where !listener.binding.isAdmin {
            listener.binding.counter.setLimit(
                publication.snapshot.listeners[listener.index].configuration.maxConnections)
        }
    }

    private func publish(_ publication: Publication, to workers: [Worker]) {
        let all = onAllWorkers(workers, milliseconds: 30_000) { $0.publish(publication) }
        // It will take it up when it comes to itself; the others serve by it already.
        if !all { log.error("a worker does not answer", ["workers": .integer(workers.count)]) }
    }

    private func forgetAllBut(_ snapshot: Snapshot) {
        releases.adopt(snapshot.configuration)
        registry.identity.keepOnly(snapshot.auth)
        registry.certificates.keepOnly(snapshot.managed)
        registry.limitStores.keepOnly(snapshot.limitStore)
        registry.keepOnly(Set(snapshot.services.map(\.state.name)))
        for service in snapshot.services { service.state.keepOnly(Set(service.endpoints.map(\.state.url))) }
    }
}
