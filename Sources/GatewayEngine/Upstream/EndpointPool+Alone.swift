internal import GatewayConfiguration
internal import Reactor

extension EndpointPool {
    /// A pool to an endpoint that is nobody's service: an issuer's, or an authority's, whose address may come out of its own
    /// document. Nothing watches over it, and whoever made it retires it.
    ///
    /// - Parameter maxIdle: connections that are kept for the next request.
    static func alone(
        to endpoint: EndpointConfiguration, _ tls: TLSContext?, maxIdle: Int, _ worker: Worker
    ) -> EndpointPool {
        var service = ServiceConfiguration(name: endpoint.label, endpoints: [endpoint])
        service.pool.maxIdle = maxIdle
        service.outlierDetection.enabled = false
        let compiled = CompiledService(
            service, index: 0, series: .none, firstLabel: 0, state: ServiceState(name: service.name), tls: tls)
        return EndpointPool(worker: worker, service: compiled, endpoint: compiled.endpoints[0])
    }
}
