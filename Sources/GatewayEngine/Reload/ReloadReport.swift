package import GatewayConfiguration

/// How a reload went: for whoever asked for it, the log, and the metrics.
package struct ReloadReport: Sendable {
    package enum Outcome: Sendable {
        /// The new configuration serves.
        case applied(ConfigurationChanges)
        /// The files say what they said before; nothing was touched.
        case unchanged
        /// The configuration has errors. The old one goes on.
        case refused([Diagnostic])
        /// It is right, but cannot be carried out here: an address is taken, a file cannot be written. The old one goes on.
        case failed(String)
    }

    package var outcome: Outcome
    /// What was found on the way and keeps nothing from working.
    package var warnings: [Diagnostic] = []
    /// What the new configuration asks for and only a restart can bring, a sentence each.
    package var needsRestart: [String] = []
    /// Addresses that were not listened on before.
    package var opened: [GatewayServer.Bound] = []
    /// Nanoseconds from the request to the last worker's having taken it up.
    package var duration: Int64 = 0

    package init(_ outcome: Outcome) { self.outcome = outcome }

    package var succeeded: Bool {
        switch outcome {
        case .applied, .unchanged: true
        case .refused, .failed: false
        }
    }
}
