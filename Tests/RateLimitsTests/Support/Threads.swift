import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Threads of their own, because Swift's pool has no more of them than the machine has cores, and because clients that
/// block must not hold it up.
enum Threads {
    private final class Crew: Sendable {
        let body: @Sendable (Int) -> Void
        let next = Atomic<Int>(0)
        let left: Atomic<Int>
        let done: CheckedContinuation<Void, Never>

        init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void, _ done: CheckedContinuation<Void, Never>) {
            self.body = body
            left = Atomic(count)
            self.done = done
        }

        func work() {
            body(next.wrappingAdd(1, ordering: .relaxed).oldValue)
            if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done.resume() }
        }
    }

    /// Runs the body on so many threads at once and comes back when all have ended.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
        await withCheckedContinuation { done in
            let crew = Crew(count, body, done)
            for _ in 0..<count { start(crew) }
        }
    }

    private static func start(_ crew: Crew) {
        // Each thread is given a reference of its own, which it takes over once.
        let box = unsafe Unmanaged.passRetained(crew).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                #if canImport(Darwin)
                    let box = unsafe argument
                #else
                    guard let box = unsafe argument else { return nil }
                #endif
                let crew = unsafe Unmanaged<Crew>.fromOpaque(box).takeRetainedValue()
                pthread_detach(pthread_self())
                crew.work()
                return nil
            }, box)
        precondition(code == 0, "no thread to be had")
    }
}
