import GatehouseTesting
import Synchronization

@testable import RateLimits

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A real Redis or Valkey for one test: on a socket in a directory of its own, without a port, a file or a past.
final class LimitServer {
    let path: String
    private let directory: TemporaryDirectory
    private let process: ChildProcess

    init(_ program: RedisServer.Program) throws {
        directory = try TemporaryDirectory()
        path = directory.file("socket")
        process = try ChildProcess(
            try program.path(),
            ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--daemonize", "no"])
        _ = try process.wait(for: "the server to be ready") { output, _ in
            output.contains("eady to accept connections") ? true : nil
        }
    }
}

/// The least that talks to Redis: it writes a command, waits for the answer, and reads it.
final class LimitClient {
    private let descriptor: Int32
    private var received: [UInt8] = []
    private let reader = RESPReader()
    private(set) var script: [UInt8] = []

    struct Failure: Error {
        let what: String
    }

    init(_ path: String) throws {
        #if canImport(Glibc)
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw Failure(what: "the path is too long") }
        // The path fits, as asked above; the address is read during the call only.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(errno)") }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends bytes and gives the whole answer.
    func ask(_ request: [UInt8]) throws -> [UInt8] {
        var sent = 0
        while sent < request.count {
            let count = unsafe request.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress! + sent, $0.count - sent)
            }
            guard count > 0 else { throw Failure(what: "write: \(errno)") }
            sent += count
        }
        received.removeAll(keepingCapacity: true)
        while true {
            let bytes = received
            if let end = try reader.end(bytes.span, from: 0) {
                guard end == bytes.count else { throw Failure(what: "more than one answer") }
                return bytes
            }
            let more = try unsafe [UInt8](unsafeUninitializedCapacity: 4_096) { room, filled in
                let count = unsafe read(descriptor, room.baseAddress, room.count)
                guard count > 0 else { throw Failure(what: "read: \(errno)") }
                filled = count
            }
            received += more
        }
    }

    func command(_ words: String...) throws -> String {
        var request: [UInt8] = []
        RESPRequest.append(words.map { Array($0.utf8) }, to: &request)
        return String(decoding: try ask(request), as: UTF8.self)
    }

    /// Loads the script.
    func load() throws {
        var request: [UInt8] = []
        RESPRequest.appendLoad(to: &request)
        let answer = try ask(request)
        var position = 0
        guard case .bulk(let name) = try reader.next(answer.span, at: &position) else {
            throw Failure(what: String(decoding: answer, as: UTF8.self))
        }
        script = Array(answer[name])
    }

    /// Decides a request.
    func decide(_ check: LimitCheck, count: Int = 1) throws -> LimitReply.Result {
        var request: [UInt8] = []
        RESPRequest.append(
            check, .named(script), in: RESPRequest.KeySpace(prefix: Array("gatehouse:".utf8)), count: count,
            to: &request)
        let answer = try ask(request)
        return try LimitReply.read(answer.span, from: 0, reader: reader, asked: max(count, 1), into: check)
    }

    /// Gives back what `count` requests were charged.
    func giveBack(_ check: LimitCheck, count: Int) throws {
        var request: [UInt8] = []
        RESPRequest.append(
            check, .named(script), in: RESPRequest.KeySpace(prefix: Array("gatehouse:".utf8)), count: -count,
            to: &request)
        guard try ask(request) == Array("*1\r\n:0\r\n".utf8) else { throw Failure(what: "a refund was refused") }
    }

    /// Decides one limit.
    func decide(_ limit: RateLimit, _ key: String) throws -> LimitOutcome {
        let check = LimitCheck([(limit, key)])
        let result = try decide(check)
        guard case .decided = result else { throw Failure(what: "\(result)") }
        return check.items[0].outcome
    }
}
