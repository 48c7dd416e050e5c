#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The scratch in which one line of text is put together: JSON records, log lines, error bodies.
///
/// A record is some sixty short pieces. Appending each across a module border would cost a call that cannot be inlined,
/// so a line grows here, in memory that its owner alone writes to, and goes into its `WireBuffer` as one piece. The
/// memory is kept from line to line; a line that was unusually long gives it back (`reset`).
@safe
struct LineWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int
    /// What `reset` goes back to.
    private let usualCapacity: Int

    init(capacity: Int = 4096) {
        let capacity = max(capacity, 64)
        unsafe base = .allocate(capacity: capacity)
        self.capacity = capacity
        usualCapacity = capacity
    }

    deinit { unsafe base.deallocate() }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // The first `count` bytes are initialised, and the borrow keeps the writer, and so its memory, in place.
            let bytes = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// Begins a new line.
    mutating func reset() {
        count = 0
        if capacity > 16 * usualCapacity {
            unsafe base.deallocate()
            unsafe base = .allocate(capacity: usualCapacity)
            capacity = usualCapacity
        }
    }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if capacity - count < extra { grow(by: extra) }
    }

    @inline(never)
    private mutating func grow(by extra: Int) {
        let grown = max(capacity * 2, count + extra)
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: grown)
        unsafe fresh.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = fresh
        capacity = grown
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        reserve(1)
        // Room was made above.
        unsafe base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        // A static string's bytes live for ever; room was made above.
        unsafe memcpy(base + count, text.utf8Start, length)
        count += length
    }

    mutating func append(_ bytes: borrowing Span<UInt8>) {
        let length = bytes.count
        if length == 0 { return }
        reserve(length)
        unsafe bytes.withUnsafeBufferPointer { source in
            // The source is `length` bytes, not empty, and room was made above.
            _ = unsafe memcpy(base + count, source.baseAddress!, length)
        }
        count += length
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { source in
            guard let start = source.baseAddress else { return }
            reserve(source.count)
            // Room for all of the source was made above.
            unsafe memcpy(base + count, start, source.count)
            count += source.count
        }
    }

    mutating func append(decimal value: Int) {
        reserve(20)
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        appendDigits(value.magnitude, atLeast: 1)
    }

    mutating func append(decimal value: UInt64) {
        appendDigits(UInt(value), atLeast: 1)
    }

    /// `value` with leading zeros up to `width` digits (at most 20).
    mutating func appendDigits(_ value: UInt, atLeast width: Int) {
        reserve(20)
        var digits = 1
        var rest = value / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        digits = max(digits, width)
        rest = value
        var position = count + digits - 1
        while position >= count {
            // 20 bytes were reserved, and no 64-bit number has more digits.
            unsafe base[position] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
            position -= 1
        }
        count += digits
    }

    /// Nanoseconds as milliseconds with three decimals: `1.234`.
    mutating func append(milliseconds nanoseconds: Int64) {
        let micros = UInt(max(nanoseconds, 0)) / 1000
        appendDigits(micros / 1000, atLeast: 1)
        append(byte: UInt8(ascii: "."))
        appendDigits(micros % 1000, atLeast: 3)
    }

    /// Lower-case hexadecimal without leading zeros.
    mutating func append(hex value: UInt16) {
        var shift = 12
        while shift > 0, value >> UInt16(shift) == 0 { shift -= 4 }
        while shift >= 0 {
            append(byte: hexDigit(UInt8(truncatingIfNeeded: value >> UInt16(shift)) & 15))
            shift -= 4
        }
    }

    /// Copies bytes that need no change from `source[start...]` up to the first that does, and returns its index.
    /// Eight at a time: most of what is logged is plain ASCII.
    mutating func appendPlainJSON(_ source: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let end = source.count
        var index = start
        reserve(end - start)
        while end - index >= 8 {
            // Eight bytes are left in the source, and as much room as it has bytes left was made above.
            let word = unsafe UnsafeRawPointer(source.baseAddress! + index).loadUnaligned(as: UInt64.self)
            if JSONText.needsAttention(word) { break }
            unsafe UnsafeMutableRawPointer(base + count).storeBytes(of: word, as: UInt64.self)
            count += 8
            index += 8
        }
        while index < end {
            // index < end = source.count; room as above.
            let byte = unsafe source[index]
            if JSONText.needsAttention(byte) { break }
            unsafe base[count] = byte
            count += 1
            index += 1
        }
        return index
    }
}

/// The lower-case digit of a value below 16.
@inline(__always)
func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? value &+ UInt8(ascii: "0") : value &+ (UInt8(ascii: "a") &- 10)
}
