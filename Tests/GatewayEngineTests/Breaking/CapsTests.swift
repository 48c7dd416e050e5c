import GatehouseTesting
import HTTPWire
import Reactor
import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The caps themselves, and admission as a request asks for it.
@Suite struct CapsTests {
    /// Threads take and give back in their own orders; the count is never seen above the cap or below nothing, and ends
    /// where it began.
    @Test(arguments: [1, 3, 50]) func threadsStayWithinTheCap(_ cap: Int) async {
        let state = ServiceState(name: "s")
        let seed = SeededRandom().seed
        let worst = await withTaskGroup(of: (Int, Int).self) { group in
            for thread in 0..<4 {
                group.addTask {
                    var random = SeededRandom(seed: seed &+ UInt64(thread))
                    var (lowest, highest, held) = (0, 0, 0)
                    for _ in 0..<20_000 {
                        if Bool.random(using: &random) {
                            if state.enter(cap: cap) { held += 1 }
                        } else if held > 0 {
                            state.leave()
                            held -= 1
                        }
                        let now = state.inFlight.load(ordering: .relaxed)
                        lowest = min(lowest, now)
                        highest = max(highest, now)
                    }
                    for _ in 0..<held { state.leave() }
                    return (lowest, highest)
                }
            }
            return await group.reduce((0, 0)) { (min($0.0, $1.0), max($0.1, $1.1)) }
        }
        #expect(worst.0 == 0 && worst.1 <= cap && worst.1 > 0, "seed \(seed)")
        #expect(state.inFlight.load(ordering: .relaxed) == 0, "seed \(seed)")
    }

    private let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)

    private func pool(_ breaker: String) throws -> (ServicePool, Worker) {
        let configuration = try GatewayConfiguration.parse(
            yaml: """
                services: { s: { endpoints: [ "http://127.0.0.1:1" ], circuit_breaker: { \(breaker) } } }
                routes: [ { path: "/**", service: s } ]
                """)
        let worker = Worker(
            index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
            metrics: metrics, accessLog: nil, log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
        return (try #require(worker.services.first), worker)
    }

    @Test func requestsAreCapped() throws {
        let (pool, worker) = try pool("max_requests: 2")
        defer { worker.shutDown() }
        #expect(pool.admit(worker) == .admitted(.plain))
        #expect(pool.admit(worker) == .admitted(.plain))
        #expect(pool.admit(worker) == .refused(.overloaded, wait: 0))
        pool.release(.plain, worker)
        #expect(pool.admit(worker) == .admitted(.plain))
        #expect(pool.service.state.inFlight.load(ordering: .relaxed) == 2)
    }

    /// Without a breaker no object for one exists.
    @Test func noBreakerUnlessAskedFor() throws {
        let (plain, worker) = try pool("max_requests: 2")
        worker.shutDown()
        #expect(plain.service.circuit == nil && plain.service.adaptiveLimit == nil)
        let (full, other) = try pool("error_ratio: 50%, adaptive: true")
        other.shutDown()
        #expect(full.service.circuit != nil && full.service.adaptiveLimit != nil)
    }

    /// A probe that finds no place among the requests leaves the breaker to the next request.
    @Test func aProbeThatFindsNoPlaceIsNotLost() throws {
        let (pool, worker) = try pool("max_requests: 1, error_ratio: 50%, min_requests: 1, open_for: 1ms")
        defer { worker.shutDown() }
        let circuit = try #require(pool.service.circuit)
        let failed = TryOutcome(kind: .broken, latency: 0)
        pool.learn(failed, worker: worker, now: worker.loop.now - second)
        #expect(circuit.phase == .open)
        #expect(pool.service.state.enter(cap: 1))
        #expect(pool.admit(worker) == .refused(.overloaded, wait: 0))
        pool.service.state.leave()
        #expect(pool.admit(worker) == .admitted(ServiceTicket(probe: 2)))
        #expect(pool.admit(worker) == .refused(.circuitOpen, wait: 0))
        // Its client leaves: the next one may try.
        pool.release(ServiceTicket(probe: 2), worker)
        #expect(pool.admit(worker) == .admitted(ServiceTicket(probe: 3)))
    }

    @Test func transitionsAreCounted() throws {
        let (pool, worker) = try pool("error_ratio: 50%, min_requests: 1")
        defer { worker.shutDown() }
        pool.learn(TryOutcome(kind: .broken, latency: 0), worker: worker, now: worker.loop.now)
        guard case .refused(.circuitOpen, let wait) = pool.admit(worker) else {
            Issue.record("the breaker is not open")
            return
        }
        #expect(wait > 0 && wait <= 10 * second)
        metrics.show(worker.snapshot)
        let page = WireBuffer(capacity: 1_024)
        metrics.write(into: page)
        let text = String(decoding: (0..<page.count).map { page.span[$0] }, as: UTF8.self)
        #expect(text.contains("gatehouse_circuit_breaker_state{service=\"s\"} 1\n"))
        #expect(text.contains("gatehouse_circuit_breaker_transitions_total{service=\"s\",to=\"open\"} 1\n"))
        #expect(text.contains("gatehouse_upstream_shed_total{service=\"s\"} 1\n"))
    }
}

@Suite struct FaultTests {
    private func fault(_ share: Double, header: String? = nil) -> CompiledFault {
        var configuration = FaultConfiguration()
        configuration.abort = 503
        configuration.share = share
        configuration.header = header
        return CompiledFault(configuration)
    }

    @Test(arguments: [0, 0.0001, 0.05, 0.1, 1.0 / 3, 0.5, 0.95, 1]) func theShareIsExact(_ share: Double) {
        let fault = fault(share)
        let fields = HeaderBlock()
        let hits = (0..<30_000).map { _ in fault.hits(fields) }
        let inTenThousand = Int((share * 10_000).rounded())
        for start in [0, 1, 4_999, 20_000] {
            #expect(hits[start..<start + 10_000].count { $0 } == inTenThousand, "from \(start)")
        }
        // Spread evenly: any hundred have that share, give or take one.
        for start in stride(from: 0, to: 29_900, by: 37) {
            let hit = Double(hits[start..<start + 100].count { $0 })
            #expect(abs(hit - Double(inTenThousand) / 100) < 2, "from \(start)")
        }
    }

    @Test func onlyWithTheHeader() {
        let fault = fault(0.5, header: "X-Rehearse")
        let plain = HeaderBlock()
        let marked = HeaderBlock()
        let name = Array("x-rehearse".utf8)
        marked.append(name: name.span, value: name.span)
        var hits: [Bool] = []
        for _ in 0..<10 {
            #expect(!fault.hits(plain))
            hits.append(fault.hits(marked))
        }
        // Those without it are not counted, so the share is that of those with it.
        #expect(hits.count { $0 } == 5)
    }
}
