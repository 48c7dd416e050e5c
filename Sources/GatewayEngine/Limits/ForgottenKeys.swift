/// When memory of forgotten keys should be given back to the system.
///
/// Sliding windows are small pieces of memory, which the C library keeps when they are freed: 90 MiB of a million. Giving
/// them back takes it some 20 ms, so it is done once for many, when a wave of keys has passed, and by a thread of its own.
struct ForgottenKeys {
    private static let many = 65_536
    private var count = 0

    /// - Parameter forgotten: how many keys one sweep of the clock forgot.
    /// - Returns: whether to give memory back now.
    mutating func note(_ forgotten: Int) -> Bool {
        count += forgotten
        guard forgotten == 0, count >= Self.many else { return false }
        count = 0
        return true
    }
}
