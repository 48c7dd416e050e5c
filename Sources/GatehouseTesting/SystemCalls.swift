internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Held while a descriptor exists that a child process could still inherit, and while a child is made: a gateway
/// started at the wrong moment would otherwise keep a test's socket open.
let inheritance = Mutex(())

// System calls whose names the kit's own methods take, so that a method can still reach the call.

func systemPoll(_ entry: inout pollfd, _ milliseconds: Int32) -> Int32 {
    // SAFETY: exactly one entry is given, and the count says so.
    unsafe poll(&entry, 1, milliseconds)
}

func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    // SAFETY: the caller's address is as long as it says.
    unsafe connect(descriptor, address, length)
}

func systemBind(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    // SAFETY: as in systemConnect.
    unsafe bind(descriptor, address, length)
}

func systemListen(_ descriptor: Int32, _ backlog: Int32) -> Int32 { listen(descriptor, backlog) }

/// A client's descriptor, or a negative number and errno.
func systemAccept(_ descriptor: Int32) -> Int32 {
    inheritance.withLock { _ in
        let client = accept(descriptor, nil, nil)
        if client >= 0 { closeOnExec(client) }
        return client
    }
}

/// A send that raises no SIGPIPE.
func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Darwin)
        unsafe send(descriptor, bytes.baseAddress, bytes.count, 0)
    #else
        unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    #endif
}

func closeOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

func makeNonblocking(_ descriptor: Int32) {
    closeOnExec(descriptor)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL, 0) | O_NONBLOCK)
}

@discardableResult
func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Int32 {
    var value = value
    // SAFETY: the value lives across the call and its size is given.
    return unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// SO_ERROR: how a connection attempt ended.
func pendingError(_ descriptor: Int32) -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: both live across the call, and the length says how large the value is.
    return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length) == 0 ? value : errno
}

/// The time of day after a while, as condition variables want it.
func wallClock(after duration: Duration) -> timespec {
    var moment = timespec()
    // SAFETY: the structure lives across the call.
    unsafe clock_gettime(CLOCK_REALTIME, &moment)
    let total = Int64(moment.tv_nsec) + duration.wholeNanoseconds
    moment.tv_sec += Int(total / 1_000_000_000)
    moment.tv_nsec = Int(total % 1_000_000_000)
    return moment
}

func systemClose(_ descriptor: Int32) { _ = close(descriptor) }

/// The operating system's words for an error number.
func systemMessage(_ code: Int32) -> String {
    // SAFETY: strerror gives a C string that is copied at once; the worst a race could do is a garbled message.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}

/// Errno survives what runs between a call and the look at it.
func setErrno(_ code: Int32) {
    // SAFETY: the location belongs to this thread.
    #if canImport(Darwin)
        unsafe __error().pointee = code
    #else
        unsafe __errno_location().pointee = code
    #endif
}

/// What `poll` waits for.
let writable = Int32(POLLOUT)
let readable = Int32(POLLIN)

func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    // SAFETY: the buffer's own count bounds the call.
    unsafe write(descriptor, bytes.baseAddress, bytes.count)
}

/// The next bytes of a file or pipe; empty at its end, nil on an error.
func systemRead(_ descriptor: Int32) -> [UInt8]? {
    var count = 0
    // SAFETY: read fills at most `capacity` bytes, and only those are claimed.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, filled in
        repeat {
            count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
        } while count < 0 && errno == EINTR
        filled = max(count, 0)
    }
    return count < 0 ? nil : bytes
}

func systemKill(_ process: Int32, _ signal: Int32) -> Int32 { kill(process, signal) }
