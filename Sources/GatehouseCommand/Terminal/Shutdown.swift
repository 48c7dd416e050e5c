internal import Gatehouse
internal import Reactor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// From the first signal to the program's end.
enum Shutdown {
    /// Serves until the program is told to stop, and ends it: the calling thread waits for signals from here on.
    ///
    /// - Parameter cleanUp: called once, when the gateway has ended, however it ended.
    static func serve(_ gateway: Gateway, _ report: Console, cleanUp: @escaping @Sendable () -> Void = {}) -> Never {
        var isDraining = false
        while true {
            let signal = Signals.wait()
            switch signal {
            case SIGUSR1:
                gateway.reopenLogs()
                report.say("the access log was opened anew")
            case SIGHUP:
                // Elsewhere, so that a signal to end is heard meanwhile; reloads come one after the other.
                PlainThread.start { ReloadNotice.tell(gateway.reloadNow(), report) }
            case _ where isDraining:
                report.say("\(Signals.name(signal)) again: ends at once")
                cleanUp()
                Outcome.end(.cutShort)
            default:
                isDraining = true
                report.say("\(Signals.name(signal)): completes what is under way; once more ends at once")
                // Elsewhere, so that this thread hears the second signal.
                PlainThread.start {
                    let isComplete = gateway.drain()
                    cleanUp()
                    report.say(isComplete ? "stopped" : "the time to drain ran out; what was under way is cut off")
                    Outcome.end(isComplete ? .done : .cutShort)
                }
            }
        }
    }
}
