import COpenSSL
import GatehouseTesting
import Testing

@testable import Identity

@Suite struct CallerTests {
    @Test func makesKeysThatAreFound() throws {
        let keys = (0..<50).map { _ in APIKey.generate() }
        #expect(Set(keys.map(\.text)).count == 50)
        for key in keys {
            #expect(key.text.utf8.count == APIKey.length)
            #expect(key.text.hasPrefix("gh_\(key.id)_"))
            #expect(!key.stored.contains(key.text.suffix(10)))
        }
        let table = try APIKeyTable(
            keys.enumerated().map { APIKeyTable.Entry(stored: $1.stored, consumer: $0) })
        func consumer(_ text: String) -> Int? {
            let bytes = Array(text.utf8)
            return table.consumer(of: bytes.span)
        }
        for (index, key) in keys.enumerated() {
            #expect(consumer(key.text) == index)
            #expect(consumer(String(key.text.dropLast())) == nil)
            #expect(consumer(key.text + "A") == nil)
            #expect(consumer(key.text.lowercased()) == nil)
            let wrong = key.text.last == "A" ? "B" : "A"
            #expect(consumer(key.text.dropLast() + wrong) == nil)
            // The id of one with the secret of another.
            let other = keys[(index + 1) % keys.count]
            #expect(consumer("gh_\(key.id)_\(other.text.suffix(APIKey.secretLength))") == nil)
        }
        #expect(consumer(APIKey.generate().text) == nil)
        #expect(consumer("") == nil)
        #expect(consumer(String(repeating: "x", count: APIKey.length)) == nil)
    }

    /// Against the library's other way to hash, around the length of a block.
    @Test func hashesAsTheLibraryDoes() {
        var random = SeededRandom()
        for count in [0, 1, 55, 56, 63, 64, 65, 119, 512]
            + (0..<200).map({ _ in Int.random(in: 0...600, using: &random) })
        {
            let text = random.bytes(count)
            var digest = [UInt8](repeating: 0, count: 32)
            #expect(unsafe EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil) == 1)
            #expect(SHA256Digest(of: text.span).bytes == digest, "seed \(random.seed)")
        }
    }

    @Test func drawsCharactersEvenlyAndOnlyFromItsSource() {
        var drawn = 0
        let key = APIKey.generate { count in
            defer { drawn += count }
            // Bytes that would favour some characters are passed over.
            return (0..<count).map { UInt8(248 + ($0 + drawn) % 8) }.dropLast(count / 2)
                + [UInt8](repeating: 61, count: count / 2)
        }
        #expect(key.text == "gh_" + String(repeating: "9", count: 12) + "_" + String(repeating: "9", count: 43))
    }

    @Test func refusesTablesThatMakeNoSense() throws {
        let key = APIKey.generate()
        func fault(_ entries: [String]) -> APIKeyTable.Fault? {
            do throws(APIKeyTable.Fault) {
                _ = try APIKeyTable(entries.map { APIKeyTable.Entry(stored: $0, consumer: 0) })
                return nil
            } catch { return error }
        }
        #expect(fault([key.stored]) == nil)
        #expect(fault([key.stored.uppercased().replacing("SHA256:", with: "sha256:")]) == nil)
        #expect(fault([key.stored, key.text]) == .badDigest(1))
        #expect(fault(["sha256:00"]) == .badDigest(0))
        #expect(fault(["sha256:" + String(repeating: "g", count: 64)]) == .badDigest(0))
        #expect(fault([key.stored, key.stored]) == .duplicate(1))
    }

    /// Keys of another gateway's making are as good, when they are long enough to be looked at and not too long.
    @Test func keysOfOthers() throws {
        func table(_ text: String) throws -> APIKeyTable {
            let bytes = Array(text.utf8)
            return try APIKeyTable([APIKeyTable.Entry(stored: StoredDigest(of: bytes.span).text, consumer: 7)])
        }
        for (text, consumer) in [
            ("k", 7), (String(repeating: "k", count: 512), 7), (String(repeating: "k", count: 513), nil),
        ] {
            let bytes = Array(text.utf8)
            #expect(try table(text).consumer(of: bytes.span) == consumer)
        }
        // printf abc | sha256sum
        let known = StoredDigest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let message = Array("abc".utf8)
        #expect(StoredDigest(of: message.span) == known)
    }

