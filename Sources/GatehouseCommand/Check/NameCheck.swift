internal import CSystem
internal import Dispatch
internal import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// Asks the system about host names, many at once, and for a bounded time.
///
/// A name that does not resolve is a warning only: configurations are checked where they are written, and services may
/// live where only production can see them.
struct NameCheck: Sendable {
    enum Answer: Sendable, Hashable {
        case found
        case failed(String)
    }

    /// Answers for one name; it may block.
    var lookUp: @Sendable (String) -> Answer
    /// For all names together.
    var seconds: Double
    /// Names that are asked for at the same time. Each holds a thread while the system thinks.
    var width = 32

    static let system = NameCheck(lookUp: NameCheck.ask, seconds: 3)

    private struct Progress {
        var next = 0
        var answers: [Int: Answer] = [:]
        var running = 0
        var isOver = false
    }

    private final class Board: Sendable {
        let progress = Mutex(Progress())
        let done = DispatchSemaphore(value: 0)
    }

    func warnings(for names: [LoadResult.HostReference]) -> [Diagnostic] {
        guard !names.isEmpty else { return [] }
        let board = Board()
        let workers = min(width, names.count)
        board.progress.withLock { $0.running = workers }
        for _ in 0..<workers {
            PlainThread.start { work(names, board) }
        }
        _ = board.done.wait(timeout: .now() + seconds)
        let answers = board.progress.withLock { progress in
            progress.isOver = true
            return progress.answers
        }
        return names.enumerated().compactMap { index, name in
            let problem: String
            switch answers[index] {
            case .found: return nil
            case .failed(let reason): problem = "does not resolve: \(reason)"
            case nil: problem = "did not resolve within \(Int(seconds)) seconds"
            }
            return Diagnostic(.warning, at: name.location, "\"\(name.name)\" \(problem)")
        }
    }

    /// Takes names until none is left or the time is over.
    private func work(_ names: [LoadResult.HostReference], _ board: Board) {
        while true {
            let index: Int? = board.progress.withLock { progress in
                guard !progress.isOver, progress.next < names.count else {
                    progress.running -= 1
                    return nil
                }
                progress.next += 1
                return progress.next - 1
            }
            guard let index else { break }
            let answer = lookUp(names[index].name)
            board.progress.withLock { $0.answers[index] = answer }
        }
        if board.progress.withLock({ $0.running == 0 }) { board.done.signal() }
    }

    @Sendable
    private static func ask(_ name: String) -> Answer {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // The name and the hints are read within the call; what it allocates is freed here.
        let code = unsafe getaddrinfo(name, nil, &hints, &list)
        if let list = unsafe list { unsafe freeaddrinfo(list) }
        if code == 0 { return .found }
        // A constant of the system, ended by a null.
        return .failed(unsafe gai_strerror(code).map { unsafe String(cString: $0) }?.lowercased() ?? "error \(code)")
    }
}
