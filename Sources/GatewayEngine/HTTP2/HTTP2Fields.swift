internal import CNghttp2
internal import HTTPWire

/// Fields as the library takes them: pointers into memory that stays as it is for the call. It keeps copies of values,
/// and of names that are not known, with these in lower case, and writes to none of them.
@safe enum HTTP2Fields {
    typealias List = UnsafeMutableBufferPointer<nghttp2_nv>

    /// What the library is told of known fields: their names in lower case, which stay for ever and so need no copy. Made
    /// once, never freed.
    @safe private struct Names: @unchecked Sendable {
        @safe struct Entry {
            /// nil: not known.
            var name: UnsafeMutablePointer<UInt8>?
            var count = 0
            var flags: UInt8 = 0
            var isHopByHop = false
        }

        /// By the field's raw value.
        let entries: UnsafeMutablePointer<Entry>

        init() {
            unsafe entries = .allocate(capacity: KnownField.allCases.count)
            unsafe entries.initialize(repeating: Entry(), count: KnownField.allCases.count)
            for known in KnownField.allCases where known != .none {
                let text = known.canonicalName
                let name = UnsafeMutablePointer<UInt8>.allocate(capacity: text.utf8CodeUnitCount)
                for index in 0..<text.utf8CodeUnitCount {
                    // Within the text, and within its copy.
                    let byte = unsafe text.utf8Start[index]
                    unsafe name[index] = byte &- 0x41 < 26 ? byte | 0x20 : byte
                }
                // A value that never comes twice is kept out of the tables of the compression, where it would only push
                // out others.
                let isUnique = known == .xRequestID || known == .traceparent
                let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | (isUnique ? NGHTTP2_NV_FLAG_NO_INDEX.rawValue : 0)
                unsafe entries[Int(known.rawValue)] = Entry(
                    name: name, count: text.utf8CodeUnitCount, flags: UInt8(truncatingIfNeeded: flags),
                    isHopByHop: known.isHopByHop)
            }
        }
    }

    private static let names = Names()

    /// Describes the fields of a block that are passed on; the pointers are good until the block is changed.
    ///
    /// - Parameter tellsNames: fields that never come twice go into the tables after all, so that the next ones need not
    ///   spell their names out.
    @unsafe static func fill(
        _ list: List, from start: Int, with fields: HeaderBlock, tellsNames: Bool = false
    ) -> Int {
        var count = start
        let names = names
        for index in 0..<fields.count {
            let field = fields.field(index)
            // What concerns a connection of HTTP/1 does not exist here (RFC 9113 §8.2.2).
            if unsafe field.isRemoved || names.entries[Int(field.known.rawValue)].isHopByHop { continue }
            unsafe list[count] = describe(
                fields.bytes(field.name), fields.bytes(field.value), names.entries + Int(field.known.rawValue))
            if tellsNames { unsafe list[count].flags &= ~UInt8(truncatingIfNeeded: NGHTTP2_NV_FLAG_NO_INDEX.rawValue) }
            count += 1
        }
        return count
    }

    @unsafe static func describe(_ name: Span<UInt8>, _ value: Span<UInt8>, _ known: KnownField) -> nghttp2_nv {
        unsafe describe(name, value, names.entries + Int(known.rawValue))
    }

    @inline(__always)
    @unsafe private static func describe(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ known: UnsafeMutablePointer<Names.Entry>
    ) -> nghttp2_nv {
        unsafe value.withUnsafeBufferPointer { value in
            let start = unsafe UnsafeMutablePointer(mutating: value.baseAddress)
            if let constant = unsafe known.pointee.name {
                return unsafe nghttp2_nv(
                    name: constant, value: start, namelen: known.pointee.count, valuelen: value.count,
                    flags: known.pointee.flags)
            }
            return unsafe name.withUnsafeBufferPointer { name in
                unsafe nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: name.baseAddress), value: start, namelen: name.count,
                    valuelen: value.count, flags: 0)
            }
        }
    }

    /// The name is a constant of the program, in lower case.
    @unsafe static func describe(_ name: StaticString, _ value: Span<UInt8>) -> nghttp2_nv {
        unsafe value.withUnsafeBufferPointer { value in
            unsafe nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.baseAddress), namelen: name.utf8CodeUnitCount,
                valuelen: value.count, flags: UInt8(truncatingIfNeeded: NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
        }
    }
}

extension HeaderBlock {
    /// A copy of the fields that are still there, for when these have become somebody else's.
    func copy() -> HeaderBlock {
        let block = HeaderBlock()
        for index in 0..<count where !field(index).isRemoved {
            block.append(name: name(index), value: value(index))
        }
        return block
    }
}
