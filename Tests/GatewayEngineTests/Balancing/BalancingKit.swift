@testable import GatewayConfiguration
@testable import GatewayEngine

/// One endpoint of a service that has no worker: its port tells it from its siblings.
func endpoint(_ port: Int, weight: Int = 1, priority: Int = 0) -> CompiledEndpoint {
    var configuration = EndpointConfiguration(host: "10.0.0.1", port: UInt16(port), weight: weight)
    configuration.priority = priority
    return CompiledEndpoint(configuration, label: 0, state: EndpointState(url: configuration.url))
}

func eligible(
    _ endpoints: [CompiledEndpoint], _ rules: EligibleEndpoints.Rules = EligibleEndpoints.Rules(), now: Int64 = 0
) -> EligibleEndpoints {
    var eligible = EligibleEndpoints()
    eligible.rebuild(endpoints, priorities: Set(endpoints.map(\.configuration.priority)).sorted(), rules, now: now)
    return eligible
}

extension EligibleEndpoints {
    /// Places in the service's list, in order.
    var places: [Int] { members.map(\.place) }
    /// In the configuration's units.
    var shares: [Double] { members.map { Double($0.weight) / Double(Self.scale) } }
}

/// Half a millisecond in nanoseconds is 500 * microsecond.
let microsecond: Int64 = 1_000
let millisecond: Int64 = 1_000_000
let second: Int64 = 1_000_000_000
