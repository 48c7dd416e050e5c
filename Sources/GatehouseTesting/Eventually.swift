#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Tries until it works, for what follows from an event that cannot be seen; patience bounds it.
///
/// - Parameter limit: more than the usual patience, for what is much work on a slow machine.
public func eventually(
    _ what: String, within limit: Duration = Patience.standard, _ attempt: () throws -> Bool
) throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
        if try attempt() { return }
        // Whoever is to make it true needs the processor too.
        usleep(500)
    }
    throw KitFailure(.timeout, "waited in vain for \(what)")
}
