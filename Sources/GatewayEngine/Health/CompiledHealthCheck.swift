internal import GatewayConfiguration
internal import Reactor

/// How the endpoints of a service are checked, as the data plane reads it.
struct CompiledHealthCheck: Sendable {
    let configuration: HealthCheckConfiguration
    let plan: HealthCheckMachine.Plan
    let timeout: Int64
    let expectedBody: [UInt8]
    let fields: [(name: String, value: String)]
    /// The same endpoints, in the same order, as the checks reach them: at their own port, and with a pool that keeps no
    /// connection.
    ///
    /// Each check makes a connection of its own. One from the clients' pool would say nothing about whether the endpoint
    /// still accepts new ones, would wait behind clients when the pool is full, and would take a place from them when it
    /// is nearly so. What it costs is one handshake an interval.
    let probed: CompiledService

    /// Bytes of a body that are read and looked through.
    static let bodyLimit = 64 * 1024
    /// A check is made of one connection; one that a name's other address is tried on may overlap with it.
    private static let connections = 8

    init(_ check: HealthCheckConfiguration, of service: ServiceConfiguration, index: Int, tls: TLSContext?) {
        configuration = check
        plan = HealthCheckMachine.Plan(
            interval: check.interval.nanoseconds,
            unhealthyInterval: (check.unhealthyInterval ?? check.interval).nanoseconds,
            edgeInterval: check.edgeInterval?.nanoseconds, healthyAfter: check.healthyAfter,
            unhealthyAfter: check.unhealthyAfter)
        timeout = check.timeout.nanoseconds
        expectedBody = Array(check.expectedBody.utf8)
        var fields = check.headers.map { (name: $0.name, value: $0.value) }
        if !fields.contains(where: { $0.name.lowercased() == "user-agent" }) {
            fields.append(("User-Agent", "gatehouse-health-check"))
        }
        fields.append(("Connection", "close"))
        self.fields = fields
        var probed = service
        probed.healthCheck = nil
        probed.outlierDetection.enabled = false
        probed.loadBalancing = LoadBalancingConfiguration()
        probed.timeouts.connect = check.timeout
        probed.pool.maxConnections = Self.connections
        probed.pool.maxIdle = 0
        probed.pool.maxPending = Self.connections
        if let port = check.port {
            for index in probed.endpoints.indices { probed.endpoints[index].port = port }
        }
        // Its load is not the clients' load, and it is counted in no series but that of the checks.
        self.probed = CompiledService(
            probed, index: index, series: .none, firstLabel: 0, state: ServiceState(name: service.name),
            tls: tls)
    }

    func accepts(status: Int) -> Bool { configuration.expectedStatus.contains { $0.contains(status) } }

    func accepts(body: [UInt8]) -> Bool { Self.contains(body, expectedBody) }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard part.count <= text.count else { return false }
        for start in 0...text.count - part.count where text[start] == first {
            if text[start..<start + part.count].elementsEqual(part) { return true }
        }
        return false
    }
}
