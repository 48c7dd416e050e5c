/// What `Authorization: Basic` carries (RFC 7617): a user and a password.
package struct BasicCredentials: Hashable, Sendable {
    package let user: [UInt8]
    package let password: [UInt8]

    /// Longer texts are nobody's credentials.
    package static let longest = 1_024

    /// - Parameter text: what stands behind `Basic`: base64 in its one spelling, padded.
    package init?(_ text: Span<UInt8>) {
        guard (4...Self.longest).contains(text.count), text.count % 4 == 0 else { return nil }
        // The other alphabet, without padding.
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "+"): plain.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): plain.append(UInt8(ascii: "_"))
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            case UInt8(ascii: "="):
                guard index >= text.count - 2 else { return nil }
            case let byte:
                // Nothing stands behind the padding.
                guard plain.count == index else { return nil }
                plain.append(byte)
            }
        }
        guard let decoded = Base64URL.decode(plain.span), let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            // §2: neither holds control characters.
            decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        user = Array(decoded[..<colon])
        password = Array(decoded[(colon + 1)...])
    }

    /// What a client sends.
    package static func text(user: String, password: String) -> String {
        let bytes = Array("\(user):\(password)".utf8)
        var text = String(decoding: Base64URL.encode(bytes.span), as: UTF8.self)
            .replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        return text
    }
}
