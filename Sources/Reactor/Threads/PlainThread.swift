#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A thread for work that waits: for a signal, a pipe, the system's resolver. A shared pool would count such a thread as
/// busy and hold others back.
package enum PlainThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own; false when the system has none left.
    @discardableResult
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let context = unsafe Unmanaged.passRetained(Body(body))
        #if canImport(Glibc)
            var thread = pthread_t()
            let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
                // Retained above, and released here or below, never twice.
                if let context = unsafe context { unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }
            let code = unsafe pthread_create(&thread, nil, enter, context.toOpaque())
            if code == 0 { _ = pthread_detach(thread) }
        #else
            var thread: pthread_t?
            let enter: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { context in
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }
            let code = unsafe pthread_create(&thread, nil, enter, context.toOpaque())
            if code == 0, let thread { _ = pthread_detach(thread) }
        #endif
        if code != 0 { unsafe context.release() }
        return code == 0
    }
}
