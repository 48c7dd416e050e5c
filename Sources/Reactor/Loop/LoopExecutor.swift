/// Runs Swift `async` code on a loop's own thread, so that a handler never hops threads.
///
/// `Task(executorPreference: loop.executor)` starts a task there; an actor may return it as its `unownedExecutor`.
package final class LoopExecutor: TaskExecutor, SerialExecutor {
    private unowned let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        loop.inbox.add(.job(UnownedJob(job)))
    }

    package func isIsolatingCurrentContext() -> Bool? {
        loop.isCurrent
    }

    package func checkIsolated() {
        precondition(loop.isCurrent, "not on the loop's thread")
    }

    func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(
            isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
}
