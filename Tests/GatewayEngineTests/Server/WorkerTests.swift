import Reactor
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// A worker that never turns its loop.
@Suite struct WorkerTests {
    /// More exchanges end at once than are kept, each with a timer that was paused and is still in the wheel; and those
    /// that are kept go when memory is short. A node that is let go while it is linked would end the program.
    @Test func exchangesThatAreNotKeptLeaveTheWheel() throws {
        let configuration = try GatewayConfiguration.parse(yaml: "routes: [ { path: /, respond: { body: a } } ]")
        let metrics = Metrics(build: Metrics.Build(version: "0", swiftVersion: "0"), start: 0)
        let worker = Worker(
            index: 0, snapshot: try Snapshot(configuration, metrics: metrics, registry: ServiceRegistry()),
            metrics: metrics, accessLog: nil,
            log: OperationLog(level: .error), pages: AdminPages(metrics: metrics))
        let before = worker.loop.timers.linkedCount
        for _ in 0..<1_500 {
            let exchange = Exchange(worker: worker)
            worker.loop.timers.arm(exchange, at: worker.loop.now + 30_000_000_000)
            worker.loop.timers.pause(exchange)
            worker.giveBack(exchange)
        }
        #expect(worker.loop.timers.linkedCount == before + 1_024)
        worker.heed(.tight)
        #expect(worker.loop.timers.linkedCount == before)
        worker.shutDown()
    }
}
