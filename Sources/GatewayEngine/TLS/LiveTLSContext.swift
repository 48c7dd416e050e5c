internal import Reactor
internal import Synchronization

/// A listener's context where one of its certificates comes and changes by itself: made anew, by whoever accepts the next
/// connection, when the certificate's version has moved. Connections that are there keep theirs.
final class LiveTLSContext: Sendable {
    private struct State {
        var context: TLSContext
        var version: Int
    }

    let certificate: ManagedCertificate
    /// With the certificates that are configured; the managed one comes behind them.
    private let options: TLSContext.ServerOptions
    private let state: Mutex<State>

    init(_ options: TLSContext.ServerOptions, _ certificate: ManagedCertificate) throws(TLSMaterialError) {
        self.options = options
        self.certificate = certificate
        let version = certificate.version.load(ordering: .acquiring)
        state = Mutex(State(context: try Self.make(options, certificate), version: version))
    }

    /// What the next connection takes.
    var context: TLSContext {
        let version = certificate.version.load(ordering: .acquiring)
        return state.withLock { state in
            if state.version != version {
                // The driver has tried the certificate before it gave it out; should it not do here, the old one goes on.
                if let made = try? Self.make(options, certificate) { state.context = made }
                state.version = version
            }
            return state.context
        }
    }

    private static func make(
        _ fixed: TLSContext.ServerOptions, _ certificate: ManagedCertificate
    ) throws(TLSMaterialError) -> TLSContext {
        var options = fixed
        let shown = certificate.shown
        if let identity = shown.identity { options.identities.append(identity) }
        options.challenges = shown.challenges
        return try TLSContext(server: options)
    }
}
