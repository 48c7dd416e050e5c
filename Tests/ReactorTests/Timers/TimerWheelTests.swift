import Testing

@testable import Reactor

private final class Node: TimerNode {
    let name: Int
    var fired: [Int64] = []
    var clock: () -> Int64 = { 0 }
    var onFire: () -> Void = {}

    init(_ name: Int = 0) { self.name = name }

    override func timerDidFire() {
        fired.append(clock())
        onFire()
    }
}

extension TimerWheel {
    /// What a loop does in a turn at `now`.
    fileprivate mutating func fire(at now: Int64) -> [TimerNode] {
        var due: [TimerNode] = []
        collectDue(now: now, into: &due)
        for node in due { node.fireIfStillDue() }
        return due
    }
}

private let ms: Int64 = 1_000_000

@Suite struct TimerWheelTests {
    /// Armed at 1 s for `delay`, looked at every tick: fires once, not early, at most one tick late.
    @Test(arguments: [0, 1, 7_999_999, 8 * ms, 8 * ms + 1, 100 * ms, 8_191 * ms, 8_192 * ms, 8_193 * ms, 60_000 * ms])
    func firesOnceAndInTime(delay: Int64) {
        let start: Int64 = 1_000 * ms
        var wheel = TimerWheel(now: start)
        let node = Node()
        wheel.arm(node, at: start + delay)
        var now = start
        var fired: [Int64] = []
        while now < start + delay + 100 * ms {
            now += TimerWheel.tick
            if !wheel.fire(at: now).isEmpty { fired.append(now) }
        }
        #expect(fired.count == 1)
        #expect(fired.allSatisfy { $0 >= start + delay && $0 <= start + delay + 2 * TimerWheel.tick })
        #expect(!node.isArmed)
        #expect(wheel.linkedCount == 0)
    }

    @Test(arguments: [.max, .max - 1, .max / 2] as [Int64])
    func farDeadlinesNeitherTrapNorFire(deadline: Int64) {
        var wheel = TimerWheel(now: 0)
        let node = Node()
        wheel.arm(node, at: deadline)
        #expect(wheel.timeout(now: 0).map { $0 > 1_000_000 } ?? true)
        #expect(wheel.fire(at: 20_000 * ms).isEmpty)
        #expect(node.isArmed == (deadline != .max))
        wheel.disarm(node)
    }

    @Test func anEmptyWheelNeverWakesTheLoop() {
        var wheel = TimerWheel(now: 0)
        let node = Node()
        wheel.arm(node, at: 10 * ms)
        wheel.disarm(node)
        _ = wheel.fire(at: 1_000 * ms)
        #expect(wheel.timeout(now: 2_000 * ms) == nil)
    }

    @Test func whoFiresFirstMayDisarmOrMoveTheOthers() {
        var wheel = TimerWheel(now: 0)
        let nodes = (0..<3).map { Node($0) }
        for node in nodes { wheel.arm(node, at: 10 * ms) }
        var due: [TimerNode] = []
        wheel.collectDue(now: 100 * ms, into: &due)
        #expect(due.count == 3)
        due[0].fireIfStillDue()
        wheel.disarm(due[1])
        wheel.arm(due[2], at: 200 * ms)
        due[1].fireIfStillDue()
        due[2].fireIfStillDue()
        #expect(nodes.map(\.fired.count).reduce(0, +) == 1)
        #expect(wheel.fire(at: 300 * ms).count == 1)
        #expect(nodes.map(\.fired.count).reduce(0, +) == 2)
    }

    @Test func aPausedNodeStaysQuietAndCanBeArmedAgain() {
        var wheel = TimerWheel(now: 0)
        let node = Node()
        wheel.arm(node, at: 50 * ms)
        wheel.pause(node)
        #expect(!node.isArmed)
        #expect(wheel.fire(at: 1_000 * ms).isEmpty)
        wheel.arm(node, at: 1_100 * ms)
        #expect(wheel.fire(at: 1_050 * ms).isEmpty)
        #expect(wheel.fire(at: 1_200 * ms).count == 1)
    }

    /// Random arming, moving, pausing, disarming and jumps of the clock, against a list that is searched.
    @Test func behavesLikeASortedList() {
        var random = SeededRandom()
        var now: Int64 = .random(in: 0...1_000_000 * ms, using: &random)
        var wheel = TimerWheel(now: now)
        let nodes = (0..<200).map { Node($0) }
        var model: [Int: Int64] = [:]
        for step in 0..<10_000 {
            let index = Int.random(in: 0..<nodes.count, using: &random)
            let reach: Int64 = [20, 500, 10_000, 100_000].randomElement(using: &random)! * ms
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                let deadline = now + .random(in: -10 * ms...reach, using: &random)
                wheel.arm(nodes[index], at: deadline)
                // A deadline in the past is due from now on.
                model[index] = max(deadline, now)
            case 5:
                wheel.pause(nodes[index])
                model[index] = nil
            case 6:
                wheel.disarm(nodes[index])
                model[index] = nil
            default:
                let jump: Int64 = [1, 8, 30, 1_000, 30_000].randomElement(using: &random)! * ms
                // Where the wheel says it wants to be looked at is never later than the first deadline and a tick.
                if let first = model.values.min() {
                    let wait = wheel.timeout(now: now)
                    #expect(
                        wait != nil && now + wait! * ms <= max(first, now) + 2 * TimerWheel.tick + ms,
                        "seed \(random.seed), step \(step)")
                }
                now += .random(in: 0...jump, using: &random)
                let fired = Set(wheel.fire(at: now).map { ($0 as! Node).name })
                let must = Set(model.filter { $0.value <= now - TimerWheel.tick }.keys)
                let may = Set(model.filter { $0.value <= now }.keys)
                #expect(must.isSubset(of: fired) && fired.isSubset(of: may), "seed \(random.seed), step \(step)")
                for name in fired { model[name] = nil }
            }
            #expect(nodes[index].isArmed == (model[index] != nil), "seed \(random.seed), step \(step)")
        }
        for node in nodes { wheel.disarm(node) }
        #expect(wheel.linkedCount == 0)
    }

    @Test func aLoopFiresWithoutOtherEvents() throws {
        let loop = EventLoop()
        let node = Node()
        node.clock = { loop.now }
        let deadline = loop.now + 30 * ms
        loop.timers.arm(node, at: deadline)
        try loop.turn(until: "the timer fired") { !node.fired.isEmpty }
        #expect(node.fired.allSatisfy { $0 >= deadline })
    }

    @Test func aTimerMayArmItselfAndDisarmItsNeighbourInTheSameTurn() throws {
        let loop = EventLoop()
        let first = Node(1)
        let second = Node(2)
        // Whichever comes first silences the other.
        first.onFire = {
            loop.timers.disarm(second)
            if first.fired.count == 1 { loop.timers.arm(first, at: loop.now + ms) }
        }
        second.onFire = {
            loop.timers.disarm(first)
            if second.fired.count == 1 { loop.timers.arm(second, at: loop.now + ms) }
        }
        loop.timers.arm(first, at: loop.now)
        loop.timers.arm(second, at: loop.now)
        try loop.turn(until: "one fired twice") { first.fired.count + second.fired.count == 2 }
        #expect([first.fired.count, second.fired.count].sorted() == [0, 2])
        // The closures hold the nodes that hold them.
        for node in [first, second] { node.onFire = {} }
    }
}
