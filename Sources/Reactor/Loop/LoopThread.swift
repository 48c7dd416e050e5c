#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A thread that runs a loop until the loop is stopped.
package final class LoopThread: @unchecked Sendable {
    private let thread: pthread_t
    private let loop: EventLoop

    /// Starts the thread; nil when the system has none left.
    package init?(_ loop: EventLoop) {
        self.loop = loop
        let argument = unsafe Unmanaged.passRetained(loop).toOpaque()
        #if canImport(Glibc)
            var made = pthread_t()
        #else
            var made: pthread_t?
        #endif
        let result = unsafe pthread_create(&made, nil, LoopThread.body, argument)
        guard result == 0 else {
            unsafe Unmanaged<EventLoop>.fromOpaque(argument).release()
            return nil
        }
        #if canImport(Glibc)
            thread = made
        #else
            guard let made else { return nil }
            thread = made
        #endif
    }

    #if canImport(Glibc)
        private static let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
            }
            return nil
        }
    #else
        private static let body: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
            unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }
    #endif

    /// Waits for the thread's end.
    package func join() {
        _ = pthread_join(thread, nil)
    }
}
