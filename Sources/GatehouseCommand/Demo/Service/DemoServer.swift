internal import HTTPWire
internal import Reactor

/// A small HTTP/1.1 server for a sample service, over the same reactor and the same wire layer as the gateway. One loop,
/// one request at a time on a connection, keep-alive; bodies are read and counted.
final class DemoServer {
    private let service: DemoService
    private let loop = EventLoop()
    private var listener: ListeningSocket?
    /// Connections, kept alive by being here.
    private var connections: [ObjectIdentifier: DemoConnection] = [:]

    init(_ service: DemoService) {
        self.service = service
    }

    /// Binds on the loopback address; the port that it got.
    func listen(port: UInt16) throws(Outcome) -> UInt16 {
        let descriptor: Int32
        do {
            descriptor = try ListeningSocket.bind(SocketAddress(ipv4: 0x7F00_0001, port: port), shared: false)
        } catch {
            throw Outcome(.cannotStart, "demo-service: cannot listen on port \(port) (error \(error.code))")
        }
        listener = ListeningSocket(
            descriptor: descriptor, loop: loop, onAccept: { [unowned self] client, _ in accept(client) },
            onTrouble: { _ in })
        return ListeningSocket.address(of: descriptor)?.port ?? port
    }

    private func accept(_ client: Int32) {
        let connection = DemoConnection(service) { [unowned self] in connections[ObjectIdentifier($0)] = nil }
        if connection.open(client, loop) { connections[ObjectIdentifier(connection)] = connection }
    }

    /// Serves for ever.
    func run() {
        loop.run()
    }
}

/// One connection of it.
private final class DemoConnection: StreamHandler {
    private let service: DemoService
    private let onClose: (DemoConnection) -> Void
    private var socket: StreamSocket?
    private var scanner = RequestScanner()
    private let head = RequestHead()
    /// nil between requests.
    private var body: BodyDecoder?
    private let trailers = HeaderBlock()
    private var bodySize = 0
    private let output = WireBuffer(capacity: 4_096)

    init(_ service: DemoService, onClose: @escaping (DemoConnection) -> Void) {
        self.service = service
        self.onClose = onClose
    }

    func open(_ descriptor: Int32, _ loop: EventLoop) -> Bool {
        socket = StreamSocket(descriptor: descriptor, loop: loop, handler: self)
        return socket != nil
    }

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        var offset = 0
        do {
            while offset < bytes.count, socket?.isOpen == true {
                if body == nil {
                    let outcome = try scanner.scan(bytes, from: offset, into: head, limits: HeadLimits())
                    guard case .complete(let count) = outcome else { return }
                    offset += count
                    body = BodyDecoder(try Framing.ofRequest(head))
                    bodySize = 0
                    if head.expectsContinue { sendContinue() }
                }
                try readBody(bytes, &offset)
            }
        } catch {
            send(DemoService.Response(status: 400, body: "{\"error\": \"bad_request\"}\n"), keepAlive: false)
        }
    }

    private func readBody(_ bytes: Span<UInt8>, _ offset: inout Int) throws(WireError) {
        while true {
            switch try body?.next(bytes, from: &offset, trailers: trailers) ?? .needMore {
            case .payload(_, let count): bodySize += count
            case .needMore: return
            case .end:
                body = nil
                send(service.answer(request()), keepAlive: head.keepAlive)
                return
            }
        }
    }

    private func request() -> DemoService.Request {
        let fields = head.fields
        var headers: [(name: String, value: String)] = []
        for index in 0..<fields.count { headers.append((text(fields.name(index)), text(fields.value(index)))) }
        return DemoService.Request(
            method: text(fields.bytes(head.methodText)), path: text(fields.bytes(head.path)),
            query: head.hasQuery ? text(fields.bytes(head.query)) : nil, headers: headers, bodySize: bodySize)
    }

    private func text(_ bytes: Span<UInt8>) -> String {
        // Used within the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private func sendContinue() {
        guard let socket else { return }
        let output = output
        output.removeAll()
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
        socket.write(output.span)
    }

    private func send(_ response: DemoService.Response, keepAlive: Bool) {
        guard let socket else { return }
        let output = output
        output.removeAll()
        output.append("HTTP/1.1 ")
        output.append(decimal: response.status)
        output.append(byte: UInt8(ascii: " "))
        output.append(StatusText.reason(response.status))
        output.append("\r\nContent-Type: application/json\r\nContent-Length: ")
        output.append(decimal: response.body.utf8.count)
        // A 405 has to name what is allowed (RFC 9110 §15.5.6): here, nothing.
        if response.status == 405 { output.append("\r\nAllow:") }
        output.append(keepAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n")
        if head.method != .head { output.append(response.body) }
        socket.write(output.span)
        if !keepAlive { end() }
    }

    override func socketDidReachEnd() { end() }
    override func socketDidFail(_ error: Int32) { end() }

    private func end() {
        guard let socket else { return }
        self.socket = nil
        socket.closeAfterFlush()
        // Not now: this object's own code is on the stack.
        socket.loop.afterThis { [self] in onClose(self) }
    }
}
