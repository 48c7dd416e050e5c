/// The answer to "where is this host": every address it has, and for how long that may be believed.
package struct Resolution: Sendable, Equatable {
    /// Without duplicates; IPv4 first, then IPv6, each in the order of the answer. IPv4 first because a host without an
    /// IPv6 route is still far more common than one without an IPv4 route, and trying an address in vain costs a request
    /// its connect timeout.
    package var addresses: [SocketAddress]
    /// Seconds, 1…3600: the smallest of all records that led here, aliases included.
    package var timeToLive: Int

    package static let timesToLive = 1...3_600
    /// For addresses that do not come from DNS: a literal, the hosts file, `localhost`.
    package static let localTimeToLive = 60

    package init(addresses: [SocketAddress], timeToLive: Int) {
        self.addresses = addresses
        self.timeToLive = min(max(timeToLive, Self.timesToLive.lowerBound), Self.timesToLive.upperBound)
    }
}

/// Why a name has no address.
package enum ResolutionError: Error, Sendable, Hashable {
    /// Not something that could be a host name.
    case badName
    /// The name does not exist (NXDOMAIN).
    case notFound
    /// The name exists and has neither A nor AAAA records.
    case noAddress
    /// Every server failed, refused or could not be reached (SERVFAIL, REFUSED, NOTIMP, FORMERR, a closed port): c-ares
    /// no longer tells these apart when it has tried them all.
    case serverFailure
    /// No server answered in time.
    case timedOut
    /// The answer could not be understood.
    case badResponse
    /// The resolver was closed.
    case cancelled
    /// Memory, descriptors or the resolver's own configuration; c-ares' status.
    case system(Int32)

    /// Constant text, fit for a log field or a metric's label.
    package var label: String {
        switch self {
        case .badName: "bad_name"
        case .notFound: "not_found"
        case .noAddress: "no_address"
        case .serverFailure: "server_failure"
        case .timedOut: "timed_out"
        case .badResponse: "bad_response"
        case .cancelled: "cancelled"
        case .system: "system"
        }
    }
}
