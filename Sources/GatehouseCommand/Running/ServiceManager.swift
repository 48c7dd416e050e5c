internal import CSystem
internal import Reactor
internal import Synchronization

/// What the service manager is told, by the datagrams of sd_notify(3); nothing where there is none.
///
/// - `READY=1` when everything listens, and after a reload;
/// - `RELOADING=1` with the time, so that `systemctl reload` waits for the end of it (`Type=notify-reload`);
/// - `STOPPING=1` when a drain begins;
/// - `MAINPID=` when another program has taken over: the manager follows it from then on;
/// - `WATCHDOG=1` while all loops turn: a program that hangs is restarted.
final class ServiceManager: Sendable {
    private let address: String?
    /// Between two signs of life; nil: nobody waits for any.
    private let interval: Int64?
    /// Reloads under way, which may overlap with one another.
    private let reloads = Mutex(0)

    init(variable: (String) -> String? = Console.variable) {
        address = variable("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        // Meant for one process: a successor that inherits it asks for itself.
        let isForUs = variable("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let microseconds = variable("WATCHDOG_USEC").flatMap(Int64.init)
        interval = isForUs ? microseconds.flatMap { $0 > 0 ? $0 / 2 : nil } : nil
    }

    private func send(_ text: String) {
        if let address { LocalSocket.notify(address, text) }
    }

    func ready() { send("READY=1\nSTATUS=serving") }

    func stopping() { send("STOPPING=1\nSTATUS=completing what is under way") }

    func replaced(by successor: Int32) {
        if successor > 0 { send("MAINPID=\(successor)\nSTATUS=serving") }
    }

    func reload(_ body: () -> Void) {
        let isFirst = reloads.withLock { count in
            count += 1
            return count == 1
        }
        if isFirst { send("RELOADING=1\nMONOTONIC_USEC=\(gh_monotonic_ns() / 1_000)") }
        body()
        let isLast = reloads.withLock { count in
            count -= 1
            return count == 0
        }
        if isLast { ready() }
    }

    /// Gives a sign of life as long as `isAlive` says so, on a thread of its own.
    ///
    /// - Parameter isAlive: gets the milliseconds within which it has to answer.
    func watch(_ isAlive: @escaping @Sendable (Int) -> Bool) {
        guard address != nil, let interval else { return }
        let milliseconds = Int(clamping: max(1, interval / 1_000))
        PlainThread.start { [self] in
            while true {
                if isAlive(milliseconds) { send("WATCHDOG=1") }
                // A clock that needs no descriptor.
                _ = poll(nil, 0, Int32(clamping: milliseconds))
            }
        }
    }
}
