/// A way in which bodies are compressed (RFC 9110 §8.4.1): `Content-Encoding` and `Accept-Encoding` name them.
package enum ContentCoding: UInt8, CaseIterable, Sendable, Hashable, BitwiseCopyable {
    /// RFC 1952.
    case gzip
    /// RFC 1950; what some services send under this name is RFC 1951 without its wrapping, which is understood too.
    case deflate
    /// Brotli, RFC 7932.
    case br
    /// Zstandard, RFC 8878.
    case zstd

    package var name: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        case .br: "br"
        case .zstd: "zstd"
        }
    }

    /// What a service or client may be told to send, as the value of `Accept-Encoding`.
    package static let allNames: StaticString = "gzip, deflate, br, zstd"

    /// By its name in any case; `x-gzip` is gzip (RFC 9110 §8.4.1.3).
    package init?(_ token: Span<UInt8>) {
        if Token.equals(token, "gzip") || Token.equals(token, "x-gzip") {
            self = .gzip
        } else if Token.equals(token, "deflate") {
            self = .deflate
        } else if Token.equals(token, "br") {
            self = .br
        } else if Token.equals(token, "zstd") {
            self = .zstd
        } else {
            return nil
        }
    }
}

/// Words of field values.
enum Token {
    static func equals(_ bytes: Span<UInt8>, _ lowercaseText: StaticString) -> Bool {
        guard bytes.count == lowercaseText.utf8CodeUnitCount else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            let folded = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            // The text is constant data of the program, and as long as `bytes`.
            if unsafe folded != lowercaseText.utf8Start[index] { return false }
        }
        return true
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
