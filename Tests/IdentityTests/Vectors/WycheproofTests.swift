import Foundation
import GatehouseTesting
import JSONStream
import Testing

@testable import Identity

/// Project Wycheproof's vectors: signatures that broke somebody's library.
///
/// `scripts/wycheproof` fetches those for the primitives under tokens; where it cannot, the test fails: what is not run is
/// not shown. Those for whole tokens (`json_web_signature_test.json`) are in no package: the test runs where
/// GATEHOUSE_JWS_VECTORS names that file.
@Suite struct WycheproofTests {
    private static let folder = Result { try fetch() }

    private static func fetch() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: "scripts/wycheproof")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw KitFailure(.program, "scripts/wycheproof ended with \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A file of vectors, and the algorithm whose key checks them.
    struct Vectors: Sendable, CustomTestStringConvertible {
        var file: String
        var algorithm: SignatureAlgorithm
        /// Made with another digest or salt than the algorithm's: good signatures of something else.
        var isForeign = false

        var testDescription: String { file }
    }

    static let files: [Vectors] = [
        Vectors(file: "ecdsa_secp256r1_sha256_p1363", algorithm: .es256),
        Vectors(file: "ecdsa_secp384r1_sha384_p1363", algorithm: .es384),
        Vectors(file: "ecdsa_secp521r1_sha512_p1363", algorithm: .es512),
        Vectors(file: "ecdsa_secp256r1_sha512_p1363", algorithm: .es256, isForeign: true),
        Vectors(file: "ecdsa_secp384r1_sha512_p1363", algorithm: .es384, isForeign: true),
        // Signatures in DER, which tokens do not have.
        Vectors(file: "ecdsa_secp256r1_sha256", algorithm: .es256, isForeign: true),
        Vectors(file: "ed25519", algorithm: .edDSA),
        Vectors(file: "rsa_signature_2048_sha256", algorithm: .rs256),
        Vectors(file: "rsa_signature_3072_sha256", algorithm: .rs256),
        Vectors(file: "rsa_signature_4096_sha256", algorithm: .rs256),
        Vectors(file: "rsa_signature_8192_sha256", algorithm: .rs256),
        Vectors(file: "rsa_signature_2048_sha384", algorithm: .rs384),
        Vectors(file: "rsa_signature_4096_sha384", algorithm: .rs384),
        Vectors(file: "rsa_signature_2048_sha512", algorithm: .rs512),
        Vectors(file: "rsa_signature_4096_sha512", algorithm: .rs512),
        Vectors(file: "rsa_signature_2048_sha512_256", algorithm: .rs256, isForeign: true),
        Vectors(file: "rsa_pss_2048_sha256_mgf1_32", algorithm: .ps256),
        Vectors(file: "rsa_pss_3072_sha256_mgf1_32", algorithm: .ps256),
        Vectors(file: "rsa_pss_4096_sha256_mgf1_32", algorithm: .ps256),
        Vectors(file: "rsa_pss_2048_sha384_mgf1_48", algorithm: .ps384),
        Vectors(file: "rsa_pss_4096_sha384_mgf1_48", algorithm: .ps384),
        Vectors(file: "rsa_pss_4096_sha512_mgf1_64", algorithm: .ps512),
        Vectors(file: "rsa_pss_2048_sha256_mgf1_0", algorithm: .ps256, isForeign: true),
        Vectors(file: "rsa_pss_4096_sha512_mgf1_32", algorithm: .ps512, isForeign: true),
    ]

    @Test(arguments: files) func primitives(_ vectors: Vectors) throws {
        let folder = try Self.folder.get()
        let text = try Data(contentsOf: URL(filePath: "\(folder)/\(vectors.file)_test.json"))
        let document = try JSONDocument(Array(text), limits: JSONLimits(depth: 16, size: 16 << 20))
        var (good, bad) = (0, 0)
        for group in try #require(document.root.member("testGroups")).elements {
            let pem = try #require(group.member("publicKeyPem")?.stringBytes)
            // A key that we do not take checks nothing.
            let key = try? VerificationKey.pem(pem)
            for test in try #require(group.member("tests")).elements {
                let message = try bytes(test, "msg")
                let signature = try bytes(test, "sig")
                let takes = key?.takes(signature, of: message, by: vectors.algorithm) ?? false
                let number = test.member("tcId")?.text.map { Character(UnicodeScalar($0)) } ?? []
                let name: Comment = "\(vectors.file) \(String(number)): \(test.member("comment")?.string ?? "")"
                switch test.member("result")?.string {
                case "valid":
                    good += 1
                    #expect(takes == !vectors.isForeign, name)
                // What is wrong with it may make it a good one of ours.
                case "invalid" where vectors.isForeign: break
                case "invalid":
                    bad += 1
                    #expect(!takes, name)
                default: break
                }
            }
        }
        #expect(good > 4 && (bad > 40 || vectors.isForeign))
    }

    private func bytes(_ node: JSONNode, _ name: String) throws -> [UInt8] {
        let digits = Array(try #require(node.member(name)?.string).utf8)
        return try stride(from: 0, to: digits.count, by: 2).map { place in
            try #require(UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16))
        }
    }

    // MARK: Whole tokens

    static let tokens = ProcessInfo.processInfo.environment["GATEHOUSE_JWS_VECTORS"]

    /// Cases that say of themselves what they are not: a key whose `alg` is not that of its token (or has no such name),
    /// which binds here (RFC 7517 §4.4), and characters outside of the alphabet in tokens that are called good, while
    /// their like are called bad.
    private static let ownMistakes: Set<Int> = [346, 347, 350, 351, 372, 373]
    /// "Padding" that was lost: the same bytes as a good case.
    private static let lostPadding: Set<Int> = [367, 370]

    @Test(.enabled(if: tokens != nil, "GATEHOUSE_JWS_VECTORS names no file")) func wholeTokens() throws {
        let text = try Data(contentsOf: URL(filePath: #require(Self.tokens)))
        let document = try JSONDocument(Array(text), limits: JSONLimits(depth: 16, size: 16 << 20))
        var count = 0
        for group in try #require(document.root.member("testGroups")).elements {
            let node = try #require(group.member("public") ?? group.member("private"))
            let keys = try? KeySet.parse(Array(node.text), origin: .configured)
            for test in try #require(group.member("tests")).elements {
                count += 1
                let number = try #require(Int(String(decoding: test.member("tcId")?.text ?? [], as: UTF8.self)))
                let isGood = Self.lostPadding.contains(number) || test.member("result")?.string == "valid"
                let token = test.member("jws")?.string
                let takes =
                    keys.map { keys in token.map { (try? signer(of: $0, among: keys)) != nil } ?? false } ?? false
                let wanted = isGood && !Self.ownMistakes.contains(number)
                #expect(takes == wanted, "\(number): \(test.member("comment")?.string ?? "")")
            }
        }
        #expect(count == 401)
    }
}
