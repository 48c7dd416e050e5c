/// What became ready on a descriptor.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let readable = Readiness(rawValue: 1)
    public static let writable = Readiness(rawValue: 2)
    /// The peer will send no more.
    public static let end = Readiness(rawValue: 4)
    /// The descriptor has an error, or both directions are shut; a read or SO_ERROR says which.
    public static let error = Readiness(rawValue: 8)
}

/// Someone who owns a descriptor that a loop watches. The loop keeps a reference while it watches.
open class DescriptorHandler {
    package final var descriptor: Int32 = -1
    /// Tells a late event for a closed descriptor from one for its successor with the same number.
    final var generation: UInt32 = 0

    public init() {}

    open func descriptorIsReady(_ readiness: Readiness) {}
}
