/// What a client that speaks HTTP/2 begins with.
enum HTTP2Preface {
    /// What ALPN calls it (RFC 9113 §3.2).
    static let protocolName = "h2"
    /// No method of HTTP/1 will ever be called so (RFC 9113 §11.6): the first four bytes tell.
    static let start: InlineArray<4, UInt8> = [0x50, 0x52, 0x49, 0x20]
}

/// Reads the heads of HTTP/2 frames out of a stream of bytes, and nothing else of them.
///
/// The guards against floods count by it, before the session sees the bytes: what is bounded is bounded by us, in the
/// order in which it came, whatever the library below would have said.
struct FrameReader {
    struct Head {
        var length = 0
        var type: UInt8 = 0
        var flags: UInt8 = 0
        var stream: UInt32 = 0

        static let endStream: UInt8 = 1
        static let ack: UInt8 = 1
        static let endHeaders: UInt8 = 4

        enum Kind: UInt8 {
            case data = 0
            case headers = 1
            case priority = 2
            case rstStream = 3
            case settings = 4
            case pushPromise = 5
            case ping = 6
            case goAway = 7
            case windowUpdate = 8
            case continuation = 9
            case priorityUpdate = 16
        }

        /// nil: a type that no specification of ours knows, to be ignored (RFC 9113 §5.5).
        var kind: Kind? { Kind(rawValue: type) }
    }

    /// What every connection begins with (RFC 9113 §3.4).
    static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    private static let headSize = 9

    /// Bytes to pass over: the preface, then payloads.
    private var toSkip = FrameReader.preface.utf8CodeUnitCount
    private var have = 0
    private var head = Head()

    /// In the middle of a frame.
    var isInside: Bool { toSkip > 0 || have > 0 }

    /// The head of the next frame that begins in the bytes from `offset` on; nil when they are used up.
    mutating func next(_ bytes: Span<UInt8>, from offset: inout Int) -> Head? {
        while offset < bytes.count {
            if toSkip > 0 {
                let skipped = min(toSkip, bytes.count - offset)
                toSkip -= skipped
                offset += skipped
                continue
            }
            if have == 0 && bytes.count - offset >= Self.headSize {
                // Whole, as nearly always.
                let length = Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
                let stream =
                    UInt32(bytes[offset + 5] & 0x7F) << 24 | UInt32(bytes[offset + 6]) << 16
                    | UInt32(bytes[offset + 7]) << 8 | UInt32(bytes[offset + 8])
                toSkip = length
                let head = Head(length: length, type: bytes[offset + 3], flags: bytes[offset + 4], stream: stream)
                offset += Self.headSize
                return head
            }
            let byte = bytes[offset]
            offset += 1
            if have == 0 { head = Head() }
            switch have {
            case 0...2: head.length = head.length << 8 | Int(byte)
            case 3: head.type = byte
            case 4: head.flags = byte
            // The first bit is reserved.
            default: head.stream = (head.stream << 8 | UInt32(byte)) & 0x7FFF_FFFF
            }
            have += 1
            if have == Self.headSize {
                have = 0
                toSkip = head.length
                return head
            }
        }
        return nil
    }
}
