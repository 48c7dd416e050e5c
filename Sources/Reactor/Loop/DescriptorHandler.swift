/// What became ready on a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// The peer will send no more.
    package static let end = Readiness(rawValue: 4)
    /// The descriptor has an error, or both directions are shut; a read or SO_ERROR says which.
    package static let error = Readiness(rawValue: 8)
}

/// Someone who owns a descriptor that a loop watches. The loop keeps a reference while it watches.
package class DescriptorHandler {
    package final var descriptor: Int32 = -1
    /// Tells a late event for a closed descriptor from one for its successor with the same number.
    final var generation: UInt32 = 0

    package init() {}

    package func descriptorIsReady(_ readiness: Readiness) {}
}
