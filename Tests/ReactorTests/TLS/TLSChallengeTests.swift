import Testing

@testable import Reactor

/// Certificates that answer an authority's question (RFC 8737), and nobody else.
@Suite struct TLSChallengeTests {
    private let usual: TestIdentity
    private let context: TLSContext
    private let authority: TLSTrust

    init() throws {
        usual = try TestIdentity("www.example.com")
        let answer = try #require(
            SelfSignedCertificate(dnsNames: ["new.example.com"], challenge: [UInt8](repeating: 7, count: 32)))
        var options = TLSContext.ServerOptions(identities: [usual.identity], ticketKeys: .init())
        options.challenges = ["new.example.com": try TLSIdentity(certificate: answer.certificate, key: answer.key)]
        // Everybody else must show a certificate.
        options.clientCertificates = .required(usual.trust)
        context = try TLSContext(server: options)
        authority = try TLSTrust(authorities: answer.certificate)
    }

    private func connect(_ protocols: [String], _ name: String, trusting trust: TLSTrust?) throws -> SecureConnection {
        var options = TLSContext.ClientOptions()
        options.trust = trust
        options.verifies = trust != nil
        options.protocols = protocols
        let peer = TLSPeer(context: try TLSContext(client: options), name: name, isAddress: false)
        return try SecureConnection(context: context, peer: peer)
    }

    @Test func whoAsksSeesTheAnswer() throws {
        let connection = try connect(["acme-tls/1"], "New.example.com", trusting: nil)
        try connection.shakeHands()
        #expect(connection.client.socket?.tlsProtocol == "acme-tls/1")
        #expect(connection.server.socket?.answersChallenge == true)
        #expect(connection.client.socket?.answersChallenge == false)
        connection.close()
    }

    /// Another name, another protocol, or one more beside it: a client like any other, and so refused here.
    @Test(arguments: [
        (["acme-tls/1"], "www.example.com"), (["acme-tls/1"], "other.example.com"),
        (["http/1.1", "acme-tls/1"], "new.example.com"), (["http/1.1"], "new.example.com"), ([], "new.example.com"),
    ])
    func everybodyElseIsAskedAsUsual(protocols: [String], name: String) throws {
        let connection = try connect(protocols, name, trusting: nil)
        try connection.turn(until: "the server has refused") { !connection.server.failures.isEmpty }
        #expect(connection.server.connects == 0)
        connection.close()
    }

    @Test func withoutACertificateNobodyIsServed() throws {
        let empty = try TLSContext(server: TLSContext.ServerOptions(identities: [], ticketKeys: .init()))
        var options = TLSContext.ClientOptions()
        options.verifies = false
        for name in ["www.example.com", "127.0.0.1"] {
            let peer = TLSPeer(
                context: try TLSContext(client: options), name: name, isAddress: name == "127.0.0.1")
            let connection = try SecureConnection(context: empty, peer: peer)
            try connection.turn(until: "both know") {
                !connection.server.failures.isEmpty && !connection.client.failures.isEmpty
            }
            #expect(connection.client.socket?.tlsFailure == .alert)
            connection.close()
        }
    }

    /// Any bytes: nothing traps, and only the one right form counts.
    @Test func hellos() {
        let name = Array("acme-tls/1".utf8)
        #expect(ChallengeHello.isChallenge(protocols: [0, 11, 10] + name))
        let others: [[UInt8]] = [
            [], [0], [0, 11], [0, 11, 10], [0, 11, 10] + name.dropLast(), [0, 11, 10] + name + [0],
        ]
        for bytes in others {
            #expect(!ChallengeHello.isChallenge(protocols: bytes))
        }
        let host = Array("a.Example".utf8)
        let count = UInt8(host.count)
        #expect(ChallengeHello.name([0, count + 3, 0, 0, count] + host) == "a.example")
        let broken: [[UInt8]] = [
            [], [0, 3, 0, 0, 0], [0, count + 3, 1, 0, count] + host, [0, count + 2, 0, 0, count] + host,
            [0, count + 3, 0, 0, count + 1] + host, [255, 255, 0, 255, 255] + host, [0, 4, 0, 0, 1, 0],
            [0, count + 3, 0, 0, count] + host.dropLast(), [0, 4, 0, 0, 1, 0x80],
        ]
        for bytes in broken {
            #expect(ChallengeHello.name(bytes) == nil)
        }
    }
}
