import Testing

@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A resolver and its name server on one loop.
private struct Fixture {
    let loop = EventLoop()
    let server: DNSServer
    let resolver: NameResolver

    init(
        options change: (inout NameResolverOptions) -> Void = { _ in },
        _ reply: @escaping (DNSServer.Question) -> DNSServer.Reply
    ) {
        server = DNSServer(loop, reply: reply)
        var options = NameResolverOptions()
        options.servers = [server.address]
        options.searchDomains = []
        options.timeout = 10_000
        change(&options)
        resolver = NameResolver(loop: loop, options: options)
    }

    init(zone: [DNSServer.Record]) {
        self.init { DNSServer.answer($0, from: zone) }
    }

    func resolve(_ host: String, port: UInt16 = 80) throws -> Result<Resolution, ResolutionError> {
        var results: [Result<Resolution, ResolutionError>] = []
        resolver.resolve(host, port: port) { results.append($0) }
        try loop.turn(until: "\(host) was answered") { !results.isEmpty }
        loop.turnAFewTimes()
        #expect(results.count == 1)
        return results[0]
    }

    /// Nothing is left behind: no descriptor, no timer.
    func close() {
        resolver.close()
        server.close()
        loop.turnAFewTimes()
        #expect(loop.descriptors.count == 0)
        #expect(loop.timers.linkedCount == 0)
        #expect(resolver.pendingCount == 0)
    }
}

private func address(_ text: String, _ port: UInt16 = 80) -> SocketAddress { SocketAddress(literal: text, port: port)! }

