internal import CSystem
internal import HTTPWire
internal import Reactor

/// One request and its response, on a connection and a loop of their own.
final class AdminConversation: StreamHandler {
    enum Failure: Error, Equatable {
        case connect(Int32)
        case broken
        case malformed
        case timeout

        func sentence(_ authority: String) -> String {
            switch self {
            case .connect(ECONNREFUSED):
                "nobody listens on \(authority): is the gateway running, with an admin listener there?"
            case .connect(let code): "cannot reach \(authority) (error \(code))"
            case .broken: "the gateway at \(authority) closed the connection without an answer"
            case .malformed: "what answers at \(authority) does not speak HTTP as it should"
            case .timeout: "the gateway at \(authority) does not answer in time"
            }
        }
    }

    private let request: [UInt8]
    private let loop = EventLoop()
    private var socket: StreamSocket?
    private var scanner = ResponseScanner()
    private let head = ResponseHead()
    private let trailers = HeaderBlock()
    /// nil before the head is complete.
    private var decoder: BodyDecoder?
    private var body: [UInt8] = []
    private var isConnected = false
    private var result: Result<AdminClient.Reply, Failure>?

    /// A gateway with ten thousand endpoints says a few megabytes.
    private static let bodyLimit = 256 << 20

    init(_ request: [UInt8]) { self.request = request }

    func run(
        with address: SocketAddress, connectTime: Int64, patience: Int64
    ) throws(Failure) -> AdminClient.Reply {
        var error: Int32 = 0
        socket = StreamSocket.connect(to: address, loop: loop, handler: self, error: &error)
        guard socket != nil else { throw .connect(error) }
        let began = gh_monotonic_ns()
        while true {
            if let result {
                // What the end left for later, such as closing, is done within a turn.
                loop.turn(longest: 0)
                return try result.get()
            }
            let left = (isConnected ? patience : connectTime) - (gh_monotonic_ns() - began)
            if left <= 0 {
                end(.failure(isConnected ? .timeout : .connect(ETIMEDOUT)))
            } else {
                loop.turn(longest: left / 1_000_000 + 1)
            }
        }
    }

    override func socketDidConnect() {
        isConnected = true
        let request = request
        socket?.write(request.span)
    }

    override func socketDidReceive(_ bytes: Span<UInt8>) {
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count, result == nil {
                if decoder == nil {
                    guard case .complete(let count) = try scanner.scan(bytes, from: offset, into: head, limits: .init())
                    else { return }
                    offset += count
                    if head.status < 200 { continue }
                    decoder = BodyDecoder(try Framing.ofResponse(head, to: .get))
                }
                try readBody(bytes, &offset)
            }
        } catch {
            end(.failure(.malformed))
        }
    }

    private func readBody(_ bytes: Span<UInt8>, _ offset: inout Int) throws(WireError) {
        while result == nil {
            if decoder?.isComplete == true { return complete() }
            switch try decoder?.next(bytes, from: &offset, trailers: trailers) ?? .needMore {
            case .payload(let start, let count):
                guard body.count + count <= Self.bodyLimit else { return end(.failure(.malformed)) }
                for index in start..<start + count { body.append(bytes[index]) }
            case .needMore: return
            case .end: complete()
            }
        }
    }

    private func complete() { end(.success(AdminClient.Reply(status: head.status, body: body))) }

    override func socketDidReachEnd() {
        end(.failure(.broken))
    }

    override func socketDidFail(_ error: Int32) { end(.failure(isConnected ? .broken : .connect(error))) }

    private func end(_ result: Result<AdminClient.Reply, Failure>) {
        guard self.result == nil else { return }
        self.result = result
        socket?.close()
        socket = nil
    }
}
