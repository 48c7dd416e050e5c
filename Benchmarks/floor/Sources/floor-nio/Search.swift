import NIOCore

/// Byte searches over a `ByteBuffer`.
extension ByteBuffer {
    /// The offset of `needle` from the reader index, or nil.
    func offset(of needle: StaticString) -> Int? {
        let length = needle.utf8CodeUnitCount
        let size = readableBytes
        guard size >= length else { return nil }
        // Both pointers are used only inside the closure; `memmem` would need a C target, so the search is spelled
        // out: the needles begin with CR, which is rare.
        return unsafe withUnsafeReadableBytes { bytes in
            let start = unsafe needle.utf8Start
            let first = unsafe start.pointee
            var index = 0
            while index <= size - length {
                if unsafe bytes[index] == first {
                    var matched = 1
                    while matched < length, unsafe bytes[index + matched] == start[matched] { matched += 1 }
                    if matched == length { return index }
                }
                index += 1
            }
            return nil
        }
    }

    /// The length of the head that the buffer begins with, its empty line included.
    var headLength: Int? { offset(of: "\r\n\r\n").map { $0 + 4 } }

    /// The value of Content-Length in the head that the buffer begins with.
    func contentLength() -> Int? {
        let name: StaticString = "\r\nContent-Length: "
        guard let found = offset(of: name) else { return nil }
        var index = readerIndex + found + name.utf8CodeUnitCount
        var value = 0
        while let digit = getInteger(at: index, as: UInt8.self), digit >= 0x30, digit <= 0x39 {
            value = value &* 10 &+ Int(digit &- 0x30)
            index += 1
        }
        return value
    }
}