@Suite struct NameResolverTests {
    @Test func allAddressesOfBothFamiliesIPv4First() throws {
        let fixture = Fixture(zone: [
            .aaaa("api.test", "2001:db8::1", ttl: 70), .a("api.test", "192.0.2.9", ttl: 90),
            .a("api.test", "192.0.2.1", ttl: 80), .aaaa("api.test", "2001:db8::2", ttl: 75),
        ])
        let expected = ["192.0.2.9", "192.0.2.1", "2001:db8::1", "2001:db8::2"].map { address($0, 8_080) }
        #expect(
            try fixture.resolve("api.test", port: 8_080)
                == .success(Resolution(addresses: expected, timeToLive: 70)))
        #expect(Set(fixture.server.questions.map(\.kind)) == [1, 28])
        fixture.close()
    }

    @Test func equalAddressesAreOne() throws {
        let fixture = Fixture(zone: [.a("x.test", "192.0.2.1"), .a("x.test", "192.0.2.1"), .a("x.test", "192.0.2.2")])
        #expect(try fixture.resolve("x.test").get().addresses == [address("192.0.2.1"), address("192.0.2.2")])
        fixture.close()
    }

    @Test func aliasesAreFollowedAndTheirTimeToLiveCounts() throws {
        let fixture = Fixture(zone: [
            .cname("www.test", "edge.test", ttl: 500), .cname("edge.test", "host.test", ttl: 20),
            .a("host.test", "192.0.2.7", ttl: 300), .aaaa("host.test", "2001:db8::7", ttl: 200),
        ])
        let expected = [address("192.0.2.7"), address("2001:db8::7")]
        #expect(try fixture.resolve("www.test") == .success(Resolution(addresses: expected, timeToLive: 20)))
        fixture.close()
    }

    /// The answer to AAAA is an alias and nothing behind it: very common, and no failure.
    @Test func anAliasWithOneFamilyOnly() throws {
        let fixture = Fixture(zone: [.cname("www.test", "host.test"), .a("host.test", "192.0.2.7")])
        #expect(
            try fixture.resolve("www.test")
                == .success(Resolution(addresses: [address("192.0.2.7")], timeToLive: 300)))
        fixture.close()
    }

    @Test(
        arguments: [(0, 1), (1, 1), (59, 59), (3_600, 3_600), (1_000_000, 3_600), (0x7FFF_FFFF, 3_600)]
            as [(UInt32, Int)])
    func theTimeToLiveIsHeldInBounds(sent: UInt32, used: Int) throws {
        let fixture = Fixture(zone: [.a("x.test", "192.0.2.1", ttl: sent)])
        #expect(try fixture.resolve("x.test").get().timeToLive == used)
        fixture.close()
    }

    @Test(
        arguments: [
            (3, .notFound), (2, .serverFailure), (5, .serverFailure), (4, .serverFailure), (0, .noAddress),
        ] as [(UInt8, ResolutionError)])
    func failuresHaveTheirReason(code: UInt8, error: ResolutionError) throws {
        let fixture = Fixture { _ in .code(code) }
        #expect(try fixture.resolve("x.test") == .failure(error))
        fixture.close()
    }

    @Test func silenceEndsInATimeout() throws {
        let fixture = Fixture(options: { ($0.timeout, $0.tries) = (30, 2) }, { _ in .silence })
        #expect(try fixture.resolve("x.test") == .failure(.timedOut))
        // Each family was tried twice.
        #expect(fixture.server.questions.count == 4)
        fixture.close()
    }

    /// One family is silent or fails: the other's addresses are used, and soon looked at again.
    @Test(arguments: [1, 28] as [UInt16], [true, false])
    func oneFamilyIsEnough(broken: UInt16, isSilent: Bool) throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        let fixture = Fixture(options: { $0.grace = 40 }) { question in
            if question.kind == broken { return isSilent ? .silence : .code(2) }
            return .records([broken == 1 ? .aaaa("x.test", "2001:db8::1") : .a("x.test", "192.0.2.1")])
        }
        let expected = address(broken == 1 ? "2001:db8::1" : "192.0.2.1")
        #expect(try fixture.resolve("x.test") == .success(Resolution(addresses: [expected], timeToLive: 30)))
        fixture.close()
    }

    @Test func theSecondServerAnswersForASilentFirst() throws {
        let loop = EventLoop()
        let silent = DNSServer(loop) { _ in .silence }
        let good = DNSServer(loop, zone: [.a("x.test", "192.0.2.1")])
        var options = NameResolverOptions()
        options.servers = [silent.address, good.address]
        options.timeout = 30
        let resolver = NameResolver(loop: loop, options: options)
        var result: Result<Resolution, ResolutionError>?
        resolver.resolve("x.test", port: 1) { result = $0 }
        try loop.turn(until: "it was answered") { result != nil }
        #expect(try result?.get().addresses == [address("192.0.2.1", 1)])
        #expect(!silent.questions.isEmpty)
        resolver.close()
        silent.close()
        good.close()
    }

    @Test func aServerThatIsNotThereIsAFailure() throws {
        let fixture = Fixture(options: { ($0.timeout, $0.tries) = (50, 1) }, { _ in .silence })
        fixture.server.close()
        let result = try fixture.resolve("x.test")
        #expect(result == .failure(.serverFailure) || result == .failure(.timedOut))
        fixture.close()
    }

    @Test func aTruncatedAnswerWithoutTCPIsAFailureAndNotAHang() throws {
        let fixture = Fixture(options: { ($0.timeout, $0.tries) = (50, 1) }, { _ in .truncated })
        #expect(throws: ResolutionError.self) { try fixture.resolve("x.test").get() }
        fixture.close()
    }

    @Test func anAnswerToAnotherQuestionIsNotBelieved() throws {
        let fixture = Fixture { question in .afterForgery(question.kind == 1 ? [.a("x.test", "192.0.2.1")] : []) }
        #expect(try fixture.resolve("x.test").get().addresses == [address("192.0.2.1")])
        fixture.close()
    }

    /// Good answers with bytes changed, cut off and added: every look-up ends exactly once.
    @Test func damagedAnswersNeverHarm() throws {
        var random = SeededRandom()
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        let fixture = Fixture(options: { ($0.timeout, $0.tries, $0.grace) = (15, 1, 10) }) { question in
            let records: [DNSServer.Record] = [
                .cname(question.name, "host.test"), .a("host.test", "192.0.2.1"), .aaaa("host.test", "2001:db8::1"),
            ]
            return .changed(records) { bytes in
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.removeLast(.random(in: 1...bytes.count, using: &random))
                case 1: bytes += (0..<20).map { _ in .random(in: 0...255, using: &random) }
                default:
                    // Behind the number, so that it is taken for the answer.
                    for _ in 0..<Int.random(in: 1...6, using: &random) {
                        bytes[.random(in: 2..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                    }
                }
            }
        }
        var answers = 0
        for index in 0..<300 { fixture.resolver.resolve("name-\(index).test", port: 1) { _ in answers += 1 } }
        try fixture.loop.turn(until: "all ended, seed \(random.seed)") { answers == 300 }
        fixture.loop.turnAFewTimes()
        #expect(answers == 300)
        fixture.close()
    }

    @Test func manyLookUpsAtOnce() throws {
        let fixture = Fixture { question in
            let number = question.name.prefix { $0 != "." }
            return .records(question.kind == 1 ? [.a(question.name, "192.0.2.\(number)")] : [])
        }
        var found: [Int: SocketAddress] = [:]
        for number in 0..<250 {
            fixture.resolver.resolve("\(number).test", port: 5) { found[number] = try? $0.get().addresses.first }
        }
        #expect(fixture.resolver.pendingCount == 500)
        try fixture.loop.turn(until: "all were answered") { found.count == 250 }
        for number in 0..<250 { #expect(found[number] == address("192.0.2.\(number)", 5)) }
        fixture.close()
    }

    @Test func shortNamesGetTheSearchDomains() throws {
        // swift-format-ignore: OnlyOneTrailingClosureArgument
        let fixture = Fixture(options: { $0.searchDomains = ["one.test", "two.test"] }) {
            DNSServer.answer($0, from: [.a("api.two.test", "192.0.2.5")])
        }
        #expect(try fixture.resolve("api").get().addresses == [address("192.0.2.5")])
        #expect(fixture.server.questions.contains { $0.name == "api.one.test" })
        fixture.close()
    }

    // MARK: Without a server

    @Test(arguments: ["192.0.2.1", "2001:db8::1", "[2001:db8::1]", "::ffff:192.0.2.1"])
    func aLiteralIsItsOwnAnswer(text: String) {
        let fixture = Fixture { _ in .code(2) }
        var result: Result<Resolution, ResolutionError>?
        fixture.resolver.resolve(text, port: 443) { result = $0 }
        let bare = text.filter { $0 != "[" && $0 != "]" }
        #expect(result == .success(Resolution(addresses: [address(bare, 443)], timeToLive: 60)))
        #expect(fixture.server.questions.isEmpty)
        fixture.close()
    }

    @Test(arguments: [
        "", " ", "a b", "a\0b", "127.0.0.1\0.test", "käse.test", "[]", String(repeating: "a", count: 300),
    ])
    func whatIsNoNameIsNotAskedFor(text: String) {
        let fixture = Fixture { _ in .code(2) }
        var result: Result<Resolution, ResolutionError>?
        fixture.resolver.resolve(text, port: 443) { result = $0 }
        #expect(result == .failure(.badName))
        fixture.loop.turnAFewTimes()
        #expect(fixture.server.questions.isEmpty)
        fixture.close()
    }

    @Test(arguments: ["a..b", String(repeating: "a", count: 64) + ".test", ".test"])
    func whatDNSCannotCarryIsAFailure(text: String) throws {
        let fixture = Fixture { _ in .code(3) }
        let result = try fixture.resolve(text)
        #expect(result == .failure(.badName) || result == .failure(.notFound))
        fixture.close()
    }

    @Test(arguments: ["localhost", "LocalHost", "localhost.", "api.localhost"])
    func localhostIsLoopbackWhateverDNSSays(text: String) throws {
        let fixture = Fixture { _ in .records([.a(text, "203.0.113.1")]) }
        let resolution = try fixture.resolve(text, port: 81).get()
        #expect(!resolution.addresses.isEmpty && resolution.timeToLive == 60)
        #expect(resolution.addresses.allSatisfy { $0.isLoopback && $0.port == 81 })
        #expect(fixture.server.questions.isEmpty)
        fixture.close()
    }

    /// Every name of this machine's hosts file has an address from there, without DNS.
    @Test func theHostsFileAnswersFirst() throws {
        guard let hosts = Self.hostsFile() else { return }
        let fixture = Fixture { _ in .code(2) }
        for (name, addresses) in hosts {
            let resolution = try fixture.resolve(name).get()
            #expect(resolution.timeToLive == 60)
            #expect(!addresses.isDisjoint(with: resolution.addresses), "\(name)")
        }
        #expect(fixture.server.questions.isEmpty)
        fixture.close()
    }

    private static func hostsFile() -> [String: Set<SocketAddress>]? {
        guard let file = unsafe fopen("/etc/hosts", "r") else { return nil }
        defer { unsafe fclose(file) }
        var text = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe fread(&text, 1, text.count, file)
        var names: [String: Set<SocketAddress>] = [:]
        for line in String(decoding: text[..<count], as: UTF8.self).split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let first = words.first, let address = SocketAddress(literal: String(first), port: 80) else {
                continue
            }
            for name in words.dropFirst() { names[String(name), default: []].insert(address) }
        }
        return names
    }

    // MARK: Closing

    @Test func closingCancelsWhatIsUnderWay() throws {
        let fixture = Fixture { _ in .silence }
        var results: [Result<Resolution, ResolutionError>] = []
        for index in 0..<10 { fixture.resolver.resolve("x\(index).test", port: 1) { results.append($0) } }
        try fixture.loop.turn(until: "the questions arrived") { fixture.server.questions.count >= 20 }
        #expect(results.isEmpty)
        fixture.close()
        #expect(results == Array(repeating: .failure(.cancelled), count: 10))
        fixture.resolver.resolve("late.test", port: 1) { results.append($0) }
        fixture.loop.turnAFewTimes()
        #expect(results.count == 11 && results.last == .failure(.cancelled))
    }

    @Test func whoIsToldMayCloseTheResolver() throws {
        let fixture = Fixture(zone: [.a("x.test", "192.0.2.1")])
        var count = 0
        for _ in 0..<5 {
            fixture.resolver.resolve("x.test", port: 1) { _ in
                count += 1
                fixture.resolver.close()
            }
        }
        try fixture.loop.turn(until: "all were told") { count == 5 }
        fixture.close()
    }
}
