/// Follows where WebSocket frames begin and end (RFC 6455 §5.2) in one direction, without keeping or changing a byte.
///
/// A gateway may put a frame of its own, such as the Close frame of a drain, only between two others, and only when no
/// fragmented message is cut by more than a control frame, which the protocol allows anywhere between frames.
struct FrameTracker {
    /// Bytes of the present frame's head that have been seen; they decide how long the head is.
    private var headSeen = 0
    private var headLength = 2
    private var lengthBytes = 0
    private var payloadLeft: UInt64 = 0

    /// The last byte seen was the last of a frame, or none was seen yet.
    var isBetweenFrames: Bool { headSeen == 0 && payloadLeft == 0 }

    /// Goes over bytes; returns how many there are up to the end of the first frame that ends in them, or nil when none
    /// does. With `stopsThere` nothing behind that end is taken in.
    mutating func take(_ bytes: Span<UInt8>, stopsThere: Bool = false) -> Int? {
        var index = 0
        var firstEnd: Int?
        while index < bytes.count {
            if payloadLeft > 0 {
                let step = min(UInt64(bytes.count - index), payloadLeft)
                payloadLeft -= step
                index += Int(step)
            } else {
                readHead(bytes[index])
                index += 1
            }
            if isBetweenFrames && firstEnd == nil {
                firstEnd = index
                if stopsThere { return index }
            }
        }
        return firstEnd
    }

    private mutating func readHead(_ byte: UInt8) {
        headSeen += 1
        if headSeen == 2 {
            let short = byte & 0x7F
            lengthBytes = short == 127 ? 8 : short == 126 ? 2 : 0
            payloadLength = lengthBytes == 0 ? UInt64(short) : 0
            headLength = 2 + lengthBytes + (byte & 0x80 != 0 ? 4 : 0)
        } else if headSeen > 2 && headSeen <= 2 + lengthBytes {
            // The top bit of a 64-bit length must be 0; a peer that sets it will be told so by the other peer.
            payloadLength = payloadLength << 8 | UInt64(byte)
        }
        guard headSeen >= 2, headSeen == headLength else { return }
        headSeen = 0
        payloadLeft = payloadLength
    }

    /// Of the frame whose head is being read.
    private var payloadLength: UInt64 = 0

    /// A Close frame from a server with status 1001, "going away" (RFC 6455 §7.4.1).
    static let goingAway: InlineArray<4, UInt8> = [0x88, 0x02, 0x03, 0xE9]
}
