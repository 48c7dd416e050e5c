import GatehouseTesting
import Testing

@testable import GatewayEngine

@Suite struct LinkMachineTests {
    /// The longest rest after each round: `UInt64` chosen so that the wait is its bound.
    private func longest(_ round: Int) -> UInt64 { UInt64(LinkMachine.backoff.bound(round)) }

    @Test func oneServerThatCannotBeReached() {
        var machine = LinkMachine(servers: 1)
        #expect(machine.begin() == .connect)
        #expect(machine.begin() == .nothing)
        var rests: [Int64] = []
        for round in 0..<8 {
            #expect(machine.isDown == (round > 0))
            guard case .rest(let rest) = machine.failed(leavesWaiting: true, random: longest(round)) else {
                Issue.record("no rest")
                return
            }
            rests.append(rest / 1_000_000)
            #expect(machine.isDown)
            #expect(machine.begin() == .connect)
        }
        #expect(rests == [100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000])
        // What the jitter is full of.
        #expect(machine.failed(leavesWaiting: true, random: 0) == .rest(nanoseconds: 0))
    }

    @Test func anotherServerAtOnce() {
        var machine = LinkMachine(servers: 3)
        _ = machine.begin()
        #expect(machine.server == 0)
        #expect(machine.failed(leavesWaiting: true, random: 1) == .connect)
        #expect(machine.server == 1 && !machine.isDown)
        #expect(machine.failed(leavesWaiting: true, random: 1) == .connect)
        #expect(machine.server == 2 && !machine.isDown)
        #expect(machine.failed(leavesWaiting: true, random: 1) == .rest(nanoseconds: 1))
        #expect(machine.server == 0 && machine.isDown)
    }

    /// After a connection that worked, all servers are tried once more before anything is given up.
    @Test func aConnectionThatWorkedAndBroke() {
        var machine = LinkMachine(servers: 2)
        _ = machine.begin()
        machine.isReady()
        machine.didAnswer()
        #expect(machine.failed(leavesWaiting: true, random: 1) == .connect)
        #expect(!machine.isDown && machine.state == .trying && machine.server == 1)
        #expect(machine.failed(leavesWaiting: true, random: 1) == .connect)
        #expect(machine.failed(leavesWaiting: true, random: 1) == .rest(nanoseconds: 1))
        #expect(machine.isDown)
        _ = machine.begin()
        machine.isReady()
        #expect(!machine.isDown)
    }

    /// One that never decided anything is a try in vain, and rests grow.
    @Test func aServerThatTakesUsAndDies() {
        var machine = LinkMachine(servers: 1)
        var rests: [Int64] = []
        _ = machine.begin()
        for round in 0..<3 {
            machine.isReady()
            if case .rest(let rest) = machine.failed(leavesWaiting: true, random: longest(round)) { rests.append(rest) }
            _ = machine.begin()
        }
        #expect(rests == [100_000_000, 200_000_000, 400_000_000])
        machine.isReady()
        machine.didAnswer()
        #expect(machine.failed(leavesWaiting: true, random: 0) == .connect)
    }

    @Test func silenceLeavesNobodyWaiting() {
        var machine = LinkMachine(servers: 1)
        _ = machine.begin()
        machine.isReady()
        machine.didAnswer()
        #expect(machine.failed(leavesWaiting: false, random: 0) == .connect)
        #expect(machine.isDown)
        machine.isReady()
        #expect(!machine.isDown)
    }

    /// Connecting takes longer than anybody waits: it goes on all the same.
    @Test func aSlowConnection() {
        var machine = LinkMachine(servers: 1)
        _ = machine.begin()
        machine.giveUpHope()
        #expect(machine.isDown && machine.state == .trying)
        machine.isReady()
        #expect(!machine.isDown)
    }

    @Test func theEndIsTheEnd() {
        var machine = LinkMachine(servers: 1)
        _ = machine.begin()
        machine.close()
        #expect(machine.failed(leavesWaiting: true, random: 0) == .nothing)
        #expect(machine.begin() == .nothing)
        machine.isReady()
        machine.didAnswer()
        #expect(machine.state == .closed && machine.isDown)
    }

    /// Whatever happens in whatever order: who rests is down, who is ready is not, and no circle turns without a rest.
    @Test func walks() {
        var random = SeededRandom()
        for _ in 0..<200 {
            let servers = Int.random(in: 1...4, using: &random)
            var machine = LinkMachine(servers: servers)
            var connects = 0
            for _ in 0..<200 {
                switch Int.random(in: 0..<5, using: &random) {
                case 0: if machine.begin() == .connect { connects = 0 }
                case 1: machine.isReady()
                case 2:
                    machine.didAnswer()
                    if machine.state == .ready(isProved: true) { connects = -1 }
                default:
                    switch machine.failed(leavesWaiting: Bool.random(using: &random), random: random.next()) {
                    case .connect: connects += 1
                    case .rest, .nothing: connects = 0
                    }
                }
                #expect(connects < servers, "seed \(random.seed)")
                #expect((0..<servers).contains(machine.server))
                if case .ready = machine.state { #expect(!machine.isDown) }
                if machine.state == .resting { #expect(machine.isDown) }
            }
        }
    }
}

@Suite struct FIFOTests {
    @Test func keepsTheOrder() {
        var random = SeededRandom()
        var queue = FIFO<Int>()
        var model: [Int] = []
        for step in 0..<5_000 {
            if Int.random(in: 0..<100, using: &random) == 0 {
                #expect(queue.takeAll() == model)
                model = []
            } else if Bool.random(using: &random) || model.isEmpty {
                queue.append(step)
                model.append(step)
            } else {
                #expect(queue.popFirst() == model.removeFirst(), "seed \(random.seed)")
            }
            #expect(queue.first == model.first && queue.count == model.count && queue.isEmpty == model.isEmpty)
        }
    }
}
