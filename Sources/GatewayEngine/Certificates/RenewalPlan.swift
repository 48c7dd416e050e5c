/// When the next certificate is ordered: pure, in seconds since 1970.
///
/// A certificate is renewed when a third of its lifetime is left, a little earlier by chance, so that a thousand gateways
/// that were started together do not come together. An order that failed is repeated after a while that grows:
/// - soon, when the authority could not be reached or made no sense: nothing was used up by that;
/// - slowly, when it said no: authorities count failed validations (five an hour is a usual limit), and whoever asks too
///   often is not heard for days;
/// - not before the authority wants to be asked again, where it names a time.
struct RenewalPlan: Sendable, Equatable {
    /// When the next order is due.
    private(set) var next: Int64
    /// Orders since the last that succeeded.
    private(set) var failures = 0

    /// No time that the authority names holds an order back for longer.
    static let longestDelay: Int64 = 7 * 86_400

    /// - Parameter validity: of the certificate that is there; nil: none is.
    init(validity: Range<Int64>?, now: Int64, random: Double) {
        next = validity.map { Self.renewal(of: $0, random: random) } ?? now
    }

    static func renewal(of validity: Range<Int64>, random: Double) -> Int64 {
        let lifetime = validity.upperBound - validity.lowerBound
        return validity.upperBound - lifetime / 3 - Int64(Double(lifetime / 20) * random)
    }

    func isDue(at now: Int64) -> Bool { now >= next }

    mutating func succeeded(validity: Range<Int64>, now: Int64, random: Double) {
        failures = 0
        // Whatever a certificate says, an authority is not asked again in the same breath.
        next = max(Self.renewal(of: validity, random: random), now + 5)
    }

    mutating func failed(_ fault: ACMEFault, now: Int64, random: Double) {
        failures += 1
        let steps = Int64(min(failures - 1, 10))
        let soon: Int64 = min(5 << steps, 3_600)
        let slowly: Int64 = min(60 << (2 * steps), 6 * 3_600)
        let delay = fault.reason.isPassing ? soon : slowly
        let wanted = max(delay + Int64(Double(delay) * 0.25 * random), fault.retryAfter ?? 0)
        next = now + min(wanted, Self.longestDelay)
    }
}
