/// Where the three parts of a signed token stand in its text: `header.payload.signature` (RFC 7515 §7.1).
///
/// Only lengths and dots are looked at. The size is asked first, so that a huge token costs one comparison.
package struct CompactToken: Hashable, Sendable {
    package let header: Range<Int>
    package let payload: Range<Int>
    package let signature: Range<Int>

    /// What the signature is over: header and payload with the dot between them, as they were sent.
    package var signed: Range<Int> { header.lowerBound..<payload.upperBound }

    /// The bounds of a token.
    package struct Limits: Hashable, Sendable {
        /// Of the whole text.
        package var token = 8 * 1024
        /// Of the header's text. The largest of use carry an `x5c` chain of certificates.
        package var header = 4 * 1024

        package init() {}

        package init(token: Int, header: Int) {
            self.token = token
            self.header = header
        }
    }

    /// Whether a text looks like a signed token: two dots, as opaque ones seldom have, and a header that begins as a JSON
    /// object does in base64url (`{"`).
    package static func hasForm(_ text: Span<UInt8>) -> Bool {
        guard text.count > 3, text[0] == UInt8(ascii: "e"), text[1] == UInt8(ascii: "y") else { return false }
        var dots = 0
        for index in text.indices where text[index] == UInt8(ascii: ".") { dots += 1 }
        return dots == 2
    }

    /// Takes a text apart. No empty header or signature: a token without a signature is not a signed one. An empty
    /// payload is no claims set either, but that is for its reader to say.
    package init(_ text: Span<UInt8>, limits: Limits = Limits()) throws(TokenFault) {
        guard text.count <= limits.token else { throw .tooLarge }
        var dots: (first: Int, second: Int) = (-1, -1)
        var position = 0
        while position < text.count {
            if text[position] == UInt8(ascii: ".") {
                if dots.first < 0 {
                    dots.first = position
                } else if dots.second < 0 {
                    dots.second = position
                } else {
                    // Five parts are an encrypted token (RFC 7516), any other number none.
                    throw .notCompact
                }
            }
            position += 1
        }
        guard dots.second >= 0, dots.first > 0, dots.second < text.count - 1 else { throw .notCompact }
        guard dots.first <= limits.header else { throw .tooLarge }
        header = 0..<dots.first
        payload = dots.first + 1..<dots.second
        signature = dots.second + 1..<text.count
    }
}
