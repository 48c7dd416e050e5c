#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A detached thread of its own, so that scripted peers may block without holding up Swift's small thread pool.
public enum WorkerThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread; it ends when the body returns.
    public static func start(_ body: @escaping @Sendable () -> Void) throws {
        // SAFETY: the box is retained for the new thread, which takes the reference over exactly once.
        let box = unsafe Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                #if canImport(Darwin)
                    let box = unsafe Unmanaged<Body>.fromOpaque(argument)
                #else
                    guard let argument = unsafe argument else { return nil }
                    let box = unsafe Unmanaged<Body>.fromOpaque(argument)
                #endif
                unsafe box.takeRetainedValue().run()
                return nil
            }, unsafe box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw KitFailure(.system, "no thread: \(systemMessage(code))")
        }
    }
}
