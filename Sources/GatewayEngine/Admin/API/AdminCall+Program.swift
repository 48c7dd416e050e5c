internal import GatewayConfiguration
internal import Synchronization

/// The gateway as a whole: what runs, and by which configuration.
extension AdminCall {
    func status() -> AdminJSON {
        let metrics = server.metrics
        let configuration = server.configuration
        let uptime = max(0, OperationLog.wallClock() - metrics.start) / 1_000_000_000
        let reloads = metrics.reloads
        return [
            "version": .text(metrics.build.version),
            "started_at": .time(metrics.start),
            "uptime_seconds": .integer(Int(uptime)),
            "state": server.isReady ? "ready" : "draining",
            "listeners": .list(
                server.bound.map { bound in
                    [
                        "name": .text(bound.listener), "address": .text(bound.address),
                        "is_admin": .boolean(bound.isAdmin), "is_tls": .boolean(bound.isTLS),
                    ]
                }),
            "certificates": .list(certificates),
            "configuration": [
                "path": .text(self.reloads?.path),
                "services": .integer(configuration.services.count),
                "routes": .integer(configuration.routes.count),
                "reloads_succeeded": .integer(Int(clamping: reloads.succeeded.load(ordering: .relaxed))),
                "reloads_failed": .integer(Int(clamping: reloads.failed.load(ordering: .relaxed))),
                "last_reload_at": .time(
                    Int64(clamping: reloads.lastSuccess.load(ordering: .relaxed)) &* 1_000_000_000),
            ],
        ]
    }

    /// Those that clients are shown, and those that are still to come.
    private var certificates: [AdminJSON] {
        var managed: [ManagedCertificate] = []
        return server.snapshot.listeners.flatMap { listener -> [AdminJSON] in
            guard let tls = listener.tls else { return [] }
            var list = tls.certificates.filter { !$0.isManaged }.map { describe($0) }
            if let certificate = tls.managed, !managed.contains(where: { $0 === certificate }) {
                managed.append(certificate)
                list.append(describe(certificate, of: listener.configuration.name))
            }
            return list
        }
    }

    private func describe(_ facts: CertificateFacts) -> AdminJSON {
        let left = facts.notAfter - OperationLog.wallClock() / 1_000_000_000
        return [
            "listener": .text(facts.listener), "names": .texts(facts.names), "path": .text(facts.path),
            "not_after": .time(facts.notAfter &* 1_000_000_000),
            "state": left < 0 ? "expired" : left < facts.warningTime ? "expires_soon" : "valid",
            "is_managed": false, "last_error": .null, "next_order_at": .null,
        ]
    }

    private func describe(_ certificate: ManagedCertificate, of listener: String) -> AdminJSON {
        let report = certificate.report
        let state: AdminJSON =
            if let validity = report.validity {
                validity.upperBound < OperationLog.wallClock() / 1_000_000_000 ? "expired" : "valid"
            } else {
                "missing"
            }
        return [
            "listener": .text(listener), "names": .texts(report.names),
            "path": .text(certificate.storage.certificatePath),
            "not_after": .time((report.validity?.upperBound ?? 0) &* 1_000_000_000),
            "state": report.isOrdering ? "ordering" : state, "is_managed": true,
            "last_error": .text(report.lastFault?.description),
            "next_order_at": .time(report.nextOrder &* 1_000_000_000),
        ]
    }

    /// Reads files, and waits for every worker: on a thread of its own, while the exchange waits.
    func reload() throws(AdminError) -> AdminOutcome {
        guard let reloads else {
            throw AdminError(.conflict, "This gateway was started without a file that could be loaded again.")
        }
        return .later { answer in
            reloads.requestReload { answer(Self.answer($0)) }
        }
    }

    static func answer(_ report: ReloadReport) -> AdminAnswer {
        switch report.outcome {
        case .applied(let changes):
            return AdminAnswer(status: 200, body: describe(report, "applied", changes))
        case .unchanged:
            return AdminAnswer(status: 200, body: describe(report, "unchanged", nil))
        case .refused(let diagnostics):
            let errors = diagnostics.count == 1 ? "1 error" : "\(diagnostics.count) errors"
            var error = AdminError(
                .configurationRefused, "The new configuration has \(errors); the old one goes on.")
            error.members = [("errors", .list(diagnostics.map(describe)))]
            return AdminAnswer(error)
        case .failed(let reason):
            return AdminAnswer(
                AdminError(
                    .reloadFailed, "The new configuration cannot be carried out: \(reason). The old one goes on."))
        }
    }

    private static func describe(
        _ report: ReloadReport, _ outcome: String, _ changes: ConfigurationChanges?
    ) -> AdminJSON {
        [
            "outcome": .text(outcome),
            "listeners": describe(changes?.listeners),
            "services": describe(changes?.services),
            "routes": describe(changes?.routes),
            "settings": .texts(changes?.settings ?? []),
            "needs_restart": .texts(report.needsRestart),
            "warnings": .list(report.warnings.map(describe)),
            "milliseconds": .integer(Int(report.duration / 1_000_000)),
        ]
    }

    private static func describe(_ objects: ConfigurationChanges.Objects?) -> AdminJSON {
        [
            "added": .texts(objects?.added ?? []), "removed": .texts(objects?.removed ?? []),
            "changed": .texts(objects?.changed ?? []), "kept": .integer(objects?.kept ?? 0),
        ]
    }

    private static func describe(_ diagnostic: Diagnostic) -> AdminJSON {
        [
            "file": .text(diagnostic.location.file),
            "line": .integer(diagnostic.location.line),
            "column": .integer(diagnostic.location.column),
            "message": .text(diagnostic.message),
            "fix": .text(diagnostic.fix),
        ]
    }
}
