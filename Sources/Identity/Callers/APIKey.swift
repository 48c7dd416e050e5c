/// API keys: `gh_<id>_<secret>`.
///
/// The secret (43 characters, 256 random bits) proves who asks; the id (12 characters, public) is for people, who can
/// say of which key they speak. At rest stands only the SHA-256 of the whole key: with that many random bits there is
/// nothing to guess, so a slow hash would cost each request and protect nothing. The prefix lets scanners of published
/// code recognise a key.
package struct APIKey: Hashable, Sendable {
    package static let prefix = "gh_"
    package static let idLength = 12
    package static let secretLength = 43
    /// Bytes of a whole key.
    package static let length = 3 + idLength + 1 + secretLength

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// The whole key: shown once, to who made it.
    package let text: String
    package let id: String
    /// What is kept: `sha256:` and 64 hexadecimal digits.
    package let stored: String

    /// Makes a key. `random` gives so many random bytes.
    package static func generate(random: (Int) -> [UInt8] = SystemRandom.bytes) -> APIKey {
        let id = characters(idLength, random)
        let text = prefix + id + "_" + characters(secretLength, random)
        return APIKey(text: text, id: id, stored: StoredDigest(of: Array(text.utf8).span).text)
    }

    /// Characters drawn evenly from 62: bytes from 248 on would favour the first eight.
    private static func characters(_ count: Int, _ random: (Int) -> [UInt8]) -> String {
        var found: [UInt8] = []
        while found.count < count {
            for byte in random(count) where byte < 248 && found.count < count {
                found.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return String(decoding: found, as: UTF8.self)
    }
}

/// A SHA-256 as it is kept in a configuration.
package struct StoredDigest: Hashable, Sendable {
    package let digest: SHA256Digest

    package init(of message: Span<UInt8>) { digest = SHA256Digest(of: message) }

    private static let prefix = "sha256:"

    /// Reads `sha256:` and 64 hexadecimal digits.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count).map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x61...0x66: byte - 0x61 + 10
            case 0x41...0x46: byte - 0x41 + 10
            default: 0xFF
            }
        }
        guard digits.count == 2 * SHA256.length, digits.allSatisfy({ $0 < 16 }) else { return nil }
        digest = SHA256Digest((0..<SHA256.length).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] })
    }

    package var text: String {
        let digits = Array("0123456789abcdef".utf8)
        return Self.prefix
            + String(decoding: digest.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// The API keys of a configuration, and whose they are. Immutable, shared by all loops.
///
/// A key is found by its digest. That the search tells by its time how far two digests agree gives nothing away: whoever
/// asks cannot choose the digest of what he sends, and a digest does not lead back to its key.
package final class APIKeyTable: Sendable {
    package enum Fault: Error, Hashable, Sendable {
        /// Not `sha256:` and 64 digits; the place in the list.
        case badDigest(Int)
        /// Two of them are the same.
        case duplicate(Int)
    }

    package struct Entry: Hashable, Sendable {
        package let stored: String
        /// Whose key it is: the number of the consumer, as the caller counts them.
        package let consumer: Int

        package init(stored: String, consumer: Int) {
            self.stored = stored
            self.consumer = consumer
        }
    }

    /// Longer texts are no keys, and are not hashed.
    package static let longest = 512

    private let consumers: [SHA256Digest: Int]

    package init(_ entries: [Entry]) throws(Fault) {
        var consumers: [SHA256Digest: Int] = [:]
        for (place, entry) in entries.enumerated() {
            guard let stored = StoredDigest(entry.stored) else { throw .badDigest(place) }
            guard consumers.updateValue(entry.consumer, forKey: stored.digest) == nil else { throw .duplicate(place) }
        }
        self.consumers = consumers
    }

    package static let empty = APIKeyTable()

    private init() { consumers = [:] }

    /// Whose key this is; nil for one that is not known.
    package func consumer(of key: Span<UInt8>) -> Int? {
        guard (1...Self.longest).contains(key.count), !consumers.isEmpty else { return nil }
        return consumers[SHA256Digest(of: key)]
    }
}
