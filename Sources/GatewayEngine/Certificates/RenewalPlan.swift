/// When the next certificate is ordered: pure, in seconds since 1970.
///
/// A certificate is renewed when a third of its lifetime is left, a little earlier by chance, so that a thousand gateways
/// that were started together do not come together. Where the authority says when it wants to be asked (RFC 9773), it is a
/// moment drawn from its window instead: that may be today, for a certificate that is about to be revoked, but never so
/// late that too little would be left to try again. An order that failed is repeated after a while that grows:
/// - soon, when the authority could not be reached or made no sense: nothing was used up by that;
/// - slowly, when it said no: authorities count failed validations (five an hour is a usual limit), and whoever asks too
///   often is not heard for days;
/// - not before the authority wants to be asked again, where it names a time.
struct RenewalPlan: Sendable, Equatable {
    /// Orders since the last that succeeded.
    private(set) var failures = 0
    /// Of the certificate that is there.
    private var validity: Range<Int64>?
    /// What is left to chance, 0 to 1: once for each certificate, so that asking often does not mean renewing early.
    private var draw: Double
    /// In which the authority wants the renewal.
    private(set) var window: Range<Int64>?
    /// No order before this.
    private var earliest: Int64
    private var question: Int64
    private var questionsFailed = 0

    /// No time that the authority names holds an order back for longer.
    static let longestDelay: Int64 = 7 * 86_400
    /// Between two questions when to renew: without a word of the authority's, at least, and at most (RFC 9773 §4.3.2).
    private static let questionPause: Int64 = 6 * 3_600
    private static let shortestQuestionPause: Int64 = 60
    private static let longestQuestionPause: Int64 = 86_400

    /// - Parameter validity: of the certificate that is there; nil: none is.
    init(validity: Range<Int64>?, now: Int64, random: Double) {
        self.validity = validity
        draw = random
        earliest = validity == nil ? now : .min
        question = now
    }

    static func renewal(of validity: Range<Int64>, random: Double) -> Int64 {
        let lifetime = validity.upperBound - validity.lowerBound
        return validity.upperBound - lifetime / 3 - Int64(Double(lifetime / 20) * random)
    }

    // MARK: Times

    /// When the next order is due.
    var next: Int64 {
        // Whoever has begun goes on.
        guard let validity, failures == 0 else { return earliest }
        guard let window else { return max(earliest, Self.renewal(of: validity, random: draw)) }
        let drawn = window.lowerBound + Int64(Double(window.upperBound - window.lowerBound) * draw)
        let latest = validity.upperBound - (validity.upperBound - validity.lowerBound) / 6
        return max(earliest, min(drawn, latest))
    }

    /// When the authority is to be asked the next time; nil: there is nothing to ask about.
    var nextQuestion: Int64? { validity == nil ? nil : question }

    func isDue(at now: Int64) -> Bool { now >= next }

    // MARK: Orders

    mutating func succeeded(validity: Range<Int64>, now: Int64, random: Double) {
        failures = 0
        questionsFailed = 0
        self.validity = validity
        draw = random
        window = nil
        question = now
        // Whatever a certificate says, an authority is not asked again in the same breath.
        earliest = now + 5
    }

    mutating func failed(_ fault: ACMEFault, now: Int64, random: Double) {
        failures += 1
        let steps = Int64(min(failures - 1, 10))
        let soon: Int64 = min(5 << steps, 3_600)
        let slowly: Int64 = min(60 << (2 * steps), 6 * 3_600)
        let delay = fault.reason.isPassing ? soon : slowly
        let wanted = max(delay + Int64(Double(delay) * 0.25 * random), fault.retryAfter ?? 0)
        earliest = now + min(wanted, Self.longestDelay)
    }

    // MARK: The authority's word

    /// - Parameters:
    ///   - window: not empty; nil: it leaves the time to others.
    ///   - retryAfter: in how many seconds it wants to be asked again.
    mutating func told(_ window: Range<Int64>?, retryAfter: Int64?, now: Int64) {
        self.window = window
        questionsFailed = 0
        let pause = window == nil ? Self.longestQuestionPause : retryAfter ?? Self.questionPause
        question = now + min(max(pause, Self.shortestQuestionPause), Self.longestQuestionPause)
    }

    /// It could not be asked: what it said before holds on.
    mutating func notTold(retryAfter: Int64?, now: Int64) {
        questionsFailed += 1
        let pause = min(Self.shortestQuestionPause << (2 * Int64(min(questionsFailed - 1, 8))), Self.questionPause)
        question = now + min(max(pause, retryAfter ?? 0), Self.longestQuestionPause)
    }
}
