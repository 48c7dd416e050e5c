import GatehouseTesting
import Testing

@testable import RateLimits

@Suite struct ClusterTests {
    /// The check value of CRC-16/XMODEM, and slots that every cluster gives to these keys.
    @Test func sums() {
        #expect(HashSlot.sum(of: Array("123456789".utf8)) == 0x31C3)
        #expect(HashSlot.sum(of: Array("foo".utf8)) % 16_384 == 12_182)
        #expect(HashSlot.sum(of: []) == 0)
    }

    /// What a server says of a key, tag and all, is what is worked out here; and one key of two limits is one place.
    @Test(arguments: RedisServer.Program.allCases) func slotsAreTheServers(_ program: RedisServer.Program) throws {
        let server = try RedisServer(
            program, ["--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())"])
        let (a, b) = (
            try RateLimit(name: "a", requests: 1, per: .day), try RateLimit(name: "{b}", requests: 1, per: .day)
        )
        var seen: Set<Int> = []
        for key in ["", "k", "{x}", "}{", "a{b}c", "\u{1}ÿ", String(repeating: "k", count: 500)] {
            let check = LimitCheck([(a, key), (b, key)])
            var bytes: [UInt8] = []
            RESPRequest.append(
                check, .text, in: RESPRequest.KeySpace(prefix: Array("p:".utf8), isTagged: true), to: &bytes)
            var position = 0
            let reader = RESPReader()
            _ = try reader.next(bytes.span, at: &position)
            for _ in 0..<3 { _ = try reader.next(bytes.span, at: &position) }
            for place in 0..<2 {
                guard case .bulk(let range) = try reader.next(bytes.span, at: &position) else {
                    Issue.record("no key")
                    return
                }
                let written = Array(bytes[range])
                let answer = try server.slot(of: written)
                #expect(HashSlot.of(check, place) == answer, "\(key)")
                seen.insert(answer)
            }
            #expect(HashSlot.of(check, 0) == HashSlot.of(check, 1))
        }
        #expect(seen.count == 7)
    }

    private func read(_ text: String) throws -> ClusterTopology {
        let bytes = Array(text.utf8)
        return try ClusterTopology(bytes.span, from: 0, reader: RESPReader(), asked: "seed")
    }

    private let nodeA = "*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$3\r\nabc\r\n"

    @Test func readsMaps() throws {
        let map = try read(
            "*3\r\n*4\r\n:0\r\n:99\r\n\(nodeA)*3\r\n$1\r\nr\r\n:1\r\n$1\r\nx\r\n"
                + "*3\r\n:100\r\n:100\r\n*4\r\n$0\r\n\r\n:7001\r\n$1\r\ny\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"
                + "*3\r\n:200\r\n:16383\r\n*2\r\n$-1\r\n:7002\r\n")
        #expect(map.owner(of: 0) == ClusterNode(host: "127.0.0.1", port: 7_000))
        #expect(map.owner(of: 99) == map.owner(of: 0))
        #expect(map.owner(of: 100) == ClusterNode(host: "seed", port: 7_001))
        #expect(map.owner(of: 101) == nil)
        #expect(map.owner(of: 16_383) == ClusterNode(host: "seed", port: 7_002))
        #expect(map.owner(of: 16_384) == nil && map.owner(of: -1) == nil)
        #expect(map.nodes.count == 3)
        var moved = map
        moved.move(99, to: ClusterNode(host: "new", port: 1))
        #expect(moved.owner(of: 99)?.host == "new" && moved.owner(of: 98) == map.owner(of: 0))
        moved.move(70_000, to: ClusterNode(host: "new", port: 1))
    }

    @Test(arguments: [
        "+OK\r\n", "*1\r\n:1\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n", "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n", "*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:65536\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n*1\r\n$1\r\na\r\n",
        "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n:1\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$2\r\n\u{1}\n\r\n:1\r\n",
    ]) func refusesWhatIsNoMap(_ text: String) {
        #expect(throws: RESPReader.Fault.unexpected) { try read(text) }
    }

    @Test func readsRedirections() {
        func redirection(_ text: String) -> ClusterRedirection? {
            let bytes = Array(text.utf8)
            return ClusterRedirection(bytes.span, asked: "seed")
        }
        let moved = redirection("MOVED 3999 10.0.0.1:6381")
        #expect(moved?.node == ClusterNode(host: "10.0.0.1", port: 6_381))
        #expect(moved?.slot == 3_999 && moved?.isForOnce == false)
        #expect(redirection("ASK 0 ::1:7000")?.node == ClusterNode(host: "::1", port: 7_000))
        #expect(redirection("ASK 0 :7000")?.node.host == "seed")
        #expect(redirection("ASK 0 h:7000")?.isForOnce == true)
        for text in [
            "", "MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED 1 a", "MOVED 1 a:70000",
            "MOVED 1 a:", "GONE 1 a:1", "MOVED 1 \u{7F}:1", String(repeating: "MOVED 1 a:1 ", count: 100),
        ] { #expect(redirection(text) == nil, "\(text)") }
    }

    /// Parts of a request, each decided by itself, make one answer.
    @Test func partsMakeOneAnswer() throws {
        let limits = try ["a", "b", "c"].map { try RateLimit(name: $0, requests: 9, per: .day) }
        let whole = LimitCheck([(limits[0], "1"), (limits[1], "2"), (limits[2], "1")])
        let (one, two) = (LimitCheck(), LimitCheck())
        one.add(0, of: whole)
        two.add(1, of: whole)
        one.add(2, of: whole)
        let refusal = LimitOutcome(isAllowed: false, remaining: 0, reset: 5, retryAfter: 3)
        let grant = LimitOutcome(isAllowed: true, remaining: 7, reset: 6, retryAfter: 0)
        one.items[0].outcome = grant
        one.items[1].outcome = refusal
        two.items[0].outcome = grant
        whole.take([0, 2], of: one)
        whole.take([1], of: two)
        whole.settleParts()
        #expect(whole.items.map(\.outcome) == [grant, grant, refusal])
        #expect(!whole.isAllowed)
    }
}

extension RedisServer {
    /// `CLUSTER KEYSLOT` of any bytes.
    fileprivate func slot(of key: [UInt8]) throws -> Int {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(Array("*3\r\n$7\r\nCLUSTER\r\n$7\r\nKEYSLOT\r\n$\(key.count)\r\n".utf8) + key + [13, 10])
        var line: [UInt8] = []
        while line.last != 10 { line += try client.readRaw(1) }
        return try #require(Int(String(decoding: line.dropFirst().dropLast(2), as: UTF8.self)))
    }
}
