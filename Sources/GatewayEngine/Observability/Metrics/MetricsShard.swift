internal import ContentCodings
internal import GatewayConfiguration
internal import Reactor

/// One worker's counters. Only the worker's own thread may call the methods that count; `Metrics` adds up all shards
/// when a page is asked for, from any thread.
///
/// Each method stands for an event of the data plane, so that the engine says what happened and not which counters that
/// moves. None allocates, none takes a lock.
package final class MetricsShard: Sendable {
    private let slots: CounterSlots
    private let routeStart = MetricLayout.general
    private let serviceStart: Int
    private let limitStart: Int
    private let consumerStart: Int
    private let handlerStart: Int

    init(routeSeries: Int, serviceSeries: Int, limitSeries: Int, consumerSeries: Int = 0, handlerSeries: Int = 0) {
        serviceStart = MetricLayout.general + routeSeries * MetricLayout.routeStride
        limitStart = serviceStart + serviceSeries * MetricLayout.serviceStride
        consumerStart = limitStart + limitSeries * MetricLayout.limitStride
        handlerStart = consumerStart + consumerSeries * MetricLayout.consumerStride
        slots = CounterSlots(count: handlerStart + handlerSeries * MetricLayout.handlerStride)
    }

    // MARK: Client connections

    package func downstreamAccepted() {
        slots.add(1, at: MetricLayout.downstreamAccepted)
        slots.add(1, at: MetricLayout.downstreamOpen)
    }

    package func downstreamClosed() { slots.add(.max, at: MetricLayout.downstreamOpen) }

    package func downstreamSpeaksHTTP2() { slots.add(1, at: MetricLayout.downstreamHTTP2) }

    package func downstreamFlooded() { slots.add(1, at: MetricLayout.downstreamFlooded) }

    /// Closed at once, because a limit was reached.
    package func downstreamRefused() { slots.add(1, at: MetricLayout.downstreamRefused) }

    // MARK: TLS towards clients

    func handshakeCompleted(isResumed: Bool) {
        slots.add(1, at: MetricLayout.tlsHandshakes)
        if isResumed { slots.add(1, at: MetricLayout.tlsResumed) }
    }

    func handshakeFailed(_ failure: TLSFailure) {
        slots.add(1, at: MetricLayout.tlsFailures + Int(failure.rawValue))
    }

    func proxyHeader(_ result: ProxyHeaderResult) { slots.add(1, at: MetricLayout.proxyHeaders + Int(result.rawValue)) }

    // MARK: Requests

    /// A head was read, or the reading of one failed. Each call is followed by one of `requestFinished`.
    package func requestStarted() { slots.add(1, at: MetricLayout.requestsInFlight) }

    package func requestFinished(_ record: borrowing AccessRecord) {
        slots.add(.max, at: MetricLayout.requestsInFlight)
        slots.add(1, at: MetricLayout.statuses + (record.status < 600 ? Int(record.status) : 0))
        if let error = record.error { slots.add(1, at: MetricLayout.errors + Int(error.rawValue)) }

        let statusClass = MetricLayout.statusClass(record.status)
        let route = routeStart + Int(record.routeSeries.index) * MetricLayout.routeStride
        slots.add(1, at: route + MetricLayout.classes + statusClass)
        observe(record.duration, at: route + MetricLayout.duration)
        slots.add(record.bytesReceived, at: route + MetricLayout.routeBytesIn)
        slots.add(record.bytesSent, at: route + MetricLayout.routeBytesOut)

        if record.consumerSeries != .none {
            slots.add(1, at: consumerSlot(Int(record.consumerSeries.index), statusClass))
        }
        if record.handlerSeries != .none {
            slots.add(1, at: handlerSlot(Int(record.handlerSeries.index), HandlerResult(record.error)))
        }
        if let encoding = record.encoding {
            let slot = MetricLayout.encoded + 2 * Int(encoding.rawValue)
            slots.add(record.unencodedBytes, at: slot)
            slots.add(record.encodedBytes, at: slot + 1)
        }
        if let decoding = record.decoding {
            let slot = MetricLayout.decoded + 2 * Int(decoding.rawValue)
            slots.add(record.codedBytes, at: slot)
            slots.add(record.decodedBytes, at: slot + 1)
        }
        serviceFinished(record)
    }

    /// A call of an aggregate has ended; the whole is counted as one request of its route.
    func partFinished(_ record: borrowing AccessRecord) {
        let (error, status) = (record.error, record.status)
        slots.add(1, at: MetricLayout.parts + (error == nil && status < 300 ? 0 : 1))
        serviceFinished(record)
    }

    private func serviceFinished(_ record: borrowing AccessRecord) {
        let statusClass = MetricLayout.statusClass(record.status)
        if record.serviceSeries != .none {
            let service = serviceStart + Int(record.serviceSeries.index) * MetricLayout.serviceStride
            slots.add(1, at: service + MetricLayout.classes + statusClass)
            if record.upstreamTotal >= 0 { observe(record.upstreamTotal, at: service + MetricLayout.duration) }
            if record.callStatus >= 0 { slots.add(1, at: service + MetricLayout.serviceCalls + Int(record.callStatus)) }
            if record.attempts > 1 { slots.add(UInt64(record.attempts) - 1, at: service + MetricLayout.serviceRetries) }
        }
    }

    /// A body went as it is because there was no memory for an encoder.
    func encoderMissing() { slots.add(1, at: MetricLayout.encodersMissing) }

    // MARK: The way to a service

    package func upstreamStarted(_ service: SeriesID) { change(service, MetricLayout.serviceInFlight, by: 1) }
    package func upstreamFinished(_ service: SeriesID) { change(service, MetricLayout.serviceInFlight, by: -1) }

    package func connectionOpened(_ service: SeriesID) { change(service, MetricLayout.serviceOpened, by: 1) }
    package func connectionReused(_ service: SeriesID) { change(service, MetricLayout.serviceReused, by: 1) }
    package func connectionFailed(_ service: SeriesID) { change(service, MetricLayout.serviceFailed, by: 1) }

    /// How many of the pool's connections carry a request.
    package func poolActive(_ service: SeriesID, by amount: Int) {
        change(service, MetricLayout.serviceActive, by: amount)
    }

    /// How many of the pool's connections wait for one.
    package func poolIdle(_ service: SeriesID, by amount: Int) {
        change(service, MetricLayout.serviceIdle, by: amount)
    }

    /// How many requests wait for a connection or for a name.
    package func pending(_ service: SeriesID, by amount: Int) {
        change(service, MetricLayout.servicePending, by: amount)
    }

    // MARK: Health

    func healthCheckEnded(_ service: SeriesID, _ result: CheckResult) {
        change(service, MetricLayout.serviceChecks + Int(result.rawValue), by: 1)
    }

    func ejected(_ service: SeriesID, _ reason: EjectionReason) {
        change(service, MetricLayout.serviceEjections + Int(reason.rawValue), by: 1)
    }

    /// An endpoint failed enough to be ejected, while as many were out as may be.
    func ejectionHeldBack(_ service: SeriesID) { change(service, MetricLayout.serviceEjectionsHeldBack, by: 1) }

    /// A request was refused at once, because of the service's caps or its breaker.
    func shed(_ service: SeriesID) { change(service, MetricLayout.serviceShed, by: 1) }

    func breakerEntered(_ phase: BreakerMachine.Phase, _ service: SeriesID) {
        change(service, MetricLayout.serviceBreaker + Int(phase.rawValue), by: 1)
    }

    // MARK: Identity

    func tokenChecked(_ check: TokenCheck) { slots.add(1, at: MetricLayout.tokenChecks + check.slot) }

    /// Credentials other than tokens were asked for.
    func credentialChecked(_ check: CredentialCheck) { slots.add(1, at: MetricLayout.credentialChecks + check.slot) }

    /// The keys of an issuer were asked for.
    func keysFetched(succeeded: Bool) { slots.add(1, at: MetricLayout.keyFetches + (succeeded ? 0 : 1)) }

    // MARK: Validation

    func validated(isResponse: Bool, _ result: ValidationResult) {
        let side = isResponse ? ValidationResult.allCases.count : 0
        slots.add(1, at: MetricLayout.validations + side + Int(result.rawValue))
    }

    // MARK: Swift code

    /// A task of Swift code began, or ended.
    func programTasks(by amount: Int) {
        slots.add(UInt64(bitPattern: Int64(amount)), at: MetricLayout.programTasks)
    }

    // MARK: Limits

    func limitAllowed(_ limit: SeriesID) { count(limit, MetricLayout.limitAllowed) }
    func limitRefused(_ limit: SeriesID) { count(limit, MetricLayout.limitRefused) }
    func limitWouldRefuse(_ limit: SeriesID) { count(limit, MetricLayout.limitDryRun) }

    /// The store has decided.
    func limitStoreAnswered(nanoseconds: Int64) { observe(nanoseconds, at: MetricLayout.storeLatency) }
    func limitStoreFailed(_ failure: StoreFailure) {
        slots.add(1, at: MetricLayout.storeFailures + Int(failure.rawValue))
    }
    func limitDecidedWithoutStore(_ mode: LimitStoreConfiguration.FailureMode) {
        slots.add(1, at: MetricLayout.storeFallbacks + MetricLayout.place(of: mode))
    }
    func limitLeaseUsed() { slots.add(1, at: MetricLayout.storeLeases) }

    private func count(_ limit: SeriesID, _ offset: Int) { slots.add(1, at: limitSlot(Int(limit.index), offset)) }

    // MARK: The loop

    /// How much later than asked for a timer fired.
    package func loopLag(nanoseconds: Int64) { observe(nanoseconds, at: MetricLayout.loopLag) }

    // MARK: Reading

    func load(_ slot: Int) -> UInt64 { slots.load(slot) }
    func routeSlot(_ series: Int, _ offset: Int) -> Int { routeStart + series * MetricLayout.routeStride + offset }
    func serviceSlot(_ series: Int, _ offset: Int) -> Int {
        serviceStart + series * MetricLayout.serviceStride + offset
    }

    func consumerSlot(_ series: Int, _ offset: Int) -> Int {
        consumerStart + series * MetricLayout.consumerStride + offset
    }

    func handlerSlot(_ series: Int, _ result: HandlerResult) -> Int {
        handlerStart + series * MetricLayout.handlerStride + Int(result.rawValue)
    }

    func limitSlot(_ series: Int, _ offset: Int) -> Int { limitStart + series * MetricLayout.limitStride + offset }

    @inline(__always)
    private func change(_ service: SeriesID, _ offset: Int, by amount: Int) {
        guard service != .none else { return }
        let slot = serviceStart + Int(service.index) * MetricLayout.serviceStride + offset
        slots.add(UInt64(bitPattern: Int64(amount)), at: slot)
    }

    @inline(__always)
    private func observe(_ nanoseconds: Int64, at start: Int) {
        let value = UInt64(max(nanoseconds, 0))
        slots.add(1, at: start + DurationBuckets.index(of: value))
        slots.add(value, at: start + DurationBuckets.sumSlot)
    }
}
