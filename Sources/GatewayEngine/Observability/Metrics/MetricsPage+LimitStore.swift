extension MetricsPage {
    /// The store of limits, where one is configured. - Parameter status: nil: there is none.
    func writeLimitStore(_ status: LimitStoreStatus?, to writer: inout PrometheusWriter) {
        guard let status else { return }
        writer.begin(
            "gatehouse_limit_store_up", .gauge, "Whether every worker can ask the store of limits: 1 or 0.")
        writer.sample(gauge: status.isUp ? 1 : 0)
        writer.begin(
            "gatehouse_limit_store_round_trip_seconds", .histogram,
            "Time from asking the store to its decision; the count is that of round trips.")
        writer.histogram("") { sum(MetricLayout.storeLatency + $0) }
        writer.begin(
            "gatehouse_limit_store_failures_total", .counter,
            "Connections to the store that were given up, and questions that it refused, by cause.")
        for failure in StoreFailure.allCases {
            let count = sum(MetricLayout.storeFailures + Int(failure.rawValue))
            writer.sample("", "cause", failure.label, count)
        }
        writer.begin(
            "gatehouse_limit_store_fallbacks_total", .counter,
            "Requests decided without the store, by `on_failure`.")
        let modes: InlineArray<3, StaticString> = ["local", "allow", "deny"]
        for place in 0..<3 { writer.sample("", "mode", modes[place], sum(MetricLayout.storeFallbacks + place)) }
        writer.begin(
            "gatehouse_limit_store_leased_requests_total", .counter,
            "Requests admitted by a lease, without asking.")
        writer.sample(sum(MetricLayout.storeLeases))
    }
}
