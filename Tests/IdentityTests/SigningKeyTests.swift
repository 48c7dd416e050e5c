import GatehouseTesting
import Testing

@testable import Identity

@Suite struct SigningKeyTests {
    @Test func itsPublicHalfVerifies() throws {
        let key = try #require(SigningKey())
        let verifier = try KeySet.parse(Array("{\"keys\":[\(key.jwk)]}".utf8), origin: .configured).keys[0]
        var random = SeededRandom()
        for _ in 0..<200 {
            let message = random.bytes(Int.random(in: 0..<200, using: &random))
            let signature = key.sign(message) ?? []
            #expect(signature.count == 64)
            #expect(verifier.takes(signature, of: message, by: .es256), "seed \(random.seed)")
            #expect(!verifier.takes(signature, of: message + [0], by: .es256), "seed \(random.seed)")
        }
    }

    @Test func aSignedMessage() throws {
        let key = try #require(SigningKey())
        let text = try #require(key.flattened(protected: "{\"alg\":\"ES256\"}", payload: "{}"))
        let parts = String(decoding: text, as: UTF8.self).split(separator: "\"").map(String.init)
        #expect(parts.count == 13 && parts[3] == "eyJhbGciOiJFUzI1NiJ9" && parts[7] == "e30")
        let token = "\(parts[3]).\(parts[7]).\(parts[11])"
        let verifier = try KeySet.parse(Array("{\"keys\":[\(key.jwk)]}".utf8), origin: .configured).keys[0]
        let signature = Array(parts[11].utf8)
        let bytes = Base64URL.decode(signature.span) ?? []
        #expect(verifier.takes(bytes, of: Array(token.utf8.dropLast(signature.count + 1)), by: .es256))
        // An empty payload is how something is only asked.
        let asking = String(decoding: key.flattened(protected: "{}", payload: "") ?? [], as: UTF8.self)
        #expect(asking.contains("\"payload\":\"\""))
    }

    @Test func itIsKeptAsPEM() throws {
        let key = try #require(SigningKey())
        let again = try #require(SigningKey(pem: key.pem))
        #expect(again.jwk == key.jwk && again.thumbprint == key.thumbprint)
        #expect(key.thumbprint.utf8.count == 43)
        #expect(try #require(SigningKey()).jwk != key.jwk)
        // RFC 7638 §3.2: members sorted, no blanks.
        #expect(key.jwk.hasPrefix("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"") && !key.jwk.contains(" "))
    }

    @Test func whatIsNoSuchKey() throws {
        let certificates = try TestCertificates()
        for (name, algorithm) in [("p384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]), ("rsa", ["rsa:2048"])] {
            let path = certificates.path(name)
            try certificates.run(
                ["req", "-newkey"] + algorithm + ["-nodes", "-keyout", path, "-out", "/dev/null", "-subj", "/CN=a"])
            #expect(SigningKey(pem: Array((TemporaryDirectory.read(path) ?? "").utf8)) == nil, "\(name)")
        }
        let pem = try #require(SigningKey()).pem
        for bytes in [[], Array("nothing".utf8), Array(pem.dropLast(60)), Array(pem.dropFirst(10))] {
            #expect(SigningKey(pem: bytes) == nil)
        }
    }
}
