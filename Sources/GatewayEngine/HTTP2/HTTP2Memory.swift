internal import CNghttp2
internal import CSystem

/// Where the sessions of one loop get their memory from.
///
/// For each stream the library asks for a handful of small blocks and gives them back when the stream ends: itself, the
/// frames that wait to be sent, their fields. Streams come and go by the dozen in one turn, which is more at once than the
/// system's own caches of small blocks hold. Here blocks of a few sizes wait in lists, one for each size, so that a
/// request costs no more than taking the first and putting it back.
///
/// What waits is bounded, and goes back to the system when memory is short (`shrink`). One loop's sessions use it, so
/// nothing is locked. Sizes beyond the lists' are the system's business.
@safe final class HTTP2Memory {
    /// In front of each block: which list it belongs to, and the next one while it waits there.
    private struct Header {
        /// 0: none of the lists; the system's.
        var list: Int
        /// Of a block of the system's: its size. While it waits in a list: the next one.
        var word: UInt
    }

    /// Each list's blocks are so much larger than those of the one before.
    static let step = 64
    static let listCount = 16
    /// Bytes that wait at most: what some hundred streams at once take.
    static let limit = 512 * 1_024

    /// The first block of each list; 0: none. Lists count from 1.
    private var first = InlineArray<17, UInt>(repeating: 0)
    /// Bytes that wait.
    private(set) var kept = 0

    init() {}

    deinit { shrink() }

    /// What a session is made with; it must end before this object does.
    @unsafe var functions: nghttp2_mem {
        unsafe nghttp2_mem(
            mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
            malloc: { size, user in unsafe HTTP2Memory.of(user)._withUnsafeGuaranteedRef { unsafe $0.take(size) } },
            free: { block, user in unsafe HTTP2Memory.of(user)._withUnsafeGuaranteedRef { unsafe $0.giveBack(block) } },
            calloc: { count, size, user in
                unsafe HTTP2Memory.of(user)._withUnsafeGuaranteedRef {
                    let (total, isBeyond) = count.multipliedReportingOverflow(by: size)
                    guard !isBeyond, let block = unsafe $0.take(total) else { return nil }
                    unsafe memset(block, 0, total)
                    return unsafe block
                }
            },
            realloc: { block, size, user in
                unsafe HTTP2Memory.of(user)._withUnsafeGuaranteedRef { unsafe $0.change(block, to: size) }
            })
    }

    @unsafe private static func of(_ user: UnsafeMutableRawPointer?) -> Unmanaged<HTTP2Memory> {
        unsafe Unmanaged<HTTP2Memory>.fromOpaque(user!)
    }

    /// A block of at least this size; nil when there is no memory.
    @unsafe func take(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= Self.listCount * Self.step else { return unsafe takeLarge(size) }
        let list = max(1, (size + Self.step - 1) / Self.step)
        guard let start = unsafe UnsafeMutableRawPointer(bitPattern: first[list]) else {
            return unsafe make(list: list, word: 0, size: list * Self.step)
        }
        // Blocks that wait are whole, and nobody else's.
        unsafe first[list] = start.load(as: Header.self).word
        kept -= list * Self.step
        return unsafe start + MemoryLayout<Header>.size
    }

    @unsafe private func takeLarge(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= Int.max - MemoryLayout<Header>.size else { return nil }
        return unsafe make(list: 0, word: UInt(size), size: size)
    }

    @unsafe private func make(list: Int, word: UInt, size: Int) -> UnsafeMutableRawPointer? {
        guard let start = unsafe malloc(size + MemoryLayout<Header>.size) else { return nil }
        unsafe start.storeBytes(of: Header(list: list, word: word), as: Header.self)
        return unsafe start + MemoryLayout<Header>.size
    }

    /// Takes a block back; nil is none.
    @unsafe func giveBack(_ block: UnsafeMutableRawPointer?) {
        guard let block = unsafe block else { return }
        // Every block has its header in front of it.
        let start = unsafe block - MemoryLayout<Header>.size
        let list = unsafe start.load(as: Header.self).list
        let size = list * Self.step
        guard list > 0, kept + size <= Self.limit else { return unsafe free(start) }
        unsafe start.storeBytes(of: Header(list: list, word: first[list]), as: Header.self)
        first[list] = UInt(bitPattern: start)
        kept += size
    }

    @unsafe func change(_ block: UnsafeMutableRawPointer?, to size: Int) -> UnsafeMutableRawPointer? {
        guard let block = unsafe block else { return unsafe take(size) }
        let header = unsafe (block - MemoryLayout<Header>.size).load(as: Header.self)
        let present = header.list > 0 ? header.list * Self.step : Int(bitPattern: header.word)
        if size >= 0 && size <= present { return unsafe block }
        guard let larger = unsafe take(size) else { return nil }
        // Both hold at least as many.
        unsafe larger.copyMemory(from: block, byteCount: present)
        unsafe giveBack(block)
        return unsafe larger
    }

    /// Gives all that waits back to the system.
    func shrink() {
        for list in 1...Self.listCount {
            while let start = unsafe UnsafeMutableRawPointer(bitPattern: first[list]) {
                unsafe first[list] = start.load(as: Header.self).word
                unsafe free(start)
            }
        }
        kept = 0
    }
}
