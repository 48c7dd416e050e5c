internal import CNghttp2
internal import HTTPWire

/// Fields as the library takes them: pointers into memory that stays as it is for the call. It keeps copies, with the
/// names in lower case, and writes to none of them.
@safe enum HTTP2Fields {
    typealias List = UnsafeMutableBufferPointer<nghttp2_nv>

    /// Describes the fields of a block that are passed on; the pointers are good until the block is changed.
    @unsafe static func fill(_ list: List, from start: Int, with fields: HeaderBlock) -> Int {
        var count = start
        for index in 0..<fields.count {
            let field = fields.field(index)
            // What concerns a connection of HTTP/1 does not exist here (RFC 9113 §8.2.2).
            if field.isRemoved || field.known.isHopByHop { continue }
            unsafe list[count] = describe(fields.bytes(field.name), fields.bytes(field.value), field.known)
            count += 1
        }
        return count
    }

    /// - Parameter known: a value that never comes twice is kept out of the tables of the compression, where it would only
    ///   push out others.
    @unsafe static func describe(_ name: Span<UInt8>, _ value: Span<UInt8>, _ known: KnownField) -> nghttp2_nv {
        let isUnique = known == .xRequestID || known == .traceparent
        let flags = isUnique ? NGHTTP2_NV_FLAG_NO_INDEX.rawValue : NGHTTP2_NV_FLAG_NONE.rawValue
        return unsafe describe(name, value, flags: UInt8(truncatingIfNeeded: flags))
    }

    @unsafe private static func describe(_ name: Span<UInt8>, _ value: Span<UInt8>, flags: UInt8) -> nghttp2_nv {
        unsafe name.withUnsafeBufferPointer { name in
            unsafe value.withUnsafeBufferPointer { value in
                unsafe nghttp2_nv(
                    name: UnsafeMutablePointer(mutating: name.baseAddress),
                    value: UnsafeMutablePointer(mutating: value.baseAddress), namelen: name.count,
                    valuelen: value.count, flags: flags)
            }
        }
    }

    /// The name is a constant of the program.
    @unsafe static func describe(_ name: StaticString, _ value: Span<UInt8>) -> nghttp2_nv {
        unsafe value.withUnsafeBufferPointer { value in
            unsafe nghttp2_nv(
                name: UnsafeMutablePointer(mutating: name.utf8Start),
                value: UnsafeMutablePointer(mutating: value.baseAddress), namelen: name.utf8CodeUnitCount,
                valuelen: value.count, flags: 0)
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
