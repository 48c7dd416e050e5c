internal import COpenSSL

/// A password at rest, with how it was hashed in the text itself:
///
///     $scrypt$ln=14,r=8,p=1$<salt>$<hash>
///     $pbkdf2-sha256$i=600000$<salt>$<hash>
///
/// Salt and hash are base64 with the URL's alphabet, without padding. scrypt is what `make` uses: it costs memory,
/// which is what guessing on graphics cards lacks. The parameters are bounded when a text is read: a configuration must
/// not make one request cost seconds or gigabytes.
package struct PasswordHash: Hashable, Sendable {
    package enum Function: Hashable, Sendable {
        /// 2^`logN` rounds of blocks of `r` × 128 bytes.
        case scrypt(logN: Int, r: Int, p: Int)
        case pbkdf2(iterations: Int)
    }

    package let function: Function
    let salt: [UInt8]
    let hash: [UInt8]

    /// 16 MiB and some tens of milliseconds.
    package static let usual = Function.scrypt(logN: 14, r: 8, p: 1)

    /// What the password of an unknown user is compared with, so that it takes as long as that of a known one. Nothing
    /// hashes to it that anybody could find.
    package static let decoy = PasswordHash(
        usual, salt: [UInt8](repeating: 0x5A, count: 16), hash: [UInt8](repeating: 0, count: 32))

    private init(_ function: Function, salt: [UInt8], hash: [UInt8]) {
        self.function = function
        self.salt = salt
        self.hash = hash
    }

    /// Hashes a new password.
    package static func make(
        _ password: [UInt8], function: Function = usual, random: (Int) -> [UInt8] = SystemRandom.bytes
    ) -> PasswordHash? {
        guard isBounded(function) else { return nil }
        let salt = random(16)
        guard let hash = derive(function, password, salt, length: 32) else { return nil }
        return PasswordHash(function, salt: salt, hash: hash)
    }

    /// Reads the stored form; nil for what is not one, or asks for too little or too much.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty else { return nil }
        let function: Function
        switch parts[1] {
        case "scrypt":
            guard let values = Self.parameters(parts[2], ["ln", "r", "p"]) else { return nil }
            function = .scrypt(logN: values[0], r: values[1], p: values[2])
        case "pbkdf2-sha256":
            guard let values = Self.parameters(parts[2], ["i"]) else { return nil }
            function = .pbkdf2(iterations: values[0])
        default: return nil
        }
        guard Self.isBounded(function), let salt = Base64URL.decode(Array(parts[3].utf8).span),
            let hash = Base64URL.decode(Array(parts[4].utf8).span), (8...64).contains(salt.count),
            (16...64).contains(hash.count)
        else { return nil }
        self.init(function, salt: salt, hash: hash)
    }

    /// The stored form.
    package var text: String {
        let head =
            switch function {
            case .scrypt(let logN, let r, let p): "$scrypt$ln=\(logN),r=\(r),p=\(p)$"
            case .pbkdf2(let iterations): "$pbkdf2-sha256$i=\(iterations)$"
            }
        let salt = String(decoding: Base64URL.encode(salt.span), as: UTF8.self)
        return head + salt + "$" + String(decoding: Base64URL.encode(hash.span), as: UTF8.self)
    }

    /// Whether it is the password. Slow, which is the point: not for a loop.
    package func matches(_ password: [UInt8]) -> Bool {
        guard let derived = Self.derive(function, password, salt, length: hash.count) else { return false }
        return ConstantTime.equals(derived.span, hash.span)
    }

    /// At least 2^12 rounds or 100,000 iterations, at most 64 MiB and ten million iterations.
    private static func isBounded(_ function: Function) -> Bool {
        switch function {
        case .scrypt(let logN, let r, let p):
            (12...20).contains(logN) && (1...32).contains(r) && (1...4).contains(p)
                && 128 * r << logN <= 64 * 1024 * 1024
        case .pbkdf2(let iterations): (100_000...10_000_000).contains(iterations)
        }
    }

    private static func parameters(_ text: Substring, _ names: [String]) -> [Int]? {
        let pairs = text.split(separator: ",", omittingEmptySubsequences: false)
        guard pairs.count == names.count else { return nil }
        var values: [Int] = []
        for (pair, name) in zip(pairs, names) {
            guard pair.hasPrefix(name + "="), let value = Int(pair.dropFirst(name.count + 1)), value > 0 else {
                return nil
            }
            values.append(value)
        }
        return values
    }

    private static func derive(
        _ function: Function, _ password: [UInt8], _ salt: [UInt8], length: Int
    ) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: length)
        let done: Int32
        // All arrays are read or written during the calls only, as far as their counts say.
        switch function {
        case .scrypt(let logN, let r, let p):
            done = unsafe gh_scrypt(
                password, password.count, salt, salt.count, UInt64(1) << UInt64(logN), UInt32(r), UInt32(p),
                128 * 1024 * 1024, &result, length)
        case .pbkdf2(let iterations):
            done = unsafe Digest.sha256.libraryName.withCString { name in
                unsafe gh_pbkdf2(
                    name, password, password.count, salt, salt.count, UInt64(iterations), &result, length)
            }
        }
        return done == 1 ? result : nil
    }
}
