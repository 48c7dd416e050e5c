internal import GatewayConfiguration
internal import Reactor
internal import Synchronization

/// The managed certificates, over all snapshots.
final class CertificateRegistry: Sendable {
    private let known = Mutex<[ACMEConfiguration: ManagedCertificate]>([:])

    init() {}

    /// The one that a configuration asks for. What was kept of it is read when it is asked for the first time.
    ///
    /// - Parameter now: seconds since 1970.
    func certificate(
        _ configuration: ACMEConfiguration, now: Int64, tls: TLSContext?
    ) -> (certificate: ManagedCertificate, trouble: CertificateStorage.Loaded?) {
        if let certificate = known.withLock({ $0[configuration] }) {
            certificate.setTLS(tls)
            return (certificate, nil)
        }
        let storage = CertificateStorage(configuration)
        let loaded = storage.loadCertificate()
        var identity: TLSIdentity?
        var trouble: CertificateStorage.Loaded?
        switch loaded {
        case .found(let found): identity = found
        case .missing: break
        case .unreadable, .unusable: trouble = loaded
        }
        let made = ManagedCertificate(
            configuration, storage: storage, identity: identity, now: now, random: Double.random(in: 0..<1))
        made.setTLS(tls)
        // Two compilations do not run at once; were it so, the first one's would stay.
        let kept = known.withLock { known in
            if let other = known[configuration] { return other }
            known[configuration] = made
            return made
        }
        return (kept, trouble)
    }

    /// Forgets what the newest configuration does not ask for. The files stay.
    func keepOnly(_ wanted: [ManagedCertificate]) {
        known.withLock { known in known = known.filter { entry in wanted.contains { $0 === entry.value } } }
    }
}
