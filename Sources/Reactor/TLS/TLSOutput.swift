internal import CSystem

/// Where OpenSSL puts what it has encrypted, until one system call sends it: one for each loop, made when its first TLS
/// connection comes, and empty between two calls of a socket.
///
/// That is why no TLS connection owns a buffer for writing, and why a write never has to be repeated: there is room
/// always, and what the system does not take waits in the socket's chunks like the bytes of a connection in clear.
@safe final class TLSOutput {
    /// Four full records: what one turn reads of the other side.
    static let capacity = 4 * 17 * 1024
    /// The largest record's content.
    static let recordSize = 16 * 1024

    private let base: UnsafeMutablePointer<UInt8>
    /// Pieces that shall leave in one record are put together here.
    let staging: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    init() {
        unsafe base = .allocate(capacity: Self.capacity)
        unsafe staging = .allocate(capacity: Self.recordSize)
    }

    deinit {
        unsafe base.deallocate()
        unsafe staging.deallocate()
    }

    func hasRoom(for size: Int) -> Bool { size <= Self.capacity - count }

    /// The caller has asked for room.
    func append(_ bytes: UnsafeRawPointer, _ size: Int) {
        precondition(size >= 0 && size <= Self.capacity - count, "no room for encrypted bytes")
        // Within the buffer, as was just checked.
        unsafe (base + count).update(from: bytes.assumingMemoryBound(to: UInt8.self), count: size)
        count += size
    }

    /// The bytes, which the caller sends before anything else is written.
    func take() -> Span<UInt8> {
        let size = count
        count = 0
        // The buffer lives as long as the loop, and these bytes until the next append.
        return unsafe _overrideLifetime(Span(_unsafeStart: UnsafePointer(base), count: size), borrowing: self)
    }
}
