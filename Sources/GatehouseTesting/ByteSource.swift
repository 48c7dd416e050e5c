/// The bytes of a connection in order, read only as far as somebody asks.
///
/// A message reader sits on top of it. What was read for one message and belongs to the next stays here.
final class ByteSource {
    let socket: Socket
    var patience: Duration = Patience.standard
    /// Every byte handed out since the last call of `startRecording`.
    private(set) var record: [UInt8] = []
    private var isRecording = false
    private var buffer: [UInt8] = []
    private var position = 0
    private var isEnded = false

    init(_ socket: Socket) { self.socket = socket }

    func startRecording() {
        record.removeAll()
        isRecording = true
    }

    func stopRecording() -> [UInt8] {
        isRecording = false
        return record
    }

    /// Whether bytes are at hand without asking the socket.
    var hasBuffered: Bool { position < buffer.count }

    /// Whether at least one byte can be had; false at the end of the stream.
    func fill() throws -> Bool {
        if position < buffer.count { return true }
        if isEnded { return false }
        switch try socket.read(within: patience) {
        case .bytes(let bytes):
            buffer = bytes
            position = 0
            return true
        case .end:
            isEnded = true
            return false
        case .reset:
            isEnded = true
            throw KitFailure(.reset, "the peer reset the connection")
        }
    }

    /// The next byte; nil at the end of the stream.
    func next() throws -> UInt8? {
        guard try fill() else { return nil }
        let byte = buffer[position]
        position += 1
        if isRecording { record.append(byte) }
        return byte
    }

    /// Up to `count` bytes in one piece, as they come; empty at the end of the stream.
    func piece(atMost count: Int) throws -> [UInt8] {
        guard count > 0, try fill() else { return [] }
        let end = min(buffer.count, position + count)
        let bytes = Array(buffer[position..<end])
        position = end
        if isRecording { record += bytes }
        return bytes
    }

    /// So many bytes; the end before them is a failure.
    func exactly(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try piece(atMost: count - bytes.count)
            guard !piece.isEmpty else {
                throw KitFailure(.closed, "the peer closed after \(bytes.count) of \(count) bytes")
            }
            bytes += piece
        }
        return bytes
    }

    /// A line without its CRLF. Bare CR, bare LF and NUL are violations.
    ///
    /// - Returns: nil when the stream ends before the line's first byte.
    func line(_ what: String) throws -> [UInt8]? {
        var line: [UInt8] = []
        while let byte = try next() {
            switch byte {
            case 13:
                guard let following = try next() else { throw KitFailure(.closed, "the peer closed in \(what)") }
                guard following == 10 else { throw violation("CR without LF in \(what)", line) }
                return line
            case 10: throw violation("LF without CR in \(what)", line)
            case 0: throw violation("NUL in \(what)", line)
            default: line.append(byte)
            }
            if line.count > 1 << 20 { throw violation("\(what) has no end", Array(line.prefix(80))) }
        }
        if line.isEmpty { return nil }
        throw KitFailure(.closed, "the peer closed in \(what): \"\(printable(line))\"")
    }
}

func violation(_ message: String, _ bytes: [UInt8] = []) -> KitFailure {
    KitFailure(.violation, bytes.isEmpty ? message : "\(message): \"\(printable(bytes))\"")
}

/// Bytes for a message: what is not visible ASCII is written in hexadecimal.
func printable(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes.prefix(2_000) {
        switch byte {
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        case 13: text += "\\r"
        case 10: text += "\\n"
        default: text += "\\x" + String(byte, radix: 16)
        }
    }
    return text
}
