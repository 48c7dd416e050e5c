import Synchronization
import Testing

@testable import Reactor

/// Shared between threads of a test.
private final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
    var now: Value { value.withLock { $0 } }
}

private final class Node: TimerNode {
    var onFire: () -> Void = {}
    override func timerDidFire() { onFire() }
}

@Suite struct EventLoopTests {
    @Test func workFromManyThreadsRunsInTheOrderOfEachThread() {
        let host = LoopThread()
        let loop = host.loop
        let seen = Shared<[[Int]]>(Array(repeating: [], count: 8))
        let threads = (0..<8).map { thread in
            SystemThread {
                for number in 0..<2_000 { loop.execute { seen.change { $0[thread].append(number) } } }
            }
        }
        for thread in threads { thread.join() }
        // Everything was handed over before this asks the loop to stop.
        host.end()
        #expect(seen.now == Array(repeating: Array(0..<2_000), count: 8))
    }

    @Test func workRunsOnTheThreadOfTheLoop() {
        let host = LoopThread()
        let loop = host.loop
        let places = Shared<[Bool]>([])
        loop.execute { places.change { $0.append(loop.isCurrent) } }
        #expect(!loop.isCurrent)
        host.end()
        #expect(places.now == [true])
        #expect(!loop.isCurrent)
    }

    @Test func aLoopCanBeStoppedAndRunAgain() {
        let loop = EventLoop()
        let count = Shared(0)
        for round in 1...3 {
            loop.execute { count.change { $0 += 1 } }
            loop.stop()
            loop.run()
            #expect(count.now == round)
        }
    }

    @Test func workMayBringMoreWork() throws {
        let loop = EventLoop()
        let order = Shared<[Int]>([])
        loop.execute {
            order.change { $0.append(1) }
            loop.execute {
                order.change { $0.append(3) }
            }
            order.change { $0.append(2) }
        }
        try loop.turn(until: "all ran") { order.now.count == 3 }
        #expect(order.now == [1, 2, 3])
    }

    /// Work that always brings more must leave room for sockets and timers.
    @Test func endlessWorkDoesNotKeepTheLoopFromTurning() throws {
        let loop = EventLoop()
        let count = Shared(0)
        @Sendable func again() {
            count.change { $0 += 1 }
            if count.now < 5_000 { loop.execute(again) }
        }
        loop.execute(again)
        let before = loop.turns
        try loop.turn(until: "it ended") { count.now == 5_000 }
        #expect(loop.turns - before >= 100)
    }

    @Test func afterThisRunsBeforeTheLoopWaitsAgain() throws {
        let loop = EventLoop()
        var order: [String] = []
        let node = Node()
        node.onFire = {
            loop.afterThis {
                order.append("deferred")
                loop.afterThis { order.append("deferred again") }
            }
            order.append("fired")
        }
        loop.timers.arm(node, at: loop.now)
        var turnOfTheFire: UInt64 = 0
        try loop.turn(until: "the timer fired") {
            turnOfTheFire = loop.turns
            return !order.isEmpty
        }
        #expect(order == ["fired", "deferred", "deferred again"])
        #expect(loop.turns == turnOfTheFire)
    }

    @Test func wakeUpsFromAnotherThreadEndALongWait() throws {
        let loop = EventLoop()
        let isDone = Shared(false)
        // Whether this comes before the wait or during it, the loop must hear of it well within the minute it would wait.
        let thread = SystemThread { loop.execute { isDone.change { $0 = true } } }
        let began = loop.now
        while !isDone.now {
            loop.turn(longest: 60_000)
            try #require(loop.now - began < 50_000_000_000, "the wake-up was lost")
        }
        thread.join()
    }

    @Test func theWorstLagIsTheLongestTurnSinceItWasAskedFor() {
        let loop = EventLoop()
        loop.turn(longest: 0)
        #expect(loop.worstLag > 0)
        #expect(loop.takeWorstLag() > 0)
        #expect(loop.worstLag == 0)
    }

    /// Loops that come and go leave no descriptor behind.
    @Test func manyLoopsCanComeAndGo() {
        for _ in 0..<100 {
            let loop = EventLoop()
            loop.execute {}
            loop.turn(longest: 0)
        }
        let loop = EventLoop()
        #expect(loop.descriptors.count == 0)
    }
}
