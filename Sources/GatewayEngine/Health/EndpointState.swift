internal import Synchronization

/// What all workers know of one endpoint: how busy it is, and whether it may be asked.
///
/// Workers share nothing on the path of a request but such atomics. Counts are changed with every request; what decides
/// about the choice (health, ejection, an operator's word) changes rarely, and each change raises the service's
/// generation, by which the workers notice that their view of the service is old.
///
/// The state belongs to the endpoint's URL within its service and outlives the configuration: after a reload the endpoint
/// has the health, the ejections and the load that it had before.
package final class EndpointState: Sendable {
    /// What an operator has said, or the configuration before anyone did.
    package enum Administrative: UInt8, Sendable, AtomicRepresentable {
        case enabled
        /// Gets nothing new; what is under way ends by itself.
        case draining
    }

    /// What the active checks say.
    package enum CheckedHealth: UInt8, Sendable, AtomicRepresentable {
        /// Nobody checks, or the first result is not there yet.
        case unknown
        case healthy
        case unhealthy
    }

    /// As in the configuration: `http://10.0.0.1:8080`.
    package let url: String
    /// Requests under way, over all workers.
    let inFlight = Atomic<Int>(0)
    let administrative = Atomic<Administrative>(.enabled)
    let checkedHealth = Atomic<CheckedHealth>(.unknown)
    /// On the loops' clock: taken out until then for what real requests met; 0: not taken out.
    let ejectedUntil = Atomic<Int64>(0)
    /// On the loops' clock: when it came, or came back; from then on it ramps up. 0: it was there from the start.
    let readySince = Atomic<Int64>(0)

    init(url: String) {
        self.url = url
    }
}
