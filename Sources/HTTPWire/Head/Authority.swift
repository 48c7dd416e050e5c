/// What `Host`, `:authority` and the authority of a target may be: a host and perhaps a port (RFC 9110 §4.2, §7.2).
///
/// Stricter than the URI grammar where its freedom only serves confusion. Userinfo is an error (RFC 9110 §4.2.4); `,`
/// is not allowed, because two values joined by a proxy would look like one; nor is percent-encoding, which no name
/// server resolves but which lets two components read two hosts from one value.
package struct Authority: Sendable, Hashable {
    /// The host's length; it stands at the start, brackets of an IPv6 address included.
    package let hostCount: Int
    /// The port, or -1 if there is none or it is empty.
    package let port: Int

    /// Nil unless all bytes are a valid authority with a host in it.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count > 0, bytes.count <= Self.longest else { return nil }
        var position = 0
        if bytes[0] == UInt8(ascii: "[") {
            // An address literal: the digits, colons and dots of IPv6. Its value is the resolver's business.
            var colons = 0
            position = 1
            while position < bytes.count && bytes[position] != UInt8(ascii: "]") {
                let byte = bytes[position]
                if byte == UInt8(ascii: ":") {
                    colons += 1
                } else if ByteClass.of(byte) & ByteClass.hexDigit == 0 && byte != UInt8(ascii: ".") {
                    return nil
                }
                position += 1
            }
            guard position < bytes.count, colons >= 2, position <= 46 else { return nil }
            position += 1
        } else {
            while position < bytes.count && ByteClass.of(bytes[position]) & ByteClass.host != 0 { position += 1 }
            guard position > 0 else { return nil }
        }
        hostCount = position
        if position == bytes.count {
            port = -1
            return
        }
        guard bytes[position] == UInt8(ascii: ":"), bytes.count - position <= 6 else { return nil }
        position += 1
        var number = position == bytes.count ? -1 : 0
        while position < bytes.count {
            guard ByteClass.isDigit(bytes[position]) else { return nil }
            number = number * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        guard number <= 65535 else { return nil }
        port = number
    }

    /// A DNS name has at most 255 bytes; a port six more.
    private static let longest = 261
}
