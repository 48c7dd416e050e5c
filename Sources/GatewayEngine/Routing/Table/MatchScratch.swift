package import HTTPWire

/// Where a walk through the trie stands at one level.
struct WalkFrame {
    var node: UInt32
    /// Where the segment begins that is to be matched below the node; beyond the end when the path ended at the node.
    var start: UInt32
    /// Where it ends, once it has been looked at.
    var end: UInt32
    var step: WalkStep
}

/// What a walk tries next at a level: the order of precedence, as code.
enum WalkStep: UInt8 {
    case literal, regex, parameter, oneOrMore, noneOrMore, done
}

/// The working memory of a worker's router: made once, used for every request, and afterwards the place where the path
/// parameters of the last match are found. Nothing in it outlives the next call to `match`.
@safe
package final class MatchScratch {
    /// Segments of a pattern at most. Longer paths are fine: what is beyond is matched by `**`, `*` or `{x+}`.
    package static let maximumDepth = 64
    /// Named parameters of a route at most.
    package static let maximumParameters = 16
    /// A host name has at most 253 characters; longer ones match no host of the configuration.
    static let maximumHost = 256

    /// One level for each segment of a pattern, and the root.
    private let frames: UnsafeMutablePointer<WalkFrame>
    private let ranges: UnsafeMutablePointer<ByteRange>
    private let hostBytes: UnsafeMutablePointer<UInt8>
    private(set) var hostCount = 0

    /// How many parameters the matched route has.
    package var parameterCount: Int { captured }
    var captured = 0
    /// Methods of routes that only the method kept from matching, in the bits of the table that matched.
    var allowedMethods: UInt64 = 0
    let regex = RegexScratch()
    /// Decoded query values and joined field lines, when an expression has to see them as one piece.
    let value = WireBuffer(capacity: 512)

    package init() {
        unsafe frames = .allocate(capacity: Self.maximumDepth + 1)
        unsafe frames.initialize(
            repeating: WalkFrame(node: 0, start: 0, end: 0, step: .done), count: Self.maximumDepth + 1)
        unsafe ranges = .allocate(capacity: Self.maximumParameters)
        unsafe ranges.initialize(repeating: .empty, count: Self.maximumParameters)
        unsafe hostBytes = .allocate(capacity: Self.maximumHost)
        unsafe hostBytes.initialize(repeating: 0, count: Self.maximumHost)
    }

    deinit {
        unsafe frames.deallocate()
        unsafe ranges.deallocate()
        unsafe hostBytes.deallocate()
    }

    /// Searches of regular expressions that a limit ended: each counted as no match.
    package var regexLimitHits: Int { regex.limitHits }

    /// Where the value of a parameter stands in the path that was matched; parameters count in the order of
    /// `CompiledRoute.parameterNames`.
    package func parameter(_ index: Int) -> ByteRange {
        precondition(index >= 0 && index < captured, "no such parameter")
        return unsafe ranges[index]
    }

    func setParameter(_ index: Int, _ range: Range<Int>) {
        precondition(index >= 0 && index < Self.maximumParameters, "more parameters than a route may have")
        unsafe ranges[index] = ByteRange(
            start: UInt32(truncatingIfNeeded: range.lowerBound), count: UInt32(truncatingIfNeeded: range.count))
    }

    /// Puts back the parameters of an earlier match.
    func restore(_ parameters: [ByteRange]) {
        captured = min(parameters.count, Self.maximumParameters)
        for index in 0..<captured { unsafe ranges[index] = parameters[index] }
    }

    @inline(__always)
    func frame(_ depth: Int) -> WalkFrame {
        precondition(depth >= 0 && depth <= Self.maximumDepth)
        return unsafe frames[depth]
    }

    @inline(__always)
    func setFrame(_ depth: Int, _ frame: WalkFrame) {
        precondition(depth >= 0 && depth <= Self.maximumDepth)
        unsafe frames[depth] = frame
    }

    /// The host of the request as `takeHost` left it.
    var host: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = unsafe Span(_unsafeStart: hostBytes, count: hostCount)
            // The block lives as long as this object and never moves.
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// Keeps a host in the form that the table has it in: lower case, no port, no final dot. One that is too long is
    /// kept as empty, which matches no host.
    func takeHost(_ authority: Span<UInt8>) {
        hostCount = 0
        var end = 0
        if authority.count > 0, authority[0] == UInt8(ascii: "[") {
            // An IPv6 literal has colons of its own; it ends with its bracket.
            while end < authority.count, authority[end] != UInt8(ascii: "]") { end &+= 1 }
            end = min(end &+ 1, authority.count)
        } else {
            while end < authority.count, authority[end] != UInt8(ascii: ":") { end &+= 1 }
        }
        if end > 1, authority[end &- 1] == UInt8(ascii: ".") { end &-= 1 }
        guard end <= Self.maximumHost else { return }
        for index in 0..<end { unsafe hostBytes[index] = PathBytes.lowercase(authority[index]) }
        hostCount = end
    }
}
