/// What a client's hello says that only looks for the answer to a challenge (RFC 8737 §3): two extensions, as they stand
/// on the wire. Whatever is not exactly as it should be is a client like any other.
enum ChallengeHello {
    static let protocolName = "acme-tls/1"

    /// Whether the list of protocols (RFC 7301 §3.1) names this one and no other.
    static func isChallenge(protocols: [UInt8]) -> Bool {
        let name = Array(protocolName.utf8)
        let size = UInt8(name.count)
        return protocols == [0, size + 1, size] + name
    }

    /// The name that is asked for (RFC 6066 §3), in lower case; nil unless there is exactly one, of ASCII.
    static func name(_ bytes: [UInt8]) -> String? {
        // The size of the list, the kind of name (0: a host's), the size of the name.
        guard bytes.count > 5, bytes[2] == 0 else { return nil }
        let list = Int(bytes[0]) << 8 | Int(bytes[1])
        let size = Int(bytes[3]) << 8 | Int(bytes[4])
        guard list == bytes.count - 2, size == bytes.count - 5, bytes[5...].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        return String(decoding: bytes[5...], as: UTF8.self).lowercased()
    }
}
