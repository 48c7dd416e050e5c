import HTTPWire
import Reactor
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// What of a request decides where it goes.
@Suite struct AffinityTests {
    private static let client = SocketAddress(ipv4: 0x0A00_0001, port: 1)
    private static let other = SocketAddress(ipv4: 0x0A00_0002, port: 1)

    private func head(_ target: String, _ fields: [String]) throws -> RequestHead {
        let head = RequestHead()
        var scanner = RequestScanner()
        let text = "GET \(target) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        guard case .complete = try scanner.scan(Array(text.utf8).span, from: 0, into: head, limits: HeadLimits()) else {
            throw Unfinished()
        }
        return head
    }

    private struct Unfinished: Error {}

    private func hash(
        _ key: HashKey, _ target: String, _ fields: String..., client: SocketAddress = client,
        caller: KnownCaller = KnownCaller()
    ) throws -> UInt64 {
        let head = try head(target, fields)
        let scratch = WireBuffer(capacity: 64)
        return CompiledHashKey(key).hash(head, path: head.path, client: client, caller: caller, scratch: scratch)
    }

    @Test func eachKeyReadsItsOwn() throws {
        func text(_ value: String) -> UInt64 { SipHash.hash(value, .placement) }
        #expect(try hash(.path, "/a/b?c=d") == text("/a/b"))
        #expect(try hash(.header("X-Tenant"), "/", "x-tenant: blue") == text("blue"))
        #expect(try hash(.header("Accept"), "/", "Accept: a", "Accept: b") == text("a, b"))
        #expect(try hash(.cookie("id"), "/", "Cookie: x=1; id=seven", "Cookie: id=8") == text("seven"))
        #expect(try hash(.query("q"), "/?a=1&q=two%20words&q=no") == text("two words"))
        #expect(try hash(.clientAddress, "/") != hash(.clientAddress, "/", client: Self.other))
    }

    /// Whom authentication has recognised, and the client's address where it has nobody.
    @Test func goesByTheConsumer() throws {
        let caller = KnownCaller(consumer: Array("shop".utf8))
        #expect(try hash(.consumer, "/", caller: caller) == SipHash.hash("shop", .placement))
        #expect(try hash(.consumer, "/", "X-Consumer-Name: shop") == hash(.clientAddress, "/"))
        #expect(try hash(.claim("sub"), "/", caller: caller) == hash(.clientAddress, "/"))
    }

    @Test(arguments: [HashKey.header("X-Tenant"), .cookie("id"), .query("q")])
    func withoutAValueTheClientsAddress(key: HashKey) throws {
        let byAddress = try hash(.clientAddress, "/")
        #expect(try hash(key, "/") == byAddress)
        #expect(try hash(key, "/", client: Self.other) == hash(.clientAddress, "/", client: Self.other))
        #expect(try hash(key, "/?q=", "X-Tenant:", "Cookie: id=") == byAddress)
    }

    // MARK: Sticky cookies

    private func stickiness(
        _ configuration: StickyConfiguration, service: String = "users", key: SipHash.Key = SipHash.Key(low: 1, high: 2)
    ) -> Stickiness {
        let endpoints = (1...3).map { EndpointConfiguration(host: "10.0.0.\($0)", port: 80) }
        return Stickiness(configuration, ServiceConfiguration(name: service, endpoints: endpoints), key: key)
    }

    private func cookie(_ stickiness: Stickiness, _ place: Int, isSecure: Bool = false) -> String {
        let fields = HeaderBlock()
        stickiness.append(to: fields, place: place, isSecure: isSecure)
        return fields.value(fields.firstIndex(of: .setCookie)).text
    }

    private func pair(_ stickiness: Stickiness, _ place: Int) -> String {
        String(cookie(stickiness, place).prefix { $0 != ";" })
    }

    @Test func theCookieNamesItsEndpoint() throws {
        let sticky = stickiness(StickyConfiguration(cookie: "at"))
        for place in 0..<3 {
            #expect(sticky.place(try head("/", ["Cookie: a=b; \(pair(sticky, place)); c=d"]).fields) == place)
        }
        #expect(Set((0..<3).map { pair(sticky, $0) }).count == 3)
    }

    @Test func whatIsSent() throws {
        let sticky = stickiness(StickyConfiguration(cookie: "at", maxAge: .seconds(3_600)))
        let parts = cookie(sticky, 0).split(separator: ";").map { String($0.drop { $0 == " " }) }
        #expect(parts[1...] == ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax"])
        #expect(cookie(sticky, 0, isSecure: true) == cookie(sticky, 0) + "; Secure")
        #expect(!cookie(stickiness(StickyConfiguration(cookie: "at")), 0).contains("Max-Age"))
    }

    /// Nothing that a client makes up names an endpoint, and no other service's cookie does.
    @Test(arguments: [
        "", "0", "0000000000000000", "zzzzzzzzzzzzzzzz", "http://10.0.0.1", "00000000000000000000000000000000",
    ])
    func otherValuesNameNobody(value: String) throws {
        let sticky = stickiness(StickyConfiguration(cookie: "at"))
        #expect(sticky.place(try head("/", ["Cookie: at=\(value)"]).fields) == -1)
        let foreign = stickiness(StickyConfiguration(cookie: "at"), service: "orders")
        #expect(sticky.place(try head("/", ["Cookie: \(pair(foreign, 0))"]).fields) == -1)
        #expect(sticky.place(try head("/", []).fields) == -1)
    }

    /// The secret decides, and without one the process's own key.
    @Test func theSecretIsTheKey() {
        let one = SipHash.Key(low: 1, high: 2)
        let two = SipHash.Key(low: 3, high: 4)
        let shared = StickyConfiguration(cookie: "at", secret: "correct horse")
        #expect(pair(stickiness(shared, key: one), 0) == pair(stickiness(shared, key: two), 0))
        let other = StickyConfiguration(cookie: "at", secret: "battery staple")
        #expect(pair(stickiness(shared, key: one), 0) != pair(stickiness(other, key: one), 0))
        let own = StickyConfiguration(cookie: "at")
        #expect(pair(stickiness(own, key: one), 0) != pair(stickiness(own, key: two), 0))
        #expect(SipHash.Key.random() != SipHash.Key.random())
    }
}
