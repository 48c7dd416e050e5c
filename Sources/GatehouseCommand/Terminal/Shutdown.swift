internal import Gatehouse
internal import Reactor
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// From the start of serving to the program's end, by a signal or by a successor.
final class Shutdown: Sendable {
    private let gateway: Gateway
    private let report: Console
    private let manager: ServiceManager
    private let cleanUp: @Sendable () -> Void
    private let isEnding = Mutex(false)

    /// - Parameter cleanUp: called once, when the gateway has ended, however it ended.
    init(
        _ gateway: Gateway, _ report: Console, manager: ServiceManager = ServiceManager(variable: { _ in nil }),
        cleanUp: @escaping @Sendable () -> Void = {}
    ) {
        self.gateway = gateway
        self.report = report
        self.manager = manager
        self.cleanUp = cleanUp
    }

    /// Serves until the program is told to stop, and ends it: the calling thread waits for signals from here on.
    ///
    /// - Parameter succeed: starts this program anew, to replace this one.
    func serve(succeed: () -> Void = {}) -> Never {
        while true {
            let signal = Signals.wait()
            switch signal {
            case SIGUSR1:
                gateway.reopenLogs()
                report.say("the access log was opened anew")
            case SIGHUP:
                // Elsewhere, so that a signal to end is heard meanwhile; reloads come one after the other.
                PlainThread.start { [gateway, manager, report] in
                    manager.reload {
                        if gateway.reloadNow() == nil { report.say("there is no file to reload") }
                    }
                }
            case SIGUSR2:
                succeed()
            default:
                let name = Signals.name(signal)
                if end("\(name): completes what is under way; once more ends at once", handedOver: false) { continue }
                report.say("\(name) again: ends at once")
                cleanUp()
                Outcome.end(.cutShort)
            }
        }
    }

    /// Another program accepts on our sockets now: this one completes what is under way, and ends.
    func handOver(to successor: Int32) {
        manager.replaced(by: successor)
        _ = end("replaced by process \(successor): completes what is under way", handedOver: true)
    }

    /// Begins to end; false when that was begun before.
    private func end(_ reason: String, handedOver: Bool) -> Bool {
        let isFirst = isEnding.withLock { isEnding in
            defer { isEnding = true }
            return !isEnding
        }
        guard isFirst else { return false }
        report.say(reason)
        if !handedOver { manager.stopping() }
        // Elsewhere, so that the thread that waits for signals hears the second one.
        PlainThread.start { [self] in
            let isComplete = gateway.drain(handedOver: handedOver)
            cleanUp()
            report.say(isComplete ? "stopped" : "the time to drain ran out; what was under way is cut off")
            Outcome.end(isComplete ? .done : .cutShort)
        }
        return true
    }
}
