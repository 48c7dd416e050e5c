/// Passwords that one loop has seen verified, so that Basic authentication costs its slow hash once and not each time.
///
/// What is kept is an HMAC of user, password and the stored hash, under a key that the process draws and never shows:
/// neither a copy of memory nor of this table gives a password away cheaply, and a password that was changed in the
/// configuration no longer matches. Only right ones are kept. Entries live for a while and are bounded in number; the
/// oldest goes first.
package final class PasswordCache {
    private let key: SecretKey
    private let capacity: Int
    private let lifetime: Int64
    /// Until when each counts.
    private var entries: [[UInt8]: Int64] = [:]
    /// The same codes as a ring, oldest at `next` once it is full.
    private var order: [[UInt8]] = []
    private var next = 0

    /// For so many users at most, each for `lifetime` seconds.
    package init(capacity: Int = 1_024, lifetime: Int64 = 300, random: (Int) -> [UInt8] = SystemRandom.bytes) {
        guard let key = SecretKey(random(32)) else { preconditionFailure("no random numbers to be had") }
        self.key = key
        self.capacity = max(capacity, 1)
        self.lifetime = lifetime
    }

    package var count: Int { entries.count }

    /// Whether this was verified not long ago.
    package func contains(user: [UInt8], password: [UInt8], stored: PasswordHash, at second: Int64) -> Bool {
        let code = code(user, password, stored)
        guard let until = entries[code] else { return false }
        return second < until
    }

    /// Remembers what was just verified.
    package func insert(user: [UInt8], password: [UInt8], stored: PasswordHash, at second: Int64) {
        let code = code(user, password, stored)
        guard entries.updateValue(second &+ lifetime, forKey: code) == nil else { return }
        if order.count < capacity {
            order.append(code)
        } else {
            entries[order[next]] = nil
            order[next] = code
            next = (next + 1) % capacity
        }
    }

    /// The lengths stand in front, so that user and password cannot run into each other.
    private func code(_ user: [UInt8], _ password: [UInt8], _ stored: PasswordHash) -> [UInt8] {
        var message: [UInt8] = []
        for part in [user, password, stored.salt, stored.hash] {
            for shift in [0, 8, 16, 24] { message.append(UInt8(truncatingIfNeeded: part.count >> shift)) }
            message += part
        }
        return key.code(for: message.span, .sha256)
    }
}
