/// API keys: `gh_<id>_<secret>`.
///
/// The id (12 characters, public) finds the entry, the secret (43 characters, 256 random bits) proves it. At rest
/// stands only the SHA-256 of the whole key: with that many random bits there is nothing to guess, so a slow hash would
/// cost each request and protect nothing. The prefix lets scanners of published code recognise a key.
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

    /// Where the id stands in a text of a key's form; nil for any other text.
    static func id(in text: Span<UInt8>) -> Range<Int>? {
        guard text.count == length else { return nil }
        let head = prefix.utf8.count
        for (offset, byte) in prefix.utf8.enumerated() where text[offset] != byte { return nil }
        guard text[head + idLength] == UInt8(ascii: "_") else { return nil }
        return head..<head + idLength
    }
}

/// A SHA-256 as it is kept in a configuration.
package struct StoredDigest: Hashable, Sendable {
    let bytes: [UInt8]

    init(of message: Span<UInt8>) { bytes = SHA256.hash(message) }

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
        bytes = (0..<SHA256.length).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    package var text: String {
        let digits = Array("0123456789abcdef".utf8)
        return Self.prefix
            + String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// The API keys of a configuration, and whose they are. Immutable, shared by all loops.
package final class APIKeyTable: Sendable {
    package enum Fault: Error, Hashable, Sendable {
        /// Not 12 letters and digits.
        case badID(String)
        case badDigest(id: String)
        case duplicateID(String)
    }

    package struct Entry: Hashable, Sendable {
        package let id: String
        package let stored: String
        /// Whose key it is: the number of the consumer, as the caller counts them.
        package let consumer: Int

        package init(id: String, stored: String, consumer: Int) {
            self.id = id
            self.stored = stored
            self.consumer = consumer
        }
    }

    private struct Place {
        var id: [UInt8]
        var digest: [UInt8]
        var consumer: Int
    }

    /// Sorted by id.
    private let places: [Place]
    /// What an unknown id is compared with, so that it takes as long as a known one.
    private let decoy = [UInt8](repeating: 0, count: SHA256.length)

    package init(_ entries: [Entry]) throws(Fault) {
        var places: [Place] = []
        for entry in entries {
            let id = Array(entry.id.utf8)
            let isClean = id.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
            guard id.count == APIKey.idLength, isClean else { throw .badID(entry.id) }
            guard let digest = StoredDigest(entry.stored) else { throw .badDigest(id: entry.id) }
            places.append(Place(id: id, digest: digest.bytes, consumer: entry.consumer))
        }
        places.sort { $0.id.lexicographicallyPrecedes($1.id) }
        for (one, other) in zip(places, places.dropFirst()) where one.id == other.id {
            throw .duplicateID(String(decoding: one.id, as: UTF8.self))
        }
        self.places = places
    }

    /// Whose key this is; nil for one that is not known. The secret is compared by its digest and in constant time;
    /// that an id is known shows in nothing.
    package func consumer(of key: Span<UInt8>) -> Int? {
        guard let range = APIKey.id(in: key) else { return nil }
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(places[middle].id, key, range) { low = middle + 1 } else { high = middle }
        }
        let isKnown = low < places.count && !isAfter(places[low].id, key, range)
        let expected = isKnown ? places[low].digest : decoy
        let actual = SHA256.hash(key)
        let matches = ConstantTime.equals(expected.span, actual.span)
        return matches && isKnown ? places[low].consumer : nil
    }

    private func isBefore(_ id: [UInt8], _ key: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for offset in 0..<range.count where id[offset] != key[range.lowerBound + offset] {
            return id[offset] < key[range.lowerBound + offset]
        }
        return false
    }

    private func isAfter(_ id: [UInt8], _ key: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for offset in 0..<range.count where id[offset] != key[range.lowerBound + offset] {
            return id[offset] > key[range.lowerBound + offset]
        }
        return false
    }
}
