internal import Synchronization

/// What is known of single endpoints at the moment of a scrape, read from the states that the workers share.
///
/// Their names come from the configuration, and beyond as many as other names may have series they are left out. An
/// endpoint that nobody checks has no health; one that has no siblings is never ejected. So neither is shown.
struct EndpointGauges {
    private var healthy: [(label: String, value: UInt64)] = []
    private var ejected: [(label: String, value: UInt64)] = []

    /// - Parameter now: on the loops' clock.
    init(_ services: [ServiceState], now: Int64) {
        for service in services {
            let endpoints = service.knownEndpoints
            for endpoint in endpoints {
                let service = PrometheusWriter.label("service", service.name)
                let label = "\(service),\(PrometheusWriter.label("endpoint", endpoint.url))"
                let health = endpoint.checkedHealth.load(ordering: .relaxed)
                if health != .unknown, healthy.count < Metrics.seriesCap {
                    healthy.append((label, health == .healthy ? 1 : 0))
                }
                if endpoints.count > 1, ejected.count < Metrics.seriesCap {
                    ejected.append((label, endpoint.ejectedUntil.load(ordering: .relaxed) > now ? 1 : 0))
                }
            }
        }
    }

    func write(to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_endpoint_healthy", .gauge, "Whether an endpoint passes its active checks.")
        for sample in healthy { writer.sample(sample.label, sample.value) }
        writer.begin("gatehouse_endpoint_ejected", .gauge, "Whether an endpoint is out for what real requests met.")
        for sample in ejected { writer.sample(sample.label, sample.value) }
    }
}
