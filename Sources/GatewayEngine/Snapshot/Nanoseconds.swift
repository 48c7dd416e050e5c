extension Duration {
    /// Whole nanoseconds; durations of the configuration are far below the 292 years that fit.
    var nanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}

extension Duration? {
    /// Nanoseconds, or nil when the limit is switched off, in the form that the data plane compares: "never" is a number.
    var nanosecondsOrNever: Int64 { self?.nanoseconds ?? Deadline.never }
}

/// A point in time on the loop's clock.
enum Deadline {
    /// Far enough to be never, near enough that adding it to a clock does not overflow.
    static let never: Int64 = .max / 4
}

extension Duration {
    /// The same for durations that code may choose freely: below nothing is nothing, beyond a hundred years is never.
    var boundedNanoseconds: Int64 {
        self <= .zero ? 0 : self > .seconds(3_000_000_000) ? Deadline.never : nanoseconds
    }
}
