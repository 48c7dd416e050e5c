import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// What an operator's word does to an endpoint that is out.
@Suite struct EnableTests {
    private let policy = EjectionPolicy(OutlierDetectionConfiguration(), endpoints: 2)

    @Test func anEjectionIsForgotten() throws {
        let policy = try #require(policy)
        let service = ServiceState(name: "s")
        let endpoint = service.endpoint("http://a")
        guard case .ejected(let until, 1) = service.ejections.withLock({ $0.eject("http://a", policy, now: 1_000) })
        else { return #expect(Bool(false), "not ejected") }
        endpoint.ejectedUntil.store(until, ordering: .relaxed)
        let before = service.generation.load(ordering: .relaxed)
        service.enable(endpoint, now: 2_000)
        #expect(endpoint.ejectedUntil.load(ordering: .relaxed) == 0)
        #expect(endpoint.readySince.load(ordering: .relaxed) == 2_000)
        #expect(service.generation.load(ordering: .relaxed) > before)
        #expect(service.ejections.withLock { $0.count(now: 2_000) } == 0)
        // The next one is a first one again.
        #expect(
            service.ejections.withLock { $0.eject("http://a", policy, now: 3_000) }
                == .ejected(until: 3_000 + policy.baseTime, times: 1))
    }

    @Test func whatIsInUseIsLeftAlone() {
        let service = ServiceState(name: "s")
        let endpoint = service.endpoint("http://a")
        let before = service.generation.load(ordering: .relaxed)
        service.enable(endpoint, now: 2_000)
        #expect(endpoint.readySince.load(ordering: .relaxed) == 0)
        #expect(service.generation.load(ordering: .relaxed) == before)
        endpoint.administrative.store(.draining, ordering: .relaxed)
        service.enable(endpoint, now: 3_000)
        #expect(endpoint.administrative.load(ordering: .relaxed) == .enabled)
        #expect(endpoint.readySince.load(ordering: .relaxed) == 3_000)
    }
}
