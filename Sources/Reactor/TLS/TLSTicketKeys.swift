internal import COpenSSL
internal import CSystem
internal import Synchronization

/// The keys under which session tickets are sealed: one set for all loops, listeners and configurations of a process,
/// so that a client resumes wherever it comes back.
///
/// A key seals for twelve hours. The two before it still open what they sealed, so a ticket is good for a day at least
/// and nobody can open it after a day and a half: whoever steals the memory then learns nothing of the sessions before.
/// The lock is held while a hundred bytes are copied, once or twice a handshake.
package final class TLSTicketKeys: Sendable {
    struct Key {
        /// Sent in clear with the ticket: 16 bytes.
        var name: [UInt8]
        /// AES-256: 32 bytes.
        var cipher: [UInt8]
        /// HMAC-SHA-256: 32 bytes.
        var mac: [UInt8]
        var made: Int64
    }

    static let lifetime: Int64 = 12 * 3_600 * 1_000_000_000
    static let kept = 3

    /// The newest first.
    private let keys = Mutex<[Key]>([])
    private let clock: @Sendable () -> Int64
    private let random: @Sendable (Int) -> [UInt8]

    package convenience init() {
        self.init(clock: { gh_monotonic_ns() }, random: TLSTicketKeys.systemRandom)
    }

    /// - Parameters:
    ///   - clock: nanoseconds that never go back.
    ///   - random: so many bytes that nobody can guess.
    init(clock: @escaping @Sendable () -> Int64, random: @escaping @Sendable (Int) -> [UInt8]) {
        self.clock = clock
        self.random = random
    }

    /// The key for new tickets.
    func current() -> Key {
        let now = clock()
        return keys.withLock { keys in
            forgetOld(&keys, now)
            if let first = keys.first, now - first.made < Self.lifetime { return first }
            let key = Key(name: random(16), cipher: random(32), mac: random(32), made: now)
            keys.insert(key, at: 0)
            if keys.count > Self.kept { keys.removeLast() }
            return key
        }
    }

    /// The key that a ticket names, and whether the ticket should be replaced by one under the present key.
    func find(_ name: UnsafeRawBufferPointer) -> (key: Key, isOld: Bool)? {
        let now = clock()
        return keys.withLock { keys in
            forgetOld(&keys, now)
            // The names are of one length; comparing them takes no secret into account.
            guard let index = keys.firstIndex(where: { unsafe $0.name.elementsEqual(name) }) else { return nil }
            return (keys[index], index > 0 || now - keys[index].made >= Self.lifetime)
        }
    }

    // MARK: Another process

    /// The keys for a program that takes over on this machine, one a line: name, cipher, MAC, and when it was made by the
    /// clock that all processes of the machine have. They are secrets.
    package func export() -> String {
        let now = clock()
        return keys.withLock { keys in
            forgetOld(&keys, now)
            return keys.map { key in
                [key.name, key.cipher, key.mac].map(Self.hex).joined(separator: " ") + " \(key.made)"
            }.joined(separator: "\n")
        }
    }

    /// Goes on with the keys of the program that was here before, so that its clients resume. Lines that are none are
    /// passed over: then clients shake hands anew, and nothing else is lost.
    package func adopt(_ text: String) {
        let now = clock()
        let brought = text.split(separator: "\n").compactMap { line -> Key? in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 4, let name = Self.bytes(words[0], 16), let cipher = Self.bytes(words[1], 32),
                let mac = Self.bytes(words[2], 32), let made = Int64(words[3]), made <= now
            else { return nil }
            return Key(name: name, cipher: cipher, mac: mac, made: made)
        }
        keys.withLock { keys in
            keys += brought.filter { key in !keys.contains { $0.name == key.name } }
            keys.sort { $0.made > $1.made }
            if keys.count > Self.kept { keys.removeSubrange(Self.kept...) }
            forgetOld(&keys, now)
        }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: Substring, _ count: Int) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard text.utf8.count == 2 * count, digits.count == 2 * count else { return nil }
        return (0..<count).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
    }

    private func forgetOld(_ keys: inout [Key], _ now: Int64) {
        keys.removeAll { now - $0.made >= Self.lifetime * Int64(Self.kept) }
    }

    private static let systemRandom: @Sendable (Int) -> [UInt8] = { count in
        var bytes = [UInt8](repeating: 0, count: count)
        // As many bytes as the array has.
        let made = unsafe RAND_bytes(&bytes, Int32(count))
        precondition(made == 1, "the system gives no random numbers")
        return bytes
    }
}
