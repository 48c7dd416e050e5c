import Testing

@testable import Reactor

/// Both ends of a TLS connection on one loop, with a wire between them that the test can cut, hold and count.
final class SecureConnection {
    let loop = EventLoop()
    let server = Recorder()
    let client = Recorder()
    let wire: Wire

    convenience init(
        server serverOptions: TLSContext.ServerOptions? = nil, client clientOptions: TLSContext.ClientOptions? = nil,
        name: String = "localhost", slice: Int = .max, sendBuffer: Int32? = nil
    ) throws {
        let identity = try TestIdentity.shared.get()
        let options = serverOptions ?? TLSContext.ServerOptions(identities: [identity.identity], ticketKeys: .init())
        var clientDefaults = TLSContext.ClientOptions()
        clientDefaults.trust = identity.trust
        let peer = TLSPeer(
            context: try TLSContext(client: clientOptions ?? clientDefaults), name: name, isAddress: false)
        try self.init(context: try TLSContext(server: options), peer: peer, slice: slice, sendBuffer: sendBuffer)
    }

    init(context: TLSContext, peer: TLSPeer, slice: Int = .max, sendBuffer: Int32? = nil) throws {
        wire = try Wire(slice: slice, sendBuffer: sendBuffer)
        server.socket = StreamSocket(descriptor: wire.serverEnd, loop: loop, handler: server, tls: context)
        var error: Int32 = 0
        client.socket = StreamSocket.connect(
            to: wire.address, loop: loop, handler: client, tls: peer, error: &error)
        try wire.accept()
    }

    /// Turns and carries until the condition holds.
    func turn(until what: String, _ condition: () -> Bool) throws {
        try loop.turn(until: what) {
            wire.carry()
            return condition()
        }
    }

    func shakeHands() throws {
        try turn(until: "the handshake is complete") { server.connects == 1 && client.connects == 1 }
    }

    /// Writes on one side and waits until the other has it.
    func send(_ bytes: [UInt8], from sender: Recorder, to receiver: Recorder) throws {
        let expected = receiver.received.count + bytes.count
        sender.socket?.write(bytes.span)
        loop.flush()
        try turn(until: "\(bytes.count) bytes have arrived") { receiver.received.count >= expected }
    }

    func close() {
        client.socket?.close()
        server.socket?.close()
        wire.close()
        client.forget()
        server.forget()
        loop.turnAFewTimes()
        #expect(loop.chunks.leasedCount == 0)
        #expect(loop.descriptors.count == 0)
    }
}

/// A certificate for localhost, made once.
struct TestIdentity {
    let identity: TLSIdentity
    let trust: TLSTrust
    let certificate: [UInt8]

    static let shared = Result { try TestIdentity("localhost") }

    init(_ names: String...) throws {
        let made = try #require(SelfSignedCertificate(dnsNames: names, addresses: ["127.0.0.1"]))
        identity = try TLSIdentity(certificate: made.certificate, key: made.key)
        trust = try TLSTrust(authorities: made.certificate)
        certificate = made.certificate
    }
}

/// Two connected pairs of descriptors, and the test in between: it carries what one side has sent to the other, in
/// slices of any size.
final class Wire {
    let address: SocketAddress
    let serverEnd: Int32
    private let listener: Int32
    private let toServer: RawSocket
    private var toClient: RawSocket?
    var slice: Int
    private var forClient: [UInt8] = []
    private var forServer: [UInt8] = []
    private var serverHasEnded = false
    private var clientHasEnded = false
    /// Carries nothing towards the server's reader, or from it.
    var holdsForServer = false
    var holdsForClient = false
    private(set) var carriedToServer = 0
    private(set) var carriedToClient = 0

    init(slice: Int, sendBuffer: Int32? = nil) throws {
        self.slice = slice
        let pair = try RawSocket.pair(sendBuffer: sendBuffer)
        serverEnd = pair.descriptor
        toServer = pair.peer
        listener = try ListeningSocket.bind(.loopback, shared: false)
        address = try #require(ListeningSocket.address(of: listener))
    }

    func accept() throws {
        toClient = try RawSocket.accept(on: listener)
    }

    func carry() {
        guard let toClient else { return }
        if !holdsForServer {
            carriedToServer += Self.carry(from: toClient, to: toServer, &forServer, slice, &clientHasEnded)
        }
        if !holdsForClient {
            carriedToClient += Self.carry(from: toServer, to: toClient, &forClient, slice, &serverHasEnded)
        }
    }

    private static func carry(
        from source: RawSocket, to target: RawSocket, _ bytes: inout [UInt8], _ slice: Int, _ hasEnded: inout Bool
    ) -> Int {
        if bytes.isEmpty && !hasEnded {
            switch source.receive() {
            case .bytes(let more): bytes = more
            case .end:
                hasEnded = true
                target.shutdownWrite()
            case .nothing, .failure: break
            }
        }
        let sent = max(0, target.send(bytes.prefix(slice)))
        bytes.removeFirst(min(sent, bytes.count))
        return sent
    }

    /// Bytes of our own, in the middle of what the client says.
    func injectToServer(_ bytes: [UInt8]) { toServer.send(bytes) }

    /// The client's side ends without a word of TLS.
    func cutTowardsServer() {
        clientHasEnded = true
        toServer.shutdownWrite()
    }

    func close() {
        toServer.closeNow()
        toClient?.closeNow()
        ListeningSocket.discard(listener)
    }
}
