internal import HTTPWire

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
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        // A static string's bytes live for ever; room was made above.
        unsafe memcpy(base + count, text.utf8Start, length)
        count &+= length
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

    /// Has a name of its own because a literal would rather be a `String` than a `StaticString`, and cost ten times as
    /// much.
    mutating func append(text: String) {
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
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        append(decimal: UInt64(value.magnitude))
    }

    mutating func append(decimal value: UInt64) {
        reserve(DecimalDigits.longest)
        // Room for any number, as just made.
        count &+= unsafe DecimalDigits.write(value, to: base + count)
    }

    /// The three digits of a number below 1,000.
    mutating func append(threeDigits value: UInt64) {
        reserve(3)
        // As above.
        unsafe DecimalDigits.writeThree(value, to: base + count)
        count &+= 3
    }

    /// Nanoseconds as milliseconds with three decimals: `1.234`.
    mutating func append(milliseconds nanoseconds: Int64) {
        let micros = UInt64(max(nanoseconds, 0)) / 1000
        append(decimal: micros / 1000)
        append(byte: UInt8(ascii: "."))
        append(threeDigits: micros % 1000)
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
        let size = source.count - start
        guard size > 0, let first = source.baseAddress else { return start }
        reserve(size)
        // Both are `size` bytes long: what is left of the source, and the room made above.
        let from = unsafe UnsafeRawPointer(first + start)
        let to = unsafe UnsafeMutableRawPointer(base + count)
        var done = 0
        while size &- done >= 8 {
            let word = unsafe from.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            if JSONText.needsAttention(word) { break }
            unsafe to.storeBytes(of: word, toByteOffset: done, as: UInt64.self)
            done &+= 8
        }
        if size > 8, size &- done < 8, done < size {
            // The rest as the end of a last word, whose beginning is copied a second time.
            let word = unsafe from.loadUnaligned(fromByteOffset: size &- 8, as: UInt64.self)
            if !JSONText.needsAttention(word) {
                unsafe to.storeBytes(of: word, toByteOffset: size &- 8, as: UInt64.self)
                done = size
            }
        }
        while done < size {
            let byte = unsafe from.load(fromByteOffset: done, as: UInt8.self)
            if JSONText.needsAttention(byte) { break }
            unsafe to.storeBytes(of: byte, toByteOffset: done, as: UInt8.self)
            done &+= 1
        }
        count &+= done
        return start + done
    }
}

/// The lower-case digit of a value below 16.
@inline(__always)
func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? value &+ UInt8(ascii: "0") : value &+ (UInt8(ascii: "a") &- 10)
}
