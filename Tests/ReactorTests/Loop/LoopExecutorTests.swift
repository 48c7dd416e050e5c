import Synchronization
import Testing

@testable import Reactor

/// An actor that lives on a loop.
private actor Resident {
    private let executor: LoopExecutor
    private let loop: EventLoop
    private(set) var count = 0

    init(_ loop: EventLoop) {
        self.loop = loop
        executor = loop.executor
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func visit() -> Bool {
        count += 1
        return loop.isCurrent
    }

    func visitAfterLeaving() async -> [Bool] {
        let before = loop.isCurrent
        await Elsewhere.shared.work()
        return [before, loop.isCurrent]
    }
}

/// An actor without a loop, on the pool of the runtime.
private actor Elsewhere {
    static let shared = Elsewhere()
    private var count = 0
    func work() { count += 1 }
}

/// Every test ends its loop's thread, and the whole waits at most a minute.
@Suite(.timeLimit(.minutes(1))) struct LoopExecutorTests {
    @Test func aTaskStaysOnItsLoop() async {
        let host = LoopThread()
        let loop = host.loop
        let places = await Task(executorPreference: loop.executor) {
            var places = [loop.isCurrent]
            await Task.yield()
            places.append(loop.isCurrent)
            try? await Task.sleep(for: .milliseconds(5))
            places.append(loop.isCurrent)
            await Elsewhere.shared.work()
            places.append(loop.isCurrent)
            return places
        }.value
        host.end()
        #expect(places == [true, true, true, true])
    }

    @Test func childrenOfATaskStayThereToo() async {
        let host = LoopThread()
        let loop = host.loop
        let (here, sum) = await Task(executorPreference: loop.executor) {
            await withTaskGroup(of: (Bool, Int).self) { group in
                for number in 0..<100 {
                    group.addTask {
                        await Task.yield()
                        return (loop.isCurrent, number)
                    }
                }
                async let extra = loop.isCurrent
                var here = await extra
                var sum = 0
                for await (isHere, number) in group {
                    here = here && isHere && loop.isCurrent
                    sum += number
                }
                return (here, sum)
            }
        }.value
        host.end()
        #expect(here)
        #expect(sum == 4_950)
    }

    @Test func anActorLivesOnTheLoop() async {
        let host = LoopThread()
        let resident = Resident(host.loop)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { await resident.visit() } }
            for await isHere in group { #expect(isHere) }
        }
        #expect(await resident.count == 200)
        #expect(await resident.visitAfterLeaving() == [true, true])
        host.end()
    }

    @Test func aTaskOfOneLoopCanCallAnActorOfAnother() async {
        let hosts = [LoopThread(), LoopThread()]
        let resident = Resident(hosts[1].loop)
        let first = hosts[0].loop
        let places = await Task(executorPreference: first.executor) {
            [first.isCurrent, await resident.visit(), first.isCurrent]
        }.value
        for host in hosts { host.end() }
        #expect(places == [true, true, true])
    }

    @Test func theExecutorKnowsWhereItIs() async {
        let host = LoopThread()
        let loop = host.loop
        #expect(loop.executor.isIsolatingCurrentContext() == false)
        let inside = await Task(executorPreference: loop.executor) { loop.executor.isIsolatingCurrentContext() }.value
        host.end()
        #expect(inside == true)
    }
}

/// What tasks say, from wherever they run.
private final class Notes: Sendable {
    private let all = Mutex<[String]>([])
    var events: [String] { all.withLock { $0 } }
    func note(_ event: String) { all.withLock { $0.append(event) } }
}

/// A task that the loop's own thread begins or resumes: in a loop that is turned by hand, so that a wait would show.
@Suite struct OwnJobTests {
    /// Nothing wakes the loop: it must not wait for what its own thread has brought.
    @Test func itsOwnJobsAreRunWithoutAWait() throws {
        let loop = EventLoop()
        loop.turn(longest: 0)
        let done = Notes()
        Task(executorPreference: loop.executor) {
            done.note("began")
            await Task.yield()
            done.note("went on")
        }
        #expect(done.events.isEmpty)
        // The longest wait that there is: it is not waited.
        loop.turn(longest: nil)
        try loop.turn(until: "the task to end") { done.events == ["began", "went on"] }
        #expect(loop.turns <= 3)
    }

    /// What comes of the work of a turn runs in the same turn.
    @Test func whatATurnBringsRunsInIt() {
        let loop = EventLoop()
        loop.turn(longest: 0)
        let done = Notes()
        loop.afterThis {
            Task(executorPreference: loop.executor) { done.note("ran") }
        }
        let before = loop.turns
        loop.turn(longest: 0)
        #expect(done.events == ["ran"] && loop.turns == before + 1)
    }

    /// A task that always yields does not keep the loop from the rest of its work.
    @Test func aTaskThatNeverRestsLeavesRoom() throws {
        let loop = EventLoop()
        loop.turn(longest: 0)
        let task = Task(executorPreference: loop.executor) {
            while !Task.isCancelled { await Task.yield() }
        }
        let before = loop.turns
        loop.turnAFewTimes(5)
        #expect(loop.turns == before + 5)
        task.cancel()
        loop.turnAFewTimes(2)
    }
}
