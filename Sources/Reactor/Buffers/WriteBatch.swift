internal import CSystem

/// The small writes of one socket during one event, gathered so that head and body leave in one system call.
///
/// One per loop, owned by at most one socket at a time; when another socket writes, the first one's bytes leave. Bytes
/// stay here only while a handler runs, so it costs no memory per connection.
@safe struct WriteBatch: ~Copyable {
    static let capacity = 16 * 1024

    private(set) var owner: StreamSocket?
    private let base: UnsafeMutablePointer<UInt8>
    private var count = 0

    init() {
        unsafe base = .allocate(capacity: Self.capacity)
    }

    deinit {
        unsafe base.deallocate()
    }

    /// Takes the bytes when they fit beside what the same socket wrote before.
    mutating func take(_ bytes: Span<UInt8>, for socket: StreamSocket) -> Bool {
        let size = bytes.count
        if owner == nil {
            if size > Self.capacity { return false }
            owner = socket
        } else if owner !== socket || count + size > Self.capacity {
            return false
        }
        // count + size fits, checked above.
        unsafe bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { _ = unsafe memcpy(base + count, start, size) }
        }
        count += size
        return true
    }

    mutating func flush() {
        guard let socket = owner else { return }
        let size = count
        owner = nil
        count = 0
        let bytes = unsafe Span(_unsafeStart: UnsafePointer(base), count: size)
        socket.sendNow(bytes, then: Span())
    }

    /// Sends what waits and `bytes` behind it, without copying them.
    mutating func flush(with bytes: Span<UInt8>, _ tail: Span<UInt8> = Span()) {
        guard let socket = owner else { return }
        let size = count
        owner = nil
        count = 0
        let waiting = unsafe Span(_unsafeStart: UnsafePointer(base), count: size)
        socket.sendNow(waiting, bytes, tail)
    }

    /// Forgets the bytes of a socket that was closed without sending them.
    mutating func drop(_ socket: StreamSocket) {
        if owner === socket {
            owner = nil
            count = 0
        }
    }
}
