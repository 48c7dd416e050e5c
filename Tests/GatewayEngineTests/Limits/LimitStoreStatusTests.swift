import Synchronization
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// What operators hear of a store that loops lose and find one by one.
@Suite struct LimitStoreStatusTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    @Test func isToldOnceForAllWorkers() {
        let lines = Lines()
        let log = OperationLog(format: .json, output: .lines { line in lines.all.withLock { $0.append(line) } })
        let store = LimitStoreConfiguration(servers: [LimitStoreConfiguration.Server(host: "h", port: 1)])
        let status = LimitStoreStatus()
        let steps: [(worker: Int, up: Bool, heard: String?, isUp: Bool)] = [
            (0, true, "is there", false), (1, true, nil, true), (0, true, nil, true), (1, false, "is gone", false),
            (0, false, nil, false), (1, true, nil, false), (0, true, "is back", true), (0, false, "is gone", false),
            (0, true, "is back", true),
        ]
        for (index, step) in steps.enumerated() {
            status.report(
                worker: step.worker, of: 2, isUp: step.up, store, server: "h:1", step.up ? nil : .timeout, log)
            let heard = lines.all.withLock { all in
                defer { all = [] }
                return all
            }
            #expect(heard.count == (step.heard == nil ? 0 : 1), "step \(index)")
            if let wanted = step.heard { #expect(heard[0].contains(wanted), "step \(index)") }
            #expect(status.isUp == step.isUp, "step \(index)")
        }
    }

    /// The same store is the same over reloads, another one is another, and what is not used any more is forgotten.
    @Test func livesOnWithItsStore() {
        let registry = LimitStoreRegistry()
        let store = LimitStoreConfiguration(servers: [LimitStoreConfiguration.Server(host: "h", port: 1)])
        var other = store
        other.timeout = .seconds(1)
        let status = registry.status(of: store)
        #expect(registry.status(of: store) === status)
        #expect(registry.status(of: other) !== status)
        registry.keepOnly(CompiledLimitStore(store, tls: nil, status: status))
        #expect(registry.status(of: store) === status)
        registry.keepOnly(nil)
        #expect(registry.status(of: store) !== status)
    }
}
