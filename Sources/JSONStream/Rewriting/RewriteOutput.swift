/// Where rewritten bytes are gathered: small pieces of one call leave together, and what must wait stays here.
@safe
final class RewriteOutput {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// Bytes stay, because some of them may yet be taken back.
    var isHeld = false
    /// What may be held; at least a block.
    let limit: Int
    private(set) var isOverLimit = false

    /// Enough to make calls of the sink rare; runs longer than this go past the block.
    static let block = 16 * 1024

    init(limit: Int) {
        self.limit = max(limit, Self.block)
        capacity = Self.block
        unsafe base = .allocate(capacity: capacity)
    }

    deinit { unsafe base.deallocate() }

    /// Appends `size` bytes; when the block is full, it is written first.
    @inline(__always)
    func append(_ source: UnsafePointer<UInt8>, _ size: Int, _ write: (Span<UInt8>) -> Void) {
        if _slowPath(size > capacity &- count) {
            // Nothing of what may be held is longer than the limit, so the sum does not overflow.
            guard unsafe makeRoom(source, size, write) else { return }
        }
        // Room is there, and the source is not in this block.
        unsafe base.advanced(by: count).update(from: source, count: size)
        count &+= size
    }

    func append(_ bytes: [UInt8], _ write: (Span<UInt8>) -> Void) {
        // The array lives through the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(start(of: $0), $0.count, write) }
    }

    @inline(__always)
    func append(byte: UInt8, _ write: (Span<UInt8>) -> Void) {
        var byte = byte
        // The variable lives through the call.
        unsafe withUnsafePointer(to: &byte) { unsafe append($0, 1, write) }
    }

    /// False if the bytes need no place any more.
    @inline(never)
    private func makeRoom(_ source: UnsafePointer<UInt8>, _ size: Int, _ write: (Span<UInt8>) -> Void) -> Bool {
        guard isHeld else {
            flush(write)
            guard size > capacity else { return true }
            // As in `append`.
            write(unsafe Span(_unsafeStart: source, count: size))
            return false
        }
        guard size <= limit - count else {
            isOverLimit = true
            return false
        }
        capacity = min(max(capacity * 2, count + size), limit)
        let old = unsafe base
        unsafe base = .allocate(capacity: capacity)
        unsafe base.update(from: old, count: count)
        unsafe old.deallocate()
        return true
    }

    /// Writes what is here, unless it is held.
    func flush(_ write: (Span<UInt8>) -> Void) {
        guard !isHeld, count > 0 else { return }
        // These are the bytes written so far.
        write(unsafe Span(_unsafeStart: base, count: count))
        count = 0
        guard capacity > 4 * Self.block else { return }
        unsafe base.deallocate()
        capacity = Self.block
        unsafe base = .allocate(capacity: capacity)
    }

    /// Takes bytes out again.
    func remove(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes that are not here any more")
        // Both places lie in the block; they may overlap.
        unsafe base.advanced(by: range.lowerBound).update(
            from: base.advanced(by: range.upperBound), count: count - range.upperBound)
        count -= range.count
    }

    /// Whether there is a comma at `place`.
    func hasComma(at place: Int) -> Bool {
        // Within the bytes written so far.
        guard place < count else { return false }
        return unsafe base[place] == UInt8(ascii: ",")
    }

    /// More has to wait than may.
    func refuse() { isOverLimit = true }

    func reset() {
        count = 0
        isHeld = false
        isOverLimit = false
    }
}
