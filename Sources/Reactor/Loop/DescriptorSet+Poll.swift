#if !os(Linux) || GATEHOUSE_UV_POLL
    internal import CLibuv
    internal import CSystem

    /// The descriptors one loop watches, on every system libuv runs on: a `uv_poll` handle for each.
    ///
    /// Level-triggered, and every `uv_poll_start` costs system calls even when nothing changes, so a start is made only
    /// when what is asked for differs from what is armed. Reading stays armed unless the socket is paused, writing is
    /// armed only while bytes wait. Waiting is `uv_run(ONCE)`, with a timer of libuv's for the time limit.
    ///
    /// libuv calls back in the middle of `wait`; the callback only notes the event, and the loop looks at the notes when
    /// `uv_run` has returned, exactly as it looks at the array that epoll fills.
    @safe final class DescriptorSet {
        /// `wait` has run everything libuv had to run.
        static let waitRunsLibuv = true

        private let libuv: UnsafeMutablePointer<uv_loop_t>
        private let timer: UnsafeMutablePointer<uv_timer_t>
        private var watches: [PollWatch?] = []
        private var nextGeneration: UInt32 = 1
        private let events = PollEvents()

        init(libuv: UnsafeMutablePointer<uv_loop_t>) {
            unsafe self.libuv = libuv
            unsafe timer = .allocate(capacity: 1)
            _ = unsafe uv_timer_init(libuv, timer)
        }

        /// Watches a stream socket; for writing only from the first `changeStream` that asks for it.
        func addStream(_ handler: DescriptorHandler) -> Bool {
            add(handler, Int32(UV_READABLE.rawValue | UV_DISCONNECT.rawValue))
        }

        /// Watches a listening or foreign descriptor.
        func addLevel(_ handler: DescriptorHandler, read: Bool, write: Bool) -> Bool {
            add(handler, PollWatch.mask(read: read, write: write))
        }

        /// Changes what a listening or foreign descriptor is watched for.
        func changeLevel(_ handler: DescriptorHandler, read: Bool, write: Bool) {
            watch(of: handler)?.arm(PollWatch.mask(read: read, write: write))
        }

        /// Changes what a stream is watched for. That the peer goes away is watched for until it has.
        func changeStream(_ handler: DescriptorHandler, read: Bool, write: Bool) {
            guard let watch = watch(of: handler) else { return }
            let end = watch.endWasSeen ? 0 : Int32(UV_DISCONNECT.rawValue)
            watch.arm(PollWatch.mask(read: read, write: write) | end)
        }

        /// Stops watching; the caller closes the descriptor.
        func remove(_ handler: DescriptorHandler) {
            guard let watch = watch(of: handler) else { return }
            watches[Int(handler.descriptor)] = nil
            watch.close()
        }

        /// The same here: libuv takes it out of its set.
        func removeShared(_ handler: DescriptorHandler) { remove(handler) }

        /// Closes what is left; libuv ends it in its next runs.
        func tearDown() {
            for watch in watches { watch?.close() }
            watches = []
            // Freed by its close callback, as libuv touches it until then.
            unsafe timer.withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
                unsafe uv_close($0) { handle in unsafe UnsafeMutableRawPointer(handle)?.deallocate() }
            }
        }

        var count: Int { watches.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

        /// Waits; returns how many events there are. libuv has run when it returns.
        func wait(milliseconds: Int32, libuvIsReady: inout Bool) -> Int {
            events.list.removeAll(keepingCapacity: true)
            if milliseconds <= 0 {
                _ = unsafe uv_run(libuv, UV_RUN_NOWAIT)
            } else {
                // A timer counts from the loop's idea of now, which is that of its last run.
                unsafe uv_update_time(libuv)
                _ = unsafe uv_timer_start(timer, { _ in }, UInt64(milliseconds), 0)
                _ = unsafe uv_run(libuv, UV_RUN_ONCE)
                _ = unsafe uv_timer_stop(timer)
            }
            libuvIsReady = true
            return events.list.count
        }

        /// The handler of an event, unless it went away since, and what happened.
        func event(_ index: Int) -> (DescriptorHandler, Readiness)? {
            let (watch, readiness) = events.list[index]
            guard let handler = watch.handler else { return nil }
            return (handler, readiness)
        }

        private func watch(of handler: DescriptorHandler) -> PollWatch? {
            let index = Int(handler.descriptor)
            guard index >= 0, index < watches.count, let watch = watches[index], watch.handler === handler else {
                return nil
            }
            return watch
        }

        private func add(_ handler: DescriptorHandler, _ mask: Int32) -> Bool {
            let index = Int(handler.descriptor)
            precondition(index >= 0, "a handler without a descriptor")
            while watches.count <= index { watches.append(nil) }
            nextGeneration &+= 1
            handler.generation = nextGeneration
            guard let watch = unsafe PollWatch(handler, libuv, events) else { return false }
            watches[index] = watch
            watch.arm(mask)
            return true
        }
    }

    /// What libuv has told since the last wait.
    final class PollEvents {
        var list: [(PollWatch, Readiness)] = []
    }

    /// One `uv_poll` handle. libuv may touch its memory until the close callback, so until then the handle owns a
    /// reference to this object, which owns the memory.
    @safe final class PollWatch {
        private(set) var handler: DescriptorHandler?
        private(set) var endWasSeen = false
        private let poll: UnsafeMutablePointer<uv_poll_t>
        private let events: PollEvents
        private var armed: Int32 = 0

        init?(_ handler: DescriptorHandler, _ libuv: UnsafeMutablePointer<uv_loop_t>, _ events: PollEvents) {
            self.events = events
            unsafe poll = .allocate(capacity: 1)
            guard unsafe uv_poll_init(libuv, poll, handler.descriptor) == 0 else { return nil }
            self.handler = handler
            // Released by the close callback.
            unsafe poll.pointee.data = Unmanaged.passRetained(self).toOpaque()
        }

        deinit {
            unsafe poll.deallocate()
        }

        static func mask(read: Bool, write: Bool) -> Int32 {
            (read ? Int32(UV_READABLE.rawValue) : 0) | (write ? Int32(UV_WRITABLE.rawValue) : 0)
        }

        func arm(_ mask: Int32) {
            if mask == armed || handler == nil { return }
            armed = mask
            if mask == 0 {
                _ = unsafe uv_poll_stop(poll)
                return
            }
            _ = unsafe uv_poll_start(poll, mask) { poll, status, mask in
                guard let data = unsafe poll?.pointee.data else { return }
                let watch = unsafe Unmanaged<PollWatch>.fromOpaque(data).takeUnretainedValue()
                watch.note(status, mask)
            }
        }

        func close() {
            guard handler != nil else { return }
            handler = nil
            unsafe poll.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { handle in
                unsafe uv_close(handle) { handle in
                    guard let data = unsafe handle?.pointee.data else { return }
                    unsafe Unmanaged<PollWatch>.fromOpaque(data).release()
                }
            }
        }

        private func note(_ status: Int32, _ mask: Int32) {
            if status != 0 {
                // The descriptor has an error (libuv says UV_EBADF for any), and libuv has stopped the handle.
                armed = 0
                endWasSeen = true
                events.list.append((self, .error))
                return
            }
            var readiness: Readiness = []
            if mask & Int32(UV_READABLE.rawValue) != 0 { readiness.insert(.readable) }
            if mask & Int32(UV_WRITABLE.rawValue) != 0 { readiness.insert(.writable) }
            if mask & Int32(UV_DISCONNECT.rawValue) != 0 {
                // Told once, as an edge would be: level-triggered, a paused socket would spin the loop.
                readiness.insert(.end)
                endWasSeen = true
                arm(armed & ~Int32(UV_DISCONNECT.rawValue))
            }
            events.list.append((self, readiness))
        }
    }
#endif
