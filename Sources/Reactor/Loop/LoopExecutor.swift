/// Runs Swift `async` code on a loop's own thread, so that a handler never hops threads.
///
/// `Task(executorPreference: loop.executor)` starts a task there; an actor may return it as its `unownedExecutor`.
///
/// A step that the loop's own thread brings (a task that is begun there, or goes on because something came that the loop
/// has read) runs in the same turn, or the next, without a wake-up; one of another thread wakes the loop.
///
/// It holds the inbox and not the loop: a task that outlives its loop still has somewhere to put its next step, where it
/// stays for ever, as on a loop that is not run.
package final class LoopExecutor: TaskExecutor, SerialExecutor {
    private let inbox: TaskInbox

    init(inbox: TaskInbox) {
        self.inbox = inbox
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        inbox.add(UnownedJob(job))
    }

    package func isIsolatingCurrentContext() -> Bool? {
        inbox.isOnLoop
    }

    package func checkIsolated() {
        precondition(inbox.isOnLoop, "not on the loop's thread")
    }

    func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(
            isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
}
