import GatehouseTesting
import Testing

/// Requests that are malformed or ambiguous. Whatever the gateway makes of one, the kit's own strict reader at the
/// origin must find nothing to object to, and no byte of one request may be taken for another.
///
/// Each table runs against one gateway, every request on a connection of its own.
@Suite struct Malformed {
    static let tables: [(name: String, requests: [HostileRequest])] = [
        ("two framings", HostileRequest.twoFramings), ("transfer codings", HostileRequest.codings),
        ("content lengths", HostileRequest.lengths), ("chunks", HostileRequest.chunks),
        ("trailers", HostileRequest.trailerSections), ("field lines", HostileRequest.fieldLines),
        ("request lines", HostileRequest.requestLines), ("hosts", HostileRequest.hosts),
        ("paths", HostileRequest.paths),
    ]

    @Test func thereAreEnoughOfThem() {
        let all = Malformed.tables.flatMap(\.requests)
        #expect(all.count >= 150)
        #expect(Set(all.map(\.name)).count == all.count)
    }

    @Test(arguments: Malformed.tables.map(\.name))
    func nothingInvalidReachesAnOrigin(_ table: String) throws {
        let requests = try #require(Malformed.tables.first { $0.name == table }).requests
        for request in requests.chunked(into: 50) { try run(request) }
    }

    private func run(_ requests: [HostileRequest]) throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(everything(to: origin), origin) { gateway in
            for request in requests {
                let seen = try attempt(request, on: gateway, origin)
                judge(request, seen)
                #expect(origin.violations.isEmpty, "\(request.name)")
            }
        }
    }

    private struct Seen {
        var statuses: [Int] = []
        var lastCloses = false
        /// How reading the answers ended: `closed` and `reset` are the end of the connection.
        var end: KitFailure
        /// Heads that came since the request was sent; one of a broken body just before may be among them.
        var heads: [String] = []
        var whole: [String] = []
    }

    /// Sends the bytes, then a FIN where the gateway is not to close by itself, and gathers all that comes back.
    private func attempt(
        _ request: HostileRequest, on gateway: GatewayProcess, _ origin: ScriptedUpstream
    ) throws -> Seen {
        let headsBefore = origin.heads.count
        let wholeBefore = origin.requests.count
        let client = try gateway.connect()
        client.patience = .seconds(5)
        // Closed while more is under way: only large ones, and then that is right.
        try? client.send(request.text)
        switch request.outcome {
        case .accepted, .either, .rejected: client.finishSending()
        case .refused, .brokenBody, .acceptedThenRefused: break
        }
        var seen = Seen(end: KitFailure(.closed, ""))
        let isHead = request.text.hasPrefix("HEAD ")
        do {
            while true {
                let response = try client.readResponse(to: isHead ? "HEAD" : "GET")
                seen.statuses.append(response.status)
                seen.lastCloses = response.fields["connection"]?.lowercased() == "close"
            }
        } catch let failure as KitFailure {
            seen.end = failure
        }
        seen.heads = origin.heads.dropFirst(headsBefore).map(\.target)
        seen.whole = origin.requests.dropFirst(wholeBefore).map(\.target)
        return seen
    }

    private func judge(_ request: HostileRequest, _ seen: Seen) {
        let name = "\(request.name): \(seen.statuses), \(seen.heads), \(seen.end)"
        #expect([.closed, .reset].contains(seen.end.kind), "the connection must end: \(name)")
        #expect(!seen.heads.contains { $0.contains("smuggled") }, "\(name)")
        switch request.outcome {
        case .refused(let allowed):
            #expect(seen.statuses.count == 1 && allowed.contains(seen.statuses.first ?? 0), "\(name)")
            #expect(seen.lastCloses, "says so: \(name)")
            #expect(seen.heads.isEmpty, "\(name)")
        case .rejected:
            #expect(seen.statuses == [400] && seen.heads.isEmpty, "\(name)")
        case .brokenBody:
            #expect(seen.statuses.count == 1 && (400...499).contains(seen.statuses.first ?? 0), "\(name)")
            #expect(seen.whole.isEmpty, "\(name)")
        case .accepted(let targets):
            #expect(seen.statuses == targets.map { _ in 200 }, "\(name)")
            #expect(seen.whole == targets, "\(name)")
        case .either(let targets):
            if seen.statuses.first.map({ (400...599).contains($0) }) == true {
                #expect(seen.statuses.count == 1 && seen.whole.isEmpty, "\(name)")
            } else {
                #expect(seen.statuses == targets.map { _ in 200 } && seen.whole == targets, "\(name)")
            }
        case .acceptedThenRefused(let targets):
            #expect(seen.statuses == targets.map { _ in 200 } + [400], "\(name)")
            #expect(seen.whole == targets, "\(name)")
        }
    }
}

extension Array {
    fileprivate func chunked(into size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
