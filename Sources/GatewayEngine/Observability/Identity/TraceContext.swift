package import HTTPWire

/// W3C Trace Context: `traceparent: 00-<trace id>-<parent id>-<flags>`.
///
/// The gateway is one hop of a trace. It keeps a valid trace id and the sampling decision, puts a parent id of its own in
/// place of the caller's, and passes `tracestate` on; without a valid `traceparent` it begins a trace, and then a
/// `tracestate` that came along belongs to nothing and goes (§2.3, §3.2).
package struct TraceContext: Sendable, Hashable {
    /// 16 bytes, big endian, as two words; never both zero.
    package var traceHigh: UInt64
    package var traceLow: UInt64
    /// Never zero.
    package var parent: UInt64
    /// Bit 0: sampled. Bit 1: the trace id is random (level 2 of the specification). Others are never passed on.
    package var flags: UInt8

    /// Bytes of a `traceparent` of version 00.
    package static let length = 55

    package init(traceHigh: UInt64, traceLow: UInt64, parent: UInt64, flags: UInt8) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.parent = parent
        self.flags = flags
    }

    /// Reads a field value; nil when it is not valid. Version 00 has exactly this form; a later one may have more behind
    /// another `-`, of which only what version 00 knows is read (§4.1); version ff is forbidden. Hexadecimal digits are
    /// lower case.
    package init?(parsing value: Span<UInt8>) {
        guard value.count >= TraceContext.length,
            value[2] == UInt8(ascii: "-"), value[35] == UInt8(ascii: "-"), value[52] == UInt8(ascii: "-"),
            let version = TraceContext.hex(value, from: 0, digits: 2), version != 0xFF,
            let high = TraceContext.hex(value, from: 3, digits: 16),
            let low = TraceContext.hex(value, from: 19, digits: 16), high | low != 0,
            let parent = TraceContext.hex(value, from: 36, digits: 16), parent != 0,
            let flags = TraceContext.hex(value, from: 53, digits: 2)
        else { return nil }
        if value.count > TraceContext.length {
            guard version != 0, value[55] == UInt8(ascii: "-") else { return nil }
        }
        self.init(traceHigh: high, traceLow: low, parent: parent, flags: UInt8(flags) & 3)
    }

    /// Begins a trace.
    package init(beginning source: inout IdentifierSource, sampled: Bool) {
        let high = source.next()
        self.init(
            traceHigh: high, traceLow: source.nextNonZero(), parent: source.nextNonZero(), flags: sampled ? 3 : 2)
    }

    /// The same trace, with this hop as the parent of what follows.
    package func child(_ source: inout IdentifierSource) -> TraceContext {
        var child = self
        child.parent = source.nextNonZero()
        return child
    }

    /// The field value, always as version 00.
    package var text: InlineArray<55, UInt8> {
        var text = InlineArray<55, UInt8>(repeating: UInt8(ascii: "0"))
        text[2] = UInt8(ascii: "-")
        text[35] = UInt8(ascii: "-")
        text[52] = UInt8(ascii: "-")
        put(traceHigh, at: 3, into: &text)
        put(traceLow, at: 19, into: &text)
        put(parent, at: 36, into: &text)
        text[53] = hexDigit(flags >> 4)
        text[54] = hexDigit(flags & 15)
        return text
    }

    /// Makes the request carry a valid `traceparent` with this gateway as the parent, and returns where in the arena of
    /// its fields the trace id stands.
    ///
    /// - Parameter sampleNew: Whether a trace that begins here is marked as sampled. True by default: services follow
    ///   their caller's decision, and a trace begun unsampled would switch their tracing off.
    package static func propagate(
        in request: RequestHead, sampleNew: Bool = true, _ source: inout IdentifierSource
    ) -> ByteRange {
        let fields = request.fields
        let index = fields.firstIndex(of: .traceparent)
        var context: TraceContext?
        if index >= 0, fields.nextIndex(of: .traceparent, after: index) < 0 {
            context = TraceContext(parsing: fields.value(index))?.child(&source)
        }
        if context == nil { fields.remove(.tracestate) }
        let text = (context ?? TraceContext(beginning: &source, sampled: sampleNew)).text
        fields.set(.traceparent, text.span)
        let value = fields.field(fields.firstIndex(of: .traceparent)).value
        return ByteRange(start: value.start + 3, count: 32)
    }

    private func put(_ value: UInt64, at start: Int, into text: inout InlineArray<55, UInt8>) {
        let first = Self.digits(UInt32(truncatingIfNeeded: value >> 32))
        let last = Self.digits(UInt32(truncatingIfNeeded: value))
        var span = text.mutableSpan
        unsafe span.withUnsafeMutableBytes {
            // Sixteen digits from `start` on end within the text.
            unsafe $0.storeBytes(of: first.bigEndian, toByteOffset: start, as: UInt64.self)
            unsafe $0.storeBytes(of: last.bigEndian, toByteOffset: start + 8, as: UInt64.self)
        }
    }

    /// Eight digits at once, the first in the highest byte: every request has 48 of them.
    private static func digits(_ value: UInt32) -> UInt64 {
        // Half a byte in each byte.
        var word = UInt64(value)
        word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
        word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
        word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // One in each byte that is a letter; letters begin 39 behind where the digit after 9 would be.
        let letters = (word &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return word &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }

    private static func hex(_ value: borrowing Span<UInt8>, from start: Int, digits: Int) -> UInt64? {
        var result: UInt64 = 0
        for index in start..<start + digits {
            let byte = value[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): result = result << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): result = result << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return result
    }
}
