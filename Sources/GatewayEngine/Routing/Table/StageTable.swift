package import HTTPWire

/// The stages of a listener: the first path segment names one and is removed before anything is matched.
///
/// A listener has a handful of stages at most, so they are compared one by one.
package struct StageTable: Sendable {
    package enum Match: Sendable, Hashable {
        /// The listener has no stages: the path is as it is.
        case unstaged
        /// The index of the stage, and what is left of the path: `/prod/x` → `/x`, `/prod` → `/`.
        case stage(Int, path: ByteRange)
        /// The first segment is none of them: 404.
        case notFound
    }

    package let names: [String]
    private let segments: [[UInt8]]

    package init(_ names: [String]) {
        self.names = names
        segments = names.map { CanonicalText.path($0.utf8) ?? Array($0.utf8) }
    }

    /// `path` is normalised.
    package func match(_ path: Span<UInt8>) -> Match {
        if segments.isEmpty { return .unstaged }
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { return .notFound }
        for index in segments.indices {
            let segment = segments[index]
            guard Bytes.has(path, at: 1, segment.span) else { continue }
            let end = segment.count + 1
            if end == path.count {
                // Nothing is left: the path's own first byte is the slash that stands for it.
                return .stage(index, path: ByteRange(start: 0, count: 1))
            }
            guard path[end] == UInt8(ascii: "/") else { continue }
            return .stage(
                index,
                path: ByteRange(
                    start: UInt32(truncatingIfNeeded: end), count: UInt32(truncatingIfNeeded: path.count - end)))
        }
        return .notFound
    }
}
