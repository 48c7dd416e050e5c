internal import ContentCodings
internal import RateLimits
internal import Reactor

/// The sums over all workers, as families of the page. Made for one scrape.
///
/// A route without a request yet is left out, so that a large configuration's page shows what is in use; services are all
/// there from the start, because their pools and failures are watched by name.
struct MetricsPage {
    private let routes: [String]
    private let services: [String]
    private let shards: [MetricsShard]

    private static let classNames: InlineArray<6, StaticString> = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]

    init(routes: [String], services: [String], shards: [MetricsShard]) {
        self.routes = routes
        self.services = services
        self.shards = shards
    }

    // MARK: Requests

    func writeRequests(to writer: inout PrometheusWriter) {
        let active = routes.indices.filter { requests(ofRoute: $0) > 0 }
        let labels = active.map { PrometheusWriter.label("route", routes[$0]) }

        writer.begin("gatehouse_requests_total", .counter, "Requests answered, by route and class of status.")
        for (route, label) in zip(active, labels) {
            for index in 0..<MetricLayout.classCount {
                let count = inRoute(route, MetricLayout.classes + index)
                if count > 0 { writer.sample(label, "status", MetricsPage.classNames[index], count) }
            }
        }
        writer.begin(
            "gatehouse_request_duration_seconds", .histogram,
            "Time from a request's first byte to the last byte of its answer, by route.")
        for (route, label) in zip(active, labels) {
            writer.histogram(label) { inRoute(route, MetricLayout.duration + $0) }
        }
        writer.begin("gatehouse_request_bytes_total", .counter, "Bytes received from clients, by route.")
        for (route, label) in zip(active, labels) { writer.sample(label, inRoute(route, MetricLayout.routeBytesIn)) }
        writer.begin("gatehouse_response_bytes_total", .counter, "Bytes sent to clients, by route.")
        for (route, label) in zip(active, labels) { writer.sample(label, inRoute(route, MetricLayout.routeBytesOut)) }

        writer.begin("gatehouse_responses_total", .counter, "Answers sent, by exact status.")
        for status in 0..<MetricLayout.statusCount {
            let count = sum(MetricLayout.statuses + status)
            if count > 0 { writer.sample("code=\"\(status)\"", count) }
        }
        writer.begin(
            "gatehouse_errors_total", .counter, "Errors answered or logged by the gateway itself, by code.")
        for error in GatewayError.allCases {
            writer.sample("", "code", error.code, sum(MetricLayout.errors + Int(error.rawValue)))
        }
        writer.begin("gatehouse_requests_in_flight", .gauge, "Requests under way.")
        writer.sample(gauge: sum(MetricLayout.requestsInFlight))
    }

    func writeValidations(to writer: inout PrometheusWriter) {
        writer.begin(
            "gatehouse_validations_total", .counter, "Requests and responses that were checked, by how it came out.")
        let sides = ["request", "response"]
        for (place, side) in sides.enumerated() {
            for result in ValidationResult.allCases {
                let slot = place * ValidationResult.allCases.count + Int(result.rawValue)
                writer.sample(
                    PrometheusWriter.label("side", side), "result", result.name,
                    sum(MetricLayout.validations + slot))
            }
        }
    }

    // MARK: Services

    func writeServices(to writer: inout PrometheusWriter) {
        let shown = services.indices.filter { $0 >= SeriesID.firstNamed || ($0 == 0 && isUsed(service: $0)) }
        let labels = shown.map { PrometheusWriter.label("service", services[$0]) }

        writer.begin(
            "gatehouse_upstream_requests_total", .counter, "Requests for a service, by class of the status sent.")
        for (service, label) in zip(shown, labels) {
            for index in 0..<MetricLayout.classCount {
                let count = inService(service, MetricLayout.classes + index)
                if count > 0 { writer.sample(label, "status", MetricsPage.classNames[index], count) }
            }
        }
        writer.begin(
            "gatehouse_upstream_request_duration_seconds", .histogram,
            "Time from sending a request to a service to the last byte of its answer.")
        for (service, label) in zip(shown, labels) {
            writer.histogram(label) { inService(service, MetricLayout.duration + $0) }
        }
        writer.begin("gatehouse_grpc_calls_total", .counter, "Calls of gRPC for a service, by how they ended.")
        for (service, label) in zip(shown, labels) {
            for status in 0..<MetricLayout.callStatusCount {
                let count = inService(service, MetricLayout.serviceCalls + status)
                if count > 0 { writer.sample("\(label),grpc_status=\"\(status)\"", count) }
            }
        }
        writer.begin("gatehouse_upstream_retries_total", .counter, "Further tries of requests for a service.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, inService(service, MetricLayout.serviceRetries))
        }
        writer.begin("gatehouse_upstream_connections_opened_total", .counter, "Connections made to endpoints.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, inService(service, MetricLayout.serviceOpened))
        }
        writer.begin(
            "gatehouse_upstream_connections_reused_total", .counter, "Requests sent on a connection that was open.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, inService(service, MetricLayout.serviceReused))
        }
        writer.begin(
            "gatehouse_upstream_connections_failed_total", .counter, "Connections to endpoints that failed.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, inService(service, MetricLayout.serviceFailed))
        }
        writer.begin("gatehouse_upstream_connections", .gauge, "Open connections to endpoints, by state.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, "state", "active", gauge: inService(service, MetricLayout.serviceActive))
            writer.sample(label, "state", "idle", gauge: inService(service, MetricLayout.serviceIdle))
        }
        writer.begin("gatehouse_upstream_requests_in_flight", .gauge, "Requests under way to a service.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, gauge: inService(service, MetricLayout.serviceInFlight))
        }
        writer.begin(
            "gatehouse_upstream_requests_pending", .gauge, "Requests that wait for a connection to a service.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, gauge: inService(service, MetricLayout.servicePending))
        }
    }

    // MARK: Breakers

    /// Only services that have a breaker are shown: for the others there is no state.
    func writeBreakers(_ breakers: [(series: SeriesID, circuit: CircuitBreaker)], to writer: inout PrometheusWriter) {
        let shown = services.indices.filter { $0 >= SeriesID.firstNamed }
        writer.begin(
            "gatehouse_upstream_shed_total", .counter,
            "Requests refused at once because of a service's caps or breaker.")
        for service in shown {
            writer.sample(
                PrometheusWriter.label("service", services[service]), inService(service, MetricLayout.serviceShed))
        }
        let named = breakers.filter { $0.series != .other && $0.series != .none }
        writer.begin(
            "gatehouse_circuit_breaker_state", .gauge,
            "A service's breaker: 0 closed, 1 open, 2 half-open, 3 ramping up.")
        for (series, circuit) in named {
            let label = PrometheusWriter.label("service", services[Int(series.index)])
            writer.sample(label, gauge: UInt64(circuit.phase.rawValue))
        }
        writer.begin(
            "gatehouse_circuit_breaker_transitions_total", .counter, "Changes of a service's breaker, by the new state."
        )
        for (series, _) in named {
            let label = PrometheusWriter.label("service", services[Int(series.index)])
            for phase in BreakerMachine.Phase.allCases {
                let count = inService(Int(series.index), MetricLayout.serviceBreaker + Int(phase.rawValue))
                writer.sample(label, "to", phase.label, count)
            }
        }
    }

    // MARK: Health

    /// - Parameter states: of the services, whose endpoints are shown one by one.
    func writeHealth(_ states: [ServiceState], now: Int64, to writer: inout PrometheusWriter) {
        let shown = services.indices.filter { $0 >= SeriesID.firstNamed || ($0 == 0 && isUsed(service: $0)) }
        let labels = shown.map { PrometheusWriter.label("service", services[$0]) }
        writer.begin("gatehouse_health_checks_total", .counter, "Active checks of endpoints, by result.")
        for (service, label) in zip(shown, labels) {
            let counts = CheckResult.allCases.map { inService(service, MetricLayout.serviceChecks + Int($0.rawValue)) }
            // All of them as soon as there is one: a failure that comes later is then an increase from 0.
            if counts.allSatisfy({ $0 == 0 }) { continue }
            for (result, count) in zip(CheckResult.allCases, counts) {
                writer.sample(label, "result", result.label, count)
            }
        }
        writer.begin("gatehouse_ejections_total", .counter, "Passive ejections of endpoints, by reason.")
        for (service, label) in zip(shown, labels) {
            for reason in EjectionReason.allCases {
                let count = inService(service, MetricLayout.serviceEjections + Int(reason.rawValue))
                writer.sample(label, "reason", reason.label, count)
            }
        }
        writer.begin(
            "gatehouse_ejections_held_back_total", .counter,
            "Passive ejections that were not made because as many endpoints were out as may be.")
        for (service, label) in zip(shown, labels) {
            writer.sample(label, inService(service, MetricLayout.serviceEjectionsHeldBack))
        }
        EndpointGauges(states, now: now).write(to: &writer)
    }

    // MARK: Identity

    /// - Parameter feeds: issuers whose keys are fetched.
    func writeIdentity(_ feeds: [KeyFeed], to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_tokens_total", .counter, "Tokens that were asked for, by what became of them.")
        for (slot, label) in TokenCheck.labels.enumerated() {
            let count = sum(MetricLayout.tokenChecks + slot)
            if count > 0 { writer.sample(PrometheusWriter.label("result", label), count) }
        }
        writer.begin(
            "gatehouse_credentials_total", .counter, "Credentials other than tokens, by type and what became of them.")
        for slot in 0..<CredentialCheck.count {
            let count = sum(MetricLayout.credentialChecks + slot)
            if count > 0 { writer.sample(CredentialCheck.labels[slot], count) }
        }
        writer.begin("gatehouse_key_fetches_total", .counter, "Fetches of issuers' keys, by result.")
        writer.sample("result=\"ok\"", sum(MetricLayout.keyFetches))
        writer.sample("result=\"failed\"", sum(MetricLayout.keyFetches + 1))
        writer.begin("gatehouse_issuer_keys", .gauge, "Keys of an issuer; 0 before the first have come.")
        for feed in feeds {
            writer.sample(PrometheusWriter.label("issuer", feed.name), gauge: UInt64(feed.keyCount ?? 0))
        }
    }

    // MARK: Aggregates

    func writeParts(to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_aggregate_parts_total", .counter, "Calls that aggregates made, by result.")
        writer.sample("result=\"answered\"", sum(MetricLayout.parts))
        writer.sample("result=\"failed\"", sum(MetricLayout.parts + 1))
    }

    // MARK: Swift code

    /// Handlers without a request yet are left out, as routes are.
    func writeHandlers(_ names: [String], to writer: inout PrometheusWriter) {
        guard let first = shards.first else { return }
        writer.begin("gatehouse_handler_requests_total", .counter, "Requests that Swift code answered, by result.")
        for index in names.indices where index >= SeriesID.firstNamed || index == 0 {
            let label = PrometheusWriter.label("handler", names[index])
            for result in HandlerResult.allCases {
                let count = sum(first.handlerSlot(index, result))
                if count > 0 { writer.sample(label, "result", result.label, count) }
            }
        }
        writer.begin(
            "gatehouse_handler_tasks", .gauge, "Requests that Swift code is working on, policies included.")
        writer.sample(gauge: sum(MetricLayout.programTasks))
    }

    // MARK: Consumers

    /// Consumers without a request yet are left out, as routes are.
    func writeConsumers(_ names: [String], to writer: inout PrometheusWriter) {
        guard let first = shards.first else { return }
        writer.begin(
            "gatehouse_consumer_requests_total", .counter, "Requests of known callers, by class of status.")
        for index in names.indices where index >= SeriesID.firstNamed || index == 0 {
            let label = PrometheusWriter.label("consumer", names[index])
            for offset in 0..<MetricLayout.classCount {
                let count = sum(first.consumerSlot(index, offset))
                if count > 0 { writer.sample(label, "status", MetricsPage.classNames[offset], count) }
            }
        }
    }

    // MARK: TLS

    /// - Parameter certificates: of the listeners, in the order of the configuration.
    // MARK: Limits

    /// - Parameter store: nil: there is none.
    func writeLimits(_ names: [String], _ store: LimitStore.Statistics?, to writer: inout PrometheusWriter) {
        guard let first = shards.first else { return }
        writer.begin(
            "gatehouse_rate_limit_requests_total", .counter,
            "Requests that a limit admitted, refused, or would have refused were it not in dry run.")
        for index in names.indices where index >= SeriesID.firstNamed || index == 0 {
            let counts = (0..<MetricLayout.limitStride).map { sum(first.limitSlot(index, $0)) }
            if counts.allSatisfy({ $0 == 0 }) { continue }
            let label = PrometheusWriter.label("limit", names[index])
            writer.sample(label, "result", "allowed", counts[MetricLayout.limitAllowed])
            writer.sample(label, "result", "refused", counts[MetricLayout.limitRefused])
            writer.sample(label, "result", "dry_run", counts[MetricLayout.limitDryRun])
        }
        guard let store else { return }
        writer.begin("gatehouse_rate_limit_keys", .gauge, "Keys whose requests are counted in this process.")
        writer.sample(gauge: UInt64(clamping: store.keys))
        writer.begin("gatehouse_rate_limit_bytes", .gauge, "Memory of these counts.")
        writer.sample(gauge: UInt64(clamping: store.bytes))
        writer.begin(
            "gatehouse_rate_limit_evictions_total", .counter,
            "Counts given up while they mattered: there were too many.")
        writer.sample(UInt64(clamping: store.evictions))
    }

    // MARK: Compression

    func writeCompression(to writer: inout PrometheusWriter) {
        writer.begin(
            "gatehouse_compression_bytes_total", .counter, "Bytes of bodies compressed for clients, before and after.")
        writeCodings(MetricLayout.encoded, to: &writer)
        writer.begin(
            "gatehouse_decompression_bytes_total", .counter, "Bytes of bodies expanded to be read, before and after.")
        writeCodings(MetricLayout.decoded, to: &writer)
        writer.begin(
            "gatehouse_compression_skipped_total", .counter,
            "Bodies that went as they are because there was no memory for an encoder.")
        writer.sample(sum(MetricLayout.encodersMissing))
    }

    private func writeCodings(_ start: Int, to writer: inout PrometheusWriter) {
        for coding in ContentCoding.allCases {
            let slot = start + 2 * Int(coding.rawValue)
            let (before, after) = (sum(slot), sum(slot + 1))
            if before == 0 && after == 0 { continue }
            let label = PrometheusWriter.label("coding", "\(coding.name)")
            writer.sample(label, "side", "in", before)
            writer.sample(label, "side", "out", after)
        }
    }

    // MARK: Workers

    func writeWorkers(to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_downstream_connections_accepted_total", .counter, "Client connections accepted.")
        writer.sample(sum(MetricLayout.downstreamAccepted))
        writer.begin(
            "gatehouse_downstream_connections_refused_total", .counter,
            "Client connections closed at once because a limit was reached.")
        writer.sample(sum(MetricLayout.downstreamRefused))
        writer.begin(
            "gatehouse_downstream_http2_connections_total", .counter, "Client connections on which HTTP/2 was spoken.")
        writer.sample(sum(MetricLayout.downstreamHTTP2))
        writer.begin(
            "gatehouse_downstream_http2_floods_total", .counter, "HTTP/2 connections cut off because of a flood.")
        writer.sample(sum(MetricLayout.downstreamFlooded))
        writer.begin("gatehouse_downstream_connections", .gauge, "Open client connections.")
        writer.sample(gauge: sum(MetricLayout.downstreamOpen))
        writer.begin(
            "gatehouse_loop_lag_seconds", .histogram,
            "The longest turn of an event loop in half a second: how late anything else was served.")
        writer.histogram("") { sum(MetricLayout.loopLag + $0) }
        writer.begin("gatehouse_workers", .gauge, "Event loops.")
        writer.sample(UInt64(shards.count))
    }

    // MARK: Sums

    func sum(_ slot: Int) -> UInt64 {
        var total: UInt64 = 0
        for shard in shards { total &+= shard.load(slot) }
        return total
    }

    private func inRoute(_ series: Int, _ offset: Int) -> UInt64 {
        guard let first = shards.first else { return 0 }
        return sum(first.routeSlot(series, offset))
    }

    private func inService(_ series: Int, _ offset: Int) -> UInt64 {
        guard let first = shards.first else { return 0 }
        return sum(first.serviceSlot(series, offset))
    }

    private func requests(ofRoute series: Int) -> UInt64 {
        (0..<MetricLayout.classCount).reduce(0) { $0 &+ inRoute(series, MetricLayout.classes + $1) }
    }

    private func isUsed(service series: Int) -> Bool {
        (0..<MetricLayout.serviceStride).contains { inService(series, $0) != 0 }
    }
}
