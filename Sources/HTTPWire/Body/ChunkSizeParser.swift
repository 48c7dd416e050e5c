/// Reads one chunk size line: `1*HEXDIG *( BWS ";" chunk-ext ) CRLF` (RFC 9112 §7.1), byte by byte, since it may be cut
/// anywhere.
///
/// Extensions mean nothing to a gateway and are dropped, but not blindly: a control character or a bare CR or LF in one
/// is an error, because components that disagree on where such a line ends disagree on where the chunk starts.
struct ChunkSizeParser: Sendable {
    /// The whole line with its end. Sizes need at most 14 digits; the rest is for extensions that nobody sends.
    static let longestLine = 256

    private enum Place: UInt8 {
        /// At the first digit. Can transition to: digits.
        case start
        /// Can transition to: blanks, ext, lineFeed.
        case digits
        /// Blanks behind the digits, which only an extension may follow. Can transition to: ext.
        case blanks
        /// In an extension. Can transition to: lineFeed.
        case ext
        /// The CR has been seen.
        case lineFeed
    }

    private var place = Place.start
    private var size = 0
    private var length = 0

    /// The chunk's size once the line is complete; -1 if it is not, and then all input is used.
    mutating func read(_ input: Span<UInt8>, from offset: inout Int) throws(WireError) -> Int {
        while offset < input.count {
            let byte = input[offset]
            offset += 1
            length += 1
            if length > Self.longestLine { throw .chunkLineTooLong }
            switch place {
            case .start:
                guard let digit = Self.value(of: byte) else { throw .badChunkSize }
                size = digit
                place = .digits
            case .digits:
                if let digit = Self.value(of: byte) {
                    size = size << 4 | digit
                    if size > Framing.largestSize { throw .chunkSizeOverflow }
                } else {
                    switch byte {
                    case 0x0D: place = .lineFeed
                    case UInt8(ascii: ";"): place = .ext
                    case 0x20, 0x09: place = .blanks
                    case 0x0A: throw .bareLF
                    default: throw .badChunkSize
                    }
                }
            case .blanks:
                if byte == UInt8(ascii: ";") {
                    place = .ext
                } else if !ByteClass.isBlank(byte) {
                    throw .badChunkSize
                }
            case .ext:
                if byte == 0x0D {
                    place = .lineFeed
                } else if byte == 0x0A {
                    throw .bareLF
                } else if ByteClass.of(byte) & ByteClass.fieldValue == 0 {
                    throw .badChunkSize
                }
            case .lineFeed:
                guard byte == 0x0A else { throw .bareCR }
                return size
            }
        }
        return -1
    }

    private static func value(of byte: UInt8) -> Int? {
        guard ByteClass.of(byte) & ByteClass.hexDigit != 0 else { return nil }
        return byte <= 0x39 ? Int(byte) - 0x30 : Int(byte | 0x20) - 0x57
    }
}
