internal import CSystem
package import HTTPWire
internal import RateLimits
internal import Synchronization

/// All counters of the gateway: it hands out a shard to each worker and writes the page that Prometheus reads.
///
/// Labels are route names and service names of the configuration, never what a client sent, and their number is capped,
/// so that neither a client nor a large configuration can make the page, or the memory behind it, grow without end.
package final class Metrics: Sendable {
    /// What stands in `gatehouse_build_info` and never changes.
    package struct Build: Sendable {
        package var version: String
        package var swiftVersion: String

        package init(version: String, swiftVersion: String) {
            self.version = version
            self.swiftVersion = swiftVersion
        }
    }

    /// Route names, and service names, that get a series of their own unless said otherwise.
    package static let seriesCap = 1_000
    /// Limits that get one.
    static let limitCap = 200
    /// Consumers that get one.
    static let consumerCap = 500
    /// Handlers that get one.
    static let handlerCap = 200

    /// The page's media type.
    package static let contentType = PrometheusWriter.contentType

    /// Lines of the access log; to be given to its sink.
    package let accessLog = AccessLogCounters()
    let reloads = ReloadCounters()
    let adminChanges = AdminChangeCounters()
    let build: Build
    /// Nanoseconds since 1970 at which the gateway started.
    let start: Int64

    private struct State {
        var routes: SeriesTable
        var services: SeriesTable
        var limits = SeriesTable(cap: Metrics.limitCap)
        var consumers = SeriesTable(cap: Metrics.consumerCap)
        var handlers = SeriesTable(cap: Metrics.handlerCap)
        var limitStore: LimitStore?
        /// Of the store elsewhere; nil: there is none.
        var storeStatus: LimitStoreStatus?
        var shards: [MetricsShard] = []
        var registry: ServiceRegistry?
        var releases: ReleaseRegistry?
        var breakers: [(series: SeriesID, circuit: CircuitBreaker)] = []
        /// Of the listeners in use.
        var tls: [ListenerTLS] = []
    }

    private let state: Mutex<State>
    private let routeCap: Int
    private let serviceCap: Int

    package init(
        build: Build, start: Int64, routeCap: Int = Metrics.seriesCap, serviceCap: Int = Metrics.seriesCap
    ) {
        self.build = build
        self.start = start
        self.routeCap = routeCap
        self.serviceCap = serviceCap
        state = Mutex(State(routes: SeriesTable(cap: routeCap), services: SeriesTable(cap: serviceCap)))
    }

    /// Has the page show these releases.
    package func show(_ releases: ReleaseRegistry) { state.withLock { $0.releases = releases } }

    /// A new worker's counters. They stay in all sums even when the worker has ended.
    package func makeShard() -> MetricsShard {
        let shard = MetricsShard(
            routeSeries: routeCap + SeriesID.firstNamed, serviceSeries: serviceCap + SeriesID.firstNamed,
            limitSeries: Metrics.limitCap + SeriesID.firstNamed,
            consumerSeries: Metrics.consumerCap + SeriesID.firstNamed,
            handlerSeries: Metrics.handlerCap + SeriesID.firstNamed)
        state.withLock { $0.shards.append(shard) }
        return shard
    }

    /// The series of each route of a snapshot, in the order given. To be called when a snapshot is compiled.
    package func assignRoutes(_ names: [String]) -> [SeriesID] { state.withLock { $0.routes.assign(names) } }

    /// The same for services.
    package func assignServices(_ names: [String]) -> [SeriesID] { state.withLock { $0.services.assign(names) } }

    /// The same for a limit.
    func assignLimit(_ name: String) -> SeriesID { state.withLock { $0.limits.assign([name])[0] } }

    /// The same for consumers.
    func assignConsumers(_ names: [String]) -> [SeriesID] { state.withLock { $0.consumers.assign(names) } }

    /// The same for handlers.
    func assignHandlers(_ names: [String]) -> [SeriesID] { state.withLock { $0.handlers.assign(names) } }

    /// From now on the page shows what this store holds.
    func show(_ limits: LimitStore) { state.withLock { $0.limitStore = limits } }

    /// The page shows the breakers and certificates of the snapshot in use.
    func show(_ snapshot: Snapshot) {
        let breakers = snapshot.services.compactMap { service in service.circuit.map { (service.series, $0) } }
        let tls = snapshot.listeners.compactMap(\.tls)
        state.withLock { state in
            state.breakers = breakers
            state.tls = tls
            state.storeStatus = snapshot.limitStore?.status
        }
    }

    /// From now on the page shows the endpoints of these services.
    func show(_ registry: ServiceRegistry) { state.withLock { $0.registry = registry } }

    /// A reload was tried. - Parameter now: nanoseconds since 1970.
    package func reloaded(succeeded: Bool, now: Int64) { reloads.count(succeeded: succeeded, now: now) }

    /// Appends the page in Prometheus's text format 0.0.4.
    ///
    /// With a thousand active routes this takes some ten milliseconds: call it where that holds up no request, or accept
    /// it for the rare scrape.
    package func write(into buffer: WireBuffer) {
        let (routes, services, shards, registry, releases, breakers, tls) = state.withLock {
            ($0.routes.names, $0.services.names, $0.shards, $0.registry, $0.releases, $0.breakers, $0.tls)
        }
        let (limits, limitStore, storeStatus, consumers, handlers) = state.withLock {
            ($0.limits.names, $0.limitStore, $0.storeStatus, $0.consumers.names, $0.handlers.names)
        }
        var writer = PrometheusWriter(buffer: buffer)
        let page = MetricsPage(routes: routes, services: services, shards: shards)
        page.writeRequests(to: &writer)
        page.writeValidations(to: &writer)
        page.writeServices(to: &writer)
        page.writeHealth(registry?.known ?? [], now: gh_monotonic_ns(), to: &writer)
        page.writeBreakers(breakers, to: &writer)
        page.writeIdentity(registry?.identity.known ?? [], to: &writer)
        page.writeConsumers(consumers, to: &writer)
        page.writeLimits(limits, limitStore?.statistics, to: &writer)
        page.writeCompression(to: &writer)
        page.writeLimitStore(storeStatus, to: &writer)
        page.writeWorkers(to: &writer)
        releases?.write(to: &writer)
        page.writeTLS(tls, to: &writer)
        page.writeParts(to: &writer)
        page.writeHandlers(handlers, to: &writer)
        writeProgram(to: &writer)
        writer.finish()
    }
}

/// How often the configuration was loaded anew, and how that went.
final class ReloadCounters: Sendable {
    let succeeded = Atomic<UInt64>(0)
    let failed = Atomic<UInt64>(0)
    /// Whole seconds since 1970; 0: never.
    let lastSuccess = Atomic<UInt64>(0)

    func count(succeeded: Bool, now: Int64) {
        guard succeeded else {
            failed.add(1, ordering: .relaxed)
            return
        }
        self.succeeded.add(1, ordering: .relaxed)
        lastSuccess.store(UInt64(max(now, 0)) / 1_000_000_000, ordering: .relaxed)
    }
}
