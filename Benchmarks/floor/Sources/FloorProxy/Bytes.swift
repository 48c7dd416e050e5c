internal import CFloorLibuv
internal import Glibc

/// Finding and writing the few bytes that matter, with the C library's search.
enum Bytes {
    static let connectionClose: StaticString = "\r\nConnection: close\r\n"
    private static let emptyLine: StaticString = "\r\n\r\n"
    private static let contentLengthName: StaticString = "\r\nContent-Length: "
    private static let forwardedFor: StaticString = "X-Forwarded-For: 127.0.0.1\r\nX-Request-ID: "

    /// The offset of `needle`, or nil.
    static func find(_ needle: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress,
            let found = unsafe memmem(start, bytes.count, needle.utf8Start, needle.utf8CodeUnitCount)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - start
    }

    /// The length of the head that `bytes` begin with, its empty line included.
    static func headEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
        unsafe find(emptyLine, in: bytes).map { $0 + 4 }
    }

    static func contentLength(_ head: UnsafeRawBufferPointer) -> Int? {
        guard var index = unsafe find(contentLengthName, in: head) else { return nil }
        index += contentLengthName.count
        var value = 0
        while index < head.count, case let digit = unsafe head[index], digit >= 0x30, digit <= 0x39 {
            value = value &* 10 &+ Int(digit &- 0x30)
            index += 1
        }
        return value
    }

    /// Ends a head that lacks only its empty line: two fields, then that.
    static func writeFields(at place: UnsafeMutableRawPointer, requestNumber: UInt64) -> Int {
        let prefix = forwardedFor.count
        // The caller leaves 256 bytes of room.
        unsafe place.copyMemory(from: forwardedFor.utf8Start, byteCount: prefix)
        var number = requestNumber
        for position in (0..<16).reversed() {
            let nibble = UInt8(truncatingIfNeeded: number & 15)
            let digit = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
            unsafe place.storeBytes(of: digit, toByteOffset: prefix + position, as: UInt8.self)
            number >>= 4
        }
        unsafe (place + prefix + 16).copyMemory(from: emptyLine.utf8Start, byteCount: 4)
        return prefix + 20
    }
}

extension StaticString {
    var count: Int { utf8CodeUnitCount }
}
