internal import GatewayConfiguration
internal import Reactor

/// Warns in the operation log of certificates that end soon: when a snapshot comes into use, and once a day from then on.
struct CertificateWatch {
    private static let interval: Int64 = 86_400 * 1_000_000_000
    private var seen: ObjectIdentifier?
    private var nextLook: Int64 = 0

    /// - Parameter now: nanoseconds since 1970.
    mutating func look(_ snapshot: Snapshot, now: Int64, _ log: OperationLog) {
        let identifier = ObjectIdentifier(snapshot)
        if identifier == seen && now < nextLook { return }
        seen = identifier
        nextLook = now + Self.interval
        let today = now / 1_000_000_000
        for listener in snapshot.listeners {
            guard let tls = listener.tls else { continue }
            for certificate in tls.certificates where certificate.notAfter - today < certificate.warningTime {
                log.warning(
                    certificate.notAfter < today ? "a certificate has expired" : "a certificate expires soon",
                    [
                        "listener": .text(certificate.listener), "certificate": .text(certificate.path),
                        "not_after": .text(TLSCompiler.date(certificate.notAfter)),
                    ])
            }
        }
    }
}
