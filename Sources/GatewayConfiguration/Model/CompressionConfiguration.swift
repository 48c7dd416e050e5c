/// How responses are compressed: on top, or a route's own, which stands in its place as a whole.
package struct CompressionConfiguration: Sendable, Hashable {
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case zstd, br, gzip
    }

    package var isEnabled = true
    /// The best first.
    package var algorithms: [Algorithm] = [.zstd, .br, .gzip]
    /// Bytes.
    package var minSize = 1_024
    /// `type/subtype`, `type/*`, `type/*+suffix`.
    package var types = CompressionConfiguration.usualTypes
    package var levels: [Algorithm: Int] = [:]

    package init() {}

    /// What is text at heart, and nothing that is packed already.
    package static let usualTypes = [
        "text/*", "application/json", "application/*+json", "application/x-ndjson", "application/javascript",
        "application/xml", "application/*+xml", "application/wasm", "image/svg+xml", "font/ttf", "font/otf",
    ]
}
