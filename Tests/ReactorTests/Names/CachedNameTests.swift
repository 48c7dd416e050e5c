import Testing

@testable import Reactor

/// A cached name, its server, and what it told.
private final class Fixture {
    let loop = EventLoop()
    let server: DNSServer
    let resolver: NameResolver
    let name: CachedName
    var records: [DNSServer.Record]?
    var changes: [[SocketAddress]] = []
    var failures: [ResolutionError] = []

    init(host: String = "x.test", records: [DNSServer.Record]?) {
        self.records = records
        server = DNSServer(loop) { _ in .silence }
        var options = NameResolverOptions()
        options.servers = [server.address]
        options.searchDomains = []
        resolver = NameResolver(loop: loop, options: options)
        name = CachedName(host: host, port: 9, resolver: resolver, loop: loop, random: { .max })
        server.reply = { [unowned self] question in
            self.records.map { DNSServer.answer(question, from: $0) } ?? .code(2)
        }
        name.onChange = { [unowned self] in changes.append($0.addresses) }
        name.onFailure = { [unowned self] in failures.append($1) }
    }

    /// Waits for another round of questions to have been answered.
    func waitForNextAnswer() throws {
        let before = server.questions.count
        try loop.turn(until: "the name was asked for again") { server.questions.count >= before + 2 }
        try loop.turn(until: "it was answered") { resolver.pendingCount == 0 }
    }

    func close() {
        name.stop()
        resolver.close()
        server.close()
        loop.turnAFewTimes()
        #expect(loop.timers.linkedCount == 0)
        #expect(loop.descriptors.count == 0)
    }
}

private func address(_ text: String) -> SocketAddress { SocketAddress(literal: text, port: 9)! }

@Suite struct CachedNameTests {
    @Test func aChangedSetIsToldAndAChangedOrderIsNot() throws {
        let one = DNSServer.Record.a("x.test", "192.0.2.1", ttl: 1)
        let two = DNSServer.Record.a("x.test", "192.0.2.2", ttl: 1)
        let fixture = Fixture(records: [one, two])
        fixture.name.start()
        try fixture.waitForNextAnswer()
        #expect(fixture.changes == [[address("192.0.2.1"), address("192.0.2.2")]])
        fixture.records = [two, one]
        try fixture.waitForNextAnswer()
        #expect(fixture.changes.count == 1)
        fixture.records = [two]
        try fixture.waitForNextAnswer()
        #expect(fixture.changes.count == 2 && fixture.changes.last == [address("192.0.2.2")])
        #expect(fixture.name.addresses == [address("192.0.2.2")])
        fixture.close()
    }

    @Test func theLastGoodAnswerOutlivesFailures() throws {
        let fixture = Fixture(records: [.a("x.test", "192.0.2.1", ttl: 1)])
        fixture.name.start()
        try fixture.waitForNextAnswer()
        fixture.records = nil
        try fixture.loop.turn(until: "two look-ups failed") { fixture.failures.count == 2 }
        #expect(fixture.failures == [.serverFailure, .serverFailure])
        #expect(fixture.name.lastError == .serverFailure)
        #expect(fixture.name.addresses == [address("192.0.2.1")])
        #expect(fixture.changes.count == 1)
        fixture.records = [.a("x.test", "192.0.2.3", ttl: 60)]
        try fixture.loop.turn(until: "it recovered") { fixture.changes.count == 2 }
        #expect(fixture.name.lastError == nil)
        #expect(fixture.name.addresses == [address("192.0.2.3")])
        fixture.close()
    }

    @Test func stoppedItAsksNoMore() throws {
        let fixture = Fixture(records: [.a("x.test", "192.0.2.1", ttl: 1)])
        fixture.name.start()
        fixture.name.stop()
        try fixture.loop.turn(until: "the questions under way ended") { fixture.resolver.pendingCount == 0 }
        fixture.loop.turnAFewTimes()
        #expect(fixture.changes.isEmpty && !fixture.name.isArmed)
        fixture.name.start()
        try fixture.loop.turn(until: "started again it asks") { fixture.changes.count == 1 }
        fixture.close()
    }

    @Test func aLiteralIsThereAtOnce() {
        let fixture = Fixture(host: "192.0.2.8", records: nil)
        fixture.name.start()
        #expect(fixture.changes == [[address("192.0.2.8")]])
        #expect(fixture.server.questions.isEmpty)
        fixture.close()
    }
}

@Suite struct RefreshScheduleTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [1, 30, 3_600])
    func aRefreshComesUpToATenthEarly(timeToLive: Int) {
        var random = SeededRandom()
        let whole = Int64(timeToLive) * Self.second
        #expect(RefreshSchedule.refresh(timeToLive: timeToLive, random: 0) == whole)
        var seen: Set<Int64> = []
        for _ in 0..<1_000 {
            let wait = RefreshSchedule.refresh(timeToLive: timeToLive, random: random.next())
            #expect(wait <= whole && wait >= whole - whole / 10, "seed \(random.seed)")
            seen.insert(wait)
        }
        #expect(seen.count > 100)
    }

    @Test(
        arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (1_000_000, 30)]
            as [(Int, Int64)])
    func retriesBackOff(failures: Int, seconds: Int64) {
        #expect(RefreshSchedule.retry(failures: failures) == seconds * Self.second)
    }
}

@Suite struct NameResolverOptionsTests {
    @Test(
        arguments: [
            ("10.0.0.1", ["10.0.0.1:53"]), ("10.0.0.1:5353", ["10.0.0.1:5353"]), ("::1", ["[::1]:53"]),
            ("[::1]", ["[::1]:53"]), ("[::1]:54, 10.0.0.2", ["[::1]:54", "10.0.0.2:53"]),
            ("", nil), ("dns.test", nil), ("10.0.0.1:", nil), ("10.0.0.1:0", nil), ("10.0.0.1:70000", nil),
            ("10.0.0.1:-1", nil), ("10.0.0.1,x", nil), ("[::1]x:5", nil),
        ] as [(String, [String]?)])
    func serverListsAreParsedOrRefused(text: String, servers: [String]?) {
        #expect(NameResolverOptions.servers(parsing: text)?.map(\.description) == servers)
    }
}
