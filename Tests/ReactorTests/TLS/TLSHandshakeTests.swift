import Testing

@testable import Reactor

/// Who is who: names, trust, certificates on both sides, resumption.
@Suite struct TLSHandshakeTests {
    private func client(trusting trust: TLSTrust?, _ change: (inout TLSContext.ClientOptions) -> Void = { _ in })
        throws -> TLSContext
    {
        var options = TLSContext.ClientOptions()
        options.trust = trust
        change(&options)
        return try TLSContext(client: options)
    }

    private func server(_ identities: [TLSIdentity], _ change: (inout TLSContext.ServerOptions) -> Void = { _ in })
        throws -> TLSContext
    {
        var options = TLSContext.ServerOptions(identities: identities, ticketKeys: .init())
        change(&options)
        return try TLSContext(server: options)
    }

    private func peer(_ context: TLSContext, _ name: String) -> TLSPeer {
        TLSPeer(context: context, name: name, isAddress: name == "127.0.0.1")
    }

    /// Each name finds its certificate; a client that trusts no other connects only then.
    @Test(arguments: [
        ("one.example.com", 0), ("two.example.com", 1), ("TWO.example.com", 1), ("a.wild.example.com", 2),
        ("b.wild.example.com", 2), ("127.0.0.1", 0),
    ])
    func theNameChoosesTheCertificate(name: String, expected: Int) throws {
        let all = try [
            TestIdentity("one.example.com"), TestIdentity("two.example.com"), TestIdentity("*.wild.example.com"),
        ]
        let context = try server(all.map(\.identity))
        let connection = try SecureConnection(
            context: context, peer: peer(try client(trusting: all[expected].trust), name))
        try connection.shakeHands()
        connection.close()
    }

    @Test(arguments: [
        ("other.example.com", TLSFailure.certificateName), ("a.b.wild.example.com", .certificateName),
        ("wild.example.com", .certificateName),
    ])
    func anotherNameIsRefused(name: String, failure: TLSFailure) throws {
        let identity = try TestIdentity("*.wild.example.com")
        let connection = try SecureConnection(
            context: try server([identity.identity]), peer: peer(try client(trusting: identity.trust), name))
        try connection.turn(until: "both were told") {
            !connection.client.failures.isEmpty && !connection.server.failures.isEmpty
        }
        #expect(connection.client.socket?.tlsFailure == failure)
        #expect(connection.server.socket?.tlsFailure == .alert)
        connection.close()
    }

    @Test func aStrangerIsRefusedUnlessNobodyAsks() throws {
        let (known, stranger) = (try TestIdentity("localhost"), try TestIdentity("localhost"))
        let refused = try SecureConnection(
            context: try server([stranger.identity]), peer: peer(try client(trusting: known.trust), "localhost"))
        try refused.turn(until: "the client was told") { !refused.client.failures.isEmpty }
        #expect(refused.client.socket?.tlsFailure == .certificateUntrusted)
        refused.close()

        let unasked = try SecureConnection(
            context: try server([stranger.identity]),
            peer: peer(try client(trusting: nil) { $0.verifies = false }, "anything"))
        try unasked.shakeHands()
        unasked.close()
    }

    @Test func anExpiredCertificateIsRefused() throws {
        let made = try #require(SelfSignedCertificate(dnsNames: ["localhost"], seconds: -10))
        let identity = try TLSIdentity(certificate: made.certificate, key: made.key)
        let connection = try SecureConnection(
            context: try server([identity]),
            peer: peer(try client(trusting: try TLSTrust(authorities: made.certificate)), "localhost"))
        try connection.turn(until: "the client was told") { !connection.client.failures.isEmpty }
        #expect(connection.client.socket?.tlsFailure == .certificateExpired)
        connection.close()
    }

    @Test func withoutACommonProtocolThereIsNoConnection() throws {
        let identity = try TestIdentity.shared.get()
        let connection = try SecureConnection(
            context: try server([identity.identity]),
            peer: peer(try client(trusting: identity.trust) { $0.protocols = ["h2"] }, "localhost"))
        try connection.turn(until: "both were told") {
            !connection.client.failures.isEmpty && !connection.server.failures.isEmpty
        }
        #expect(connection.server.socket?.tlsFailure == .applicationProtocol)
        #expect(connection.client.socket?.tlsFailure == .alert)
        connection.close()
    }

