/// Where the counters of a route or a service stand in every worker's shard.
///
/// The number of series has a hard cap, whatever the configuration holds: names beyond it share `other`.
package struct SeriesID: Sendable, Hashable, BitwiseCopyable {
    package let index: UInt16

    /// Names that found no place of their own: `route="(other)"`.
    package static var other: SeriesID { SeriesID(index: 0) }
    /// Requests that no route matched, `route="(none)"`; for a service: none was involved, nothing is counted.
    package static var none: SeriesID { SeriesID(index: 1) }
    /// The first one that a name can have.
    static let firstNamed = 2
}
