/// Where an issuer's keys come from, and the rules of fetching them. Times are nanoseconds.
package struct KeySource: Hashable, Sendable {
    package enum Location: Hashable, Sendable {
        /// The key set itself.
        case keySet(String)
        /// The issuer's discovery document, which names it; `issuer` is what must stand in it.
        case discovery(String, issuer: String)
    }

    package var location: Location
    /// How long keys are good when the answer does not say.
    package var refresh: Int64 = 300 * second
    /// What `max-age` is held within.
    package var shortest: Int64 = 60 * second
    package var longest: Int64 = 24 * 3_600 * second
    /// At most one fetch for unknown keys in this time.
    package var unknownKeyInterval: Int64 = 30 * second
    /// A `kid` that was not in a fresh set is not asked for again in this time.
    package var unknownKeyMemory: Int64 = 60 * second
    /// How long one fetch may take.
    package var timeout: Int64 = 5 * second
    /// The largest answer.
    package var answerBytes = 512 * 1024
    /// The pause behind the first failure; it doubles up to `longestPause`, less a random part of up to a half.
    package var pause: Int64 = 1 * second
    package var longestPause: Int64 = 60 * second

    static let second: Int64 = 1_000_000_000

    package init(_ location: Location) { self.location = location }
}

/// What a fetch brought. The driver keeps to `KeySource.answerBytes` and `timeout`, and follows no redirects.
package enum KeyAnswer: Sendable {
    /// A status and a whole body, with `max-age` of Cache-Control in seconds, if it was there.
    case response(status: Int, body: [UInt8], maxAge: Int64?)
    case failed(KeyFetchFault)
}

/// Why a fetch brought no keys: a stable label for logs and metrics.
package enum KeyFetchFault: Error, Hashable, Sendable {
    case unreachable
    case timedOut
    case tooLarge
    case badStatus(Int)
    case badKeySet(KeySet.Fault)
    case badDiscovery(DiscoveryDocument.Fault)

    package var label: String {
        switch self {
        case .unreachable: "unreachable"
        case .timedOut: "timed_out"
        case .tooLarge: "too_large"
        case .badStatus: "bad_status"
        case .badKeySet: "bad_key_set"
        case .badDiscovery: "bad_discovery"
        }
    }
}
