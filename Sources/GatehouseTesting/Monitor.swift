#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A value behind a lock, and a way to wait for it to become what is needed.
///
/// Threads of scripted peers and the thread of a test meet here, and nowhere else. Every change wakes every waiter;
/// a waiter looks at the value under the lock and goes on waiting, or takes what it came for. There is no wait
/// without a deadline.
@safe final class Monitor<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ value: Value) {
        self.value = value
        // SAFETY: both live on the heap at a fixed address from here to deinit, as pthread demands.
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        // SAFETY: the last reference is gone, so nobody waits or holds the lock.
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Reads or changes the value; wakes the waiters.
    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        // SAFETY: initialised in init; released on every way out.
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Waits until `take` gives a result.
    ///
    /// - Parameter what: completes "waited in vain for …".
    func wait<Result>(
        for what: @autoclosure () -> String, within limit: Duration = Patience.standard,
        _ take: (inout Value) throws -> Result?
    ) throws -> Result {
        var moment = wallClock(after: limit)
        // SAFETY: as in withLock; the wait releases the lock and takes it again before it returns.
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = try take(&value) {
                unsafe pthread_cond_broadcast(condition)
                return result
            }
            if unsafe pthread_cond_timedwait(condition, mutex, &moment) == ETIMEDOUT {
                throw KitFailure(.timeout, "waited in vain for \(what())")
            }
        }
    }
}

/// A door that is shut until someone opens it: a test lets a peer take its next step.
public final class Gate: Sendable {
    private let name: String
    private let isOpen = Monitor(false)

    public init(_ name: String = "a gate to open") { self.name = name }

    /// Lets everyone through, now and later.
    public func open() { isOpen.withLock { $0 = true } }

    /// Blocks until the gate is open.
    ///
    /// - Throws: `KitFailure` of kind `timeout`.
    public func wait(within limit: Duration = Patience.standard) throws {
        try isOpen.wait(for: name, within: limit) { $0 ? () : nil }
    }
}

/// A count that one side raises and the other waits for.
public final class Counter: Sendable {
    private let name: String
    private let count = Monitor(0)

    public init(_ name: String = "a count") { self.name = name }

    public var value: Int { count.withLock { $0 } }

    /// Adds and gives the new value.
    @discardableResult
    public func add(_ amount: Int = 1) -> Int {
        count.withLock { count in
            count += amount
            return count
        }
    }

    /// Blocks until the count is at least `target`.
    public func wait(for target: Int, within limit: Duration = Patience.standard) throws {
        try count.wait(for: "\(name) to reach \(target)", within: limit) { $0 >= target ? () : nil }
    }
}
