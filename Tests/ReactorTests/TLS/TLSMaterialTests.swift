import Synchronization
import Testing

@testable import Reactor

/// Files that are not what they should be, and keys that grow old.
@Suite struct TLSMaterialTests {
    @Test func everyFaultHasItsName() throws {
        let made = try #require(SelfSignedCertificate(dnsNames: ["a.example.com", "*.B.example.com"]))
        let other = try #require(SelfSignedCertificate(dnsNames: ["a.example.com"]))
        func failure(_ certificate: [UInt8], _ key: [UInt8], _ stapled: [UInt8] = []) -> TLSMaterialError? {
            do {
                _ = try TLSIdentity(certificate: certificate, key: key, stapled: stapled)
                return nil
            } catch {
                return error
            }
        }
        #expect(failure(made.certificate, made.key) == nil)
        #expect(failure(made.certificate, other.key) == .keyDoesNotMatch)
        #expect(failure([], made.key) == .noCertificate)
        #expect(failure(Array("nothing".utf8), made.key) == .noCertificate)
        #expect(failure(made.certificate, []) == .noKey)
        #expect(failure(made.certificate, made.certificate) == .noKey)
        #expect(failure(made.certificate, made.key, Array("no response".utf8)) == .badStapledResponse)
        #expect(throws: TLSMaterialError.noCertificate) { try TLSTrust(authorities: made.key) }
        #expect(throws: TLSMaterialError.noRevocationList) {
            try TLSTrust(authorities: made.certificate, revoked: made.certificate)
        }
    }

    @Test func namesAndDatesAreRead() throws {
        let made = try #require(SelfSignedCertificate(dnsNames: ["a.example.com", "*.B.example.com"], seconds: 1_000))
        let identity = try TLSIdentity(certificate: made.certificate, key: made.key)
        #expect(identity.names == ["a.example.com", "*.b.example.com"] && identity.kind == .ecdsa)
        #expect(identity.subject == "CN=a.example.com")
        #expect(identity.notAfter - identity.notBefore == 1_300)
        #expect(identity.covers("A.example.com") && identity.covers("x.b.example.com"))
        #expect(!identity.covers("b.example.com") && !identity.covers("x.y.b.example.com") && !identity.covers("c"))
    }

    @Test func noTruncatedTextTraps() throws {
        let made = try #require(SelfSignedCertificate(dnsNames: ["a.example.com"]))
        for count in 0..<made.certificate.count - 2 {
            #expect(throws: TLSMaterialError.self) {
                try TLSIdentity(certificate: Array(made.certificate.prefix(count)), key: made.key)
            }
        }
        for count in 0..<made.key.count - 2 {
            #expect(throws: TLSMaterialError.self) {
                try TLSIdentity(certificate: made.certificate, key: Array(made.key.prefix(count)))
            }
        }
    }

    /// What one process exports, another goes on with: the same keys, in the same order, for as long as they are good.
    @Test func ticketKeysAreHandedOn() {
        let hour: Int64 = 3_600 * 1_000_000_000
        let now = Mutex<Int64>(0)
        func make(_ first: UInt8) -> TLSTicketKeys {
            let made = Mutex(first)
            return TLSTicketKeys(
                clock: { now.withLock { $0 } },
                random: { count in
                    made.withLock { made in
                        made += 1
                        return [UInt8](repeating: made, count: count)
                    }
                })
        }
        let (old, new) = (make(0), make(100))
        let first = old.current()
        now.withLock { $0 = 13 * hour }
        let second = old.current()
        new.adopt(old.export())
        #expect(new.current().name == second.name && new.current().cipher == second.cipher)
        #expect(unsafe first.name.withUnsafeBytes { unsafe new.find($0)?.key.mac } == first.mac)
        // Told twice, they are there once; what is no key is none.
        new.adopt(old.export())
        new.adopt("what?\n\n" + old.export().replacing("0", with: "x") + "\n1 2 3 4")
        #expect(new.export() == old.export())
        // Nobody lengthens a key's life by handing it on.
        now.withLock { $0 = 60 * hour }
        #expect(new.export().isEmpty)
        new.adopt(
            "\(String(repeating: "ab", count: 16)) \(String(repeating: "cd", count: 32)) "
                + "\(String(repeating: "ef", count: 32)) \(61 * hour)")
        #expect(new.export().isEmpty)
    }

    /// A key seals for twelve hours and opens for a day more; whoever comes later shakes hands anew.
    @Test func ticketKeysAreRotated() {
        let hour: Int64 = 3_600 * 1_000_000_000
        let now = Mutex<Int64>(0)
        let made = Mutex<UInt8>(0)
        let keys = TLSTicketKeys(
            clock: { now.withLock { $0 } },
            random: { count in
                made.withLock { made in
                    made += 1
                    return [UInt8](repeating: made, count: count)
                }
            })
        func find(_ name: [UInt8]) -> Bool? { unsafe name.withUnsafeBytes { unsafe keys.find($0)?.isOld } }

        let first = keys.current()
        #expect(keys.current().name == first.name && find(first.name) == false)
        now.withLock { $0 = 12 * hour - 1 }
        #expect(keys.current().name == first.name)
        now.withLock { $0 = 12 * hour }
        #expect(find(first.name) == true)
        let second = keys.current()
        #expect(second.name != first.name && second.cipher != first.cipher && find(first.name) == true)
        now.withLock { $0 = 24 * hour }
        let third = keys.current()
        #expect(find(first.name) == true && find(second.name) == true && find(third.name) == false)
        now.withLock { $0 = 36 * hour }
        #expect(find(first.name) == nil)
        _ = keys.current()
        #expect(find(second.name) == true && find(third.name) == true)
        // Nobody came for days: nothing old is opened.
        now.withLock { $0 = 100 * hour }
        #expect(find(second.name) == nil && find(third.name) == nil)
        #expect(find([UInt8](repeating: 200, count: 16)) == nil)
    }
}
