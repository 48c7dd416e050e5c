import GatehouseTesting
import Identity
import Reactor
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

@Suite struct CertificateStorageTests {
    private let directory: TemporaryDirectory
    private let storage: CertificateStorage

    init() throws {
        directory = try TemporaryDirectory()
        storage = CertificateStorage(Self.configuration(in: directory.file("store")))
    }

    private static func configuration(in path: String, domains: [String] = ["a.example", "b.example"])
        -> ACMEConfiguration
    {
        ACMEConfiguration(directory: HTTPTarget("https://ca.example/dir")!, domains: domains, storage: path)
    }

    @Test func whatWasKeptIsFound() throws {
        guard case .missing = storage.loadCertificate() else {
            Issue.record("there is one")
            return
        }
        let made = try #require(SelfSignedCertificate(dnsNames: ["a.example", "b.example"]))
        #expect(storage.keep(chain: made.certificate, key: made.key) == nil)
        guard case .found(let identity) = storage.loadCertificate() else {
            Issue.record("not found")
            return
        }
        #expect(identity.names == ["a.example", "b.example"])
        let first = try storage.accountKey().get()
        #expect(try storage.accountKey().get().pem == first.pem)
        // Nobody else may read them.
        let modes = try ChildProcess("/bin/ls", ["-l", directory.path + "/store"])
        #expect(try modes.waitForExit() == .code(0))
        let lines = modes.output.split(separator: "\n").dropFirst()
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("-rw------- ") }, "\(modes.output)")
    }

    @Test func anotherListOfNamesIsAnotherCertificate() {
        func path(_ names: [String]) -> String {
            CertificateStorage(Self.configuration(in: "/s", domains: names)).certificatePath
        }
        #expect(path(["a.example", "b.example"]) == path(["a.example", "b.example"]))
        #expect(path(["a.example", "b.example"]) != path(["a.example"]))
        #expect(path(["a.example"]).hasPrefix("/s/a.example-"))
    }

    @Test func whatCannotBeUsed() throws {
        let made = try #require(SelfSignedCertificate(dnsNames: ["a.example"]))
        let other = try #require(SelfSignedCertificate(dnsNames: ["a.example"]))
        for bytes in [[], Array("nothing".utf8), made.certificate, made.key, made.certificate + other.key] {
            #expect(storage.keep(chain: bytes, key: []) == nil)
            guard case .unusable = storage.loadCertificate() else {
                Issue.record("usable: \(bytes.count)")
                return
            }
        }
        // An account's key is not replaced: the account would be lost with it.
        _ = try directory.write("no key", to: String(storage.accountPath.dropFirst(directory.path.count + 1)))
        guard case .failure(let fault) = storage.accountKey() else {
            Issue.record("a key")
            return
        }
        #expect(fault.reason == .storage && TemporaryDirectory.read(storage.accountPath) == "no key")
    }

    @Test func aPlaceThatCannotBeWrittenTo() throws {
        let file = try directory.write("a file", to: "file")
        let storage = CertificateStorage(Self.configuration(in: file + "/store"))
        #expect(storage.keep(chain: [1], key: [])?.reason == .storage)
        guard case .failure(let fault) = storage.accountKey() else {
            Issue.record("a key")
            return
        }
        #expect(fault.reason == .storage && fault.detail.contains(file))
    }
}