    @Test(arguments: [(["http/1.1"], 1), (["h2", "http/1.1"], 0), ([], -1), (["http/1.1", "h2"], 0)])
    func theServersOrderDecides(offered: [String], expected: Int) throws {
        let identity = try TestIdentity.shared.get()
        let connection = try SecureConnection(
            context: try server([identity.identity]) { $0.protocols = ["h2", "http/1.1"] },
            peer: peer(try client(trusting: identity.trust) { $0.protocols = offered }, "localhost"))
        try connection.shakeHands()
        #expect(connection.server.socket?.tlsFacts?.protocolIndex == Int8(expected))
        connection.close()
    }

    /// One set of ticket keys for all contexts: a session made with one is resumed with the other.
    @Test func sessionsAreResumedAcrossContexts() throws {
        let identity = try TestIdentity.shared.get()
        let keys = TLSTicketKeys()
        let contexts = try (0..<2).map { _ in try server([identity.identity]) { $0.ticketKeys = keys } }
        let peer = peer(try client(trusting: identity.trust), "localhost")
        for round in 0..<6 {
            let connection = try SecureConnection(context: contexts[round % 2], peer: peer)
            try connection.shakeHands()
            // The tickets come behind the handshake.
            try connection.send([1], from: connection.server, to: connection.client)
            #expect(connection.client.socket?.tlsFacts?.isResumed == (round > 0))
            #expect(connection.server.socket?.tlsFacts?.isResumed == (round > 0))
            connection.close()
        }
    }

    @Test func otherKeysMeanAWholeHandshake() throws {
        let identity = try TestIdentity.shared.get()
        let peer = peer(try client(trusting: identity.trust), "localhost")
        for _ in 0..<2 {
            let connection = try SecureConnection(context: try server([identity.identity]), peer: peer)
            try connection.shakeHands()
            try connection.send([1], from: connection.server, to: connection.client)
            #expect(connection.server.socket?.tlsFacts?.isResumed == false)
            connection.close()
        }
    }

    @Test(arguments: [false, true], [false, true])
    func clientCertificates(isRequired: Bool, isShown: Bool) throws {
        let identity = try TestIdentity.shared.get()
        let ada = try TestIdentity("ada.example.com")
        let context = try server([identity.identity]) {
            $0.clientCertificates = isRequired ? .required(ada.trust) : .optional(ada.trust)
        }
        let connection = try SecureConnection(
            context: context,
            peer: peer(
                try client(trusting: identity.trust) { $0.identity = isShown ? ada.identity : nil }, "localhost"))
        if isRequired && !isShown {
            try connection.turn(until: "the server was told") { !connection.server.failures.isEmpty }
            #expect(connection.server.socket?.tlsFailure == .certificateMissing)
            connection.close()
            return
        }
        try connection.shakeHands()
        let certificate = connection.server.socket?.tlsCertificate
        #expect((certificate != nil) == isShown)
        if let certificate {
            #expect(certificate.subject == "CN=ada.example.com")
            #expect(certificate.dnsNames == [Array("ada.example.com".utf8)] && certificate.fingerprint.count == 32)
        }
        connection.close()
    }

    @Test func aStrangersClientCertificateIsRefused() throws {
        let identity = try TestIdentity.shared.get()
        let (ada, eve) = (try TestIdentity("ada.example.com"), try TestIdentity("ada.example.com"))
        let context = try server([identity.identity]) { $0.clientCertificates = .optional(ada.trust) }
        let connection = try SecureConnection(
            context: context,
            peer: peer(try client(trusting: identity.trust) { $0.identity = eve.identity }, "localhost"))
        try connection.turn(until: "the server was told") { !connection.server.failures.isEmpty }
        #expect(connection.server.socket?.tlsFailure?.isAboutCertificate == true)
        connection.close()
    }

    /// A ticket from where no certificate was asked for opens nothing where one is.
    @Test func aTicketIsWorthNothingUnderAnotherTrust() throws {
        let identity = try TestIdentity.shared.get()
        let ada = try TestIdentity("ada.example.com")
        let keys = TLSTicketKeys()
        let open = try server([identity.identity]) { $0.ticketKeys = keys }
        let guarded = try server([identity.identity]) {
            $0.ticketKeys = keys
            $0.clientCertificates = .required(ada.trust)
        }
        let peer = peer(try client(trusting: identity.trust), "localhost")
        let first = try SecureConnection(context: open, peer: peer)
        try first.shakeHands()
        try first.send([1], from: first.server, to: first.client)
        first.close()
        let second = try SecureConnection(context: guarded, peer: peer)
        try second.turn(until: "the server was told") { !second.server.failures.isEmpty }
        #expect(second.server.connects == 0 && second.server.socket?.tlsFailure == .certificateMissing)
        second.close()
    }
}
