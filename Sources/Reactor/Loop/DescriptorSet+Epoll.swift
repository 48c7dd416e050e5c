#if os(Linux) && !GATEHOUSE_UV_POLL
    internal import CLibuv
    internal import CSystem

    /// The descriptors one loop watches, on Linux: an epoll set of our own, edge-triggered, that also watches libuv's.
    ///
    /// `uv_poll` costs two `epoll_ctl` calls for every start, changed or not, and two more for a new descriptor. Here a
    /// stream socket is added once, for both directions, and never touched again: pausing is a flag in the socket. The
    /// libuv loop (signals, file events, wake-ups, its thread pool) is one more descriptor in the set and runs only when
    /// it has something to do. See docs/decisions/0001.
    ///
    /// A class, because Swift 6.3's optimiser releases garbage in the initialiser of the same thing as a ~Copyable struct.
    final class DescriptorSet {
        private let set: Int32
        private var handlers: [DescriptorHandler?] = []
        private var nextGeneration: UInt32 = 1
        // Given here and not in `init`: there Swift 6.3 releases the values they had before, which are none, as soon as
        // it optimises.
        private var tokens = [UInt64](repeating: 0, count: batch)
        private var masks = [UInt32](repeating: 0, count: batch)
        private static let batch = 256
        private static let libuvToken = UInt64.max
        /// libuv is one descriptor among the others here; the loop runs it when it is ready.
        static let waitRunsLibuv = false

        init(libuv: UnsafeMutablePointer<uv_loop_t>) {
            set = gh_epoll_create()
            precondition(set >= 0, "epoll_create1 failed: errno \(gh_errno())")
            let added = unsafe gh_epoll_control(
                set, EPOLL_CTL_ADD, uv_backend_fd(libuv), gh_epoll_in, Self.libuvToken)
            precondition(added == 0, "epoll_ctl failed: errno \(gh_errno())")
        }

        deinit {
            _ = close(set)
        }

        /// Watches a stream socket for everything, edge-triggered.
        func addStream(_ handler: DescriptorHandler) -> Bool {
            add(handler, gh_epoll_in | gh_epoll_out | gh_epoll_peer_end | gh_epoll_edge)
        }

        /// Watches a listening or foreign descriptor, level-triggered.
        func addLevel(_ handler: DescriptorHandler, read: Bool, write: Bool) -> Bool {
            add(handler, (read ? gh_epoll_in : 0) | (write ? gh_epoll_out : 0))
        }

        /// Changes what a level-triggered descriptor is watched for.
        func changeLevel(_ handler: DescriptorHandler, read: Bool, write: Bool) {
            _ = gh_epoll_control(
                set, EPOLL_CTL_MOD, handler.descriptor, (read ? gh_epoll_in : 0) | (write ? gh_epoll_out : 0),
                token(handler))
        }

        /// A stream's interest: nothing to do, the set is edge-triggered.
        func changeStream(_ handler: DescriptorHandler, read: Bool, write: Bool) {}

        /// Stops watching a descriptor whose socket another descriptor keeps open, here or in another process: closing
        /// this one does not take it out of the set.
        func removeShared(_ handler: DescriptorHandler) {
            _ = gh_epoll_control(set, EPOLL_CTL_DEL, handler.descriptor, 0, 0)
            remove(handler)
        }

        /// Stops watching; the caller closes the descriptor.
        func remove(_ handler: DescriptorHandler) {
            let index = Int(handler.descriptor)
            guard index >= 0, index < handlers.count, handlers[index] === handler else { return }
            // Closing, which follows, takes the descriptor out of the set; an event that is under way finds no handler.
            handlers[index] = nil
        }

        /// Nothing is left in libuv when the loop goes.
        func tearDown() {}

        var count: Int { handlers.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

        /// Waits; returns how many events there are. `libuvIsReady` tells that libuv's own loop has to run.
        func wait(milliseconds: Int32, libuvIsReady: inout Bool) -> Int {
            let count = unsafe tokens.withUnsafeMutableBufferPointer { tokens in
                unsafe masks.withUnsafeMutableBufferPointer { masks in
                    unsafe gh_epoll_wait(
                        set, tokens.baseAddress, masks.baseAddress, Int32(Self.batch), milliseconds)
                }
            }
            if count <= 0 { return 0 }
            for index in 0..<Int(count) where tokens[index] == Self.libuvToken { libuvIsReady = true }
            return Int(count)
        }

        /// The handler of an event, unless it went away since, and what happened.
        func event(_ index: Int) -> (DescriptorHandler, Readiness)? {
            let token = tokens[index]
            if token == Self.libuvToken { return nil }
            let descriptor = Int(token & 0xFFFF_FFFF)
            guard let handler = handlers[descriptor], handler.generation == UInt32(token >> 32) else { return nil }
            let mask = masks[index]
            var readiness: Readiness = []
            if mask & gh_epoll_in != 0 { readiness.insert(.readable) }
            if mask & gh_epoll_out != 0 { readiness.insert(.writable) }
            if mask & gh_epoll_peer_end != 0 { readiness.insert(.end) }
            if mask & (gh_epoll_hangup | gh_epoll_error) != 0 { readiness.insert(.error) }
            return (handler, readiness)
        }

        private func token(_ handler: DescriptorHandler) -> UInt64 {
            UInt64(handler.generation) << 32 | UInt64(UInt32(bitPattern: handler.descriptor))
        }

        private func add(_ handler: DescriptorHandler, _ events: UInt32) -> Bool {
            let index = Int(handler.descriptor)
            precondition(index >= 0, "a handler without a descriptor")
            while handlers.count <= index { handlers.append(nil) }
            // All ones is libuv's token; a generation of 31 bits never reaches it.
            nextGeneration = (nextGeneration &+ 1) & 0x7FFF_FFFF
            handler.generation = nextGeneration
            guard gh_epoll_control(set, EPOLL_CTL_ADD, handler.descriptor, events, token(handler)) == 0 else {
                return false
            }
            handlers[index] = handler
            return true
        }
    }
#endif