    /// RFC 7914 §12 (scrypt) and the widely printed vector of PBKDF2 with SHA-256, but for the salts that are too short
    /// here; so these are made with the openssl command: `openssl kdf -keylen 32 …`.
    @Test(arguments: PasswordTexts.all) func verifiesWhatOthersHashed(_ text: String) throws {
        let stored = try #require(PasswordHash(text))
        #expect(stored.text == text)
        #expect(stored.matches(Array("correct horse".utf8)))
        #expect(!stored.matches(Array("correct hors".utf8)))
        #expect(!stored.matches([]))
    }

    @Test func makesItsOwn() throws {
        let password = Array("p\u{0}ä".utf8)
        for function in [PasswordHash.Function.scrypt(logN: 12, r: 8, p: 1), .pbkdf2(iterations: 100_000)] {
            let made = try #require(PasswordHash.make(password, function: function))
            let other = try #require(PasswordHash.make(password, function: function))
            #expect(made.text != other.text)
            let read = try #require(PasswordHash(made.text))
            #expect(read.matches(password))
            #expect(!read.matches(Array("p".utf8)))
        }
        #expect(PasswordHash.make(password, function: .pbkdf2(iterations: 1)) == nil)
    }

    @Test(arguments: [
        "", "plain", "$scrypt$", "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAA$",
        "$scrypt$ln=11,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=30,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=20,r=32,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=8,p=99$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$r=8,ln=14,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=8$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$pbkdf2-sha256$i=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=99999999999999999999$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=600000$AA$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=600000$AAAAAAAAAAA$AA", "$md5$i=600000$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        "x$scrypt$ln=14,r=8,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
    ]) func refusesTextsThatAreNone(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test func remembersRightPasswordsForAWhile() throws {
        let stored = try #require(PasswordHash(PasswordTexts.all[0]))
        let changed = try #require(PasswordHash(PasswordTexts.all[1]))
        let cache = PasswordCache(capacity: 2, lifetime: 10)
        func knows(_ user: String, _ password: String, _ stored: PasswordHash, _ second: Int64 = 0) -> Bool {
            cache.contains(user: Array(user.utf8), password: Array(password.utf8), stored: stored, at: second)
        }
        func learn(_ user: String, _ password: String, _ second: Int64 = 0) {
            cache.insert(user: Array(user.utf8), password: Array(password.utf8), stored: stored, at: second)
        }
        #expect(!knows("u", "p", stored))
        learn("u", "p")
        #expect(knows("u", "p", stored, 9))
        #expect(!knows("u", "p", stored, 10))
        #expect(!knows("up", "", stored))
        #expect(!knows("u", "q", stored))
        #expect(!knows("u", "p", changed))
        learn("u", "p", 5)
        #expect(knows("u", "p", stored, 14))
        learn("v", "p")
        learn("w", "p")
        #expect(!knows("u", "p", stored))
        #expect(knows("v", "p", stored))
        #expect(knows("w", "p", stored))
        #expect(cache.count == 2)
    }

    @Test func comparesInConstantTimeAndRightly() {
        func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool { ConstantTime.equals(first.span, second.span) }
        #expect(equal([], []))
        #expect(equal([1, 2, 3], [1, 2, 3]))
        #expect(!equal([1, 2, 3], [1, 2, 4]))
        #expect(!equal([1, 2, 3], [0, 2, 3]))
        #expect(!equal([1, 2], [1, 2, 3]))
        #expect(!equal([], [0]))
    }

    /// FIPS 180-4's examples.
    @Test func hashes() {
        func hex(_ text: String) -> String { StoredDigest(of: Array(text.utf8).span).text }
        #expect(hex("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
