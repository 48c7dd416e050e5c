/// A JSONPath (RFC 9535), compiled: which values of a document it selects.
///
/// All of the RFC is here: names, wildcards, indexes, slices and filters, as children and as descendants; comparisons;
/// `length`, `count`, `match`, `search` and `value`, checked for their types when the path is compiled. The values come in
/// the order that the RFC describes, and as often as they are selected.
package struct JSONPath: Sendable, CustomStringConvertible {
    struct Segment: Sendable {
        /// Reaches down to any depth: `..`
        var isDescendant: Bool
        var selectors: [Selector]
    }

    enum Selector: Sendable {
        case name([UInt8])
        case wildcard
        /// From the end if below zero.
        case index(Int)
        case slice(start: Int?, end: Int?, step: Int)
        case filter(PathFilter)
    }

    package let description: String
    let segments: [Segment]

    /// - Parameter text: `$` and what follows it.
    package init(_ text: String) throws(JSONPathError) {
        description = text
        segments = try PathParser.parse(text)
    }

    /// A part of another path.
    init(_ segments: [Segment], _ text: String) {
        description = text
        self.segments = segments
    }

    /// Selects one value at most: names and indexes only.
    package var isSingular: Bool { Self.isSingular(segments) }

    static func isSingular(_ segments: [Segment]) -> Bool {
        segments.allSatisfy { segment in
            guard !segment.isDescendant, segment.selectors.count == 1 else { return false }
            switch segment.selectors[0] {
            case .name, .index: return true
            case .wildcard, .slice, .filter: return false
            }
        }
    }
}

/// Why a text is no JSONPath, and where.
package struct JSONPathError: Error, Hashable, Sendable {
    package enum Code: UInt8, Sendable, CaseIterable {
        /// The text must begin with `$`.
        case noRoot
        /// A segment must stand here: `.name`, `.*`, `..`, `[`.
        case expectedSegment
        case expectedSelector
        case expectedName
        /// Something other than what must follow.
        case unexpected
        /// RFC 9535 §2.1: no leading zeros, no `-0`, within ±(2^53 - 1).
        case badInteger
        case badString
        case badNumber
        case unknownFunction
        case wrongArgumentCount
        /// RFC 9535 §2.4.3: a function gets or gives something of another kind than is needed here.
        case wrongType
        /// A comparison takes only queries that select one value at most.
        case notSingular
        /// Parentheses and filters within each other.
        case tooDeep
    }

    package var code: Code
    /// Bytes of UTF-8 before the place.
    package var offset: Int

    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

/// A condition of a filter.
indirect enum PathFilter: Sendable {
    case or([PathFilter])
    case and([PathFilter])
    case not(PathFilter)
    /// The query selects something.
    case exists(PathQuery)
    case compare(PathOperand, PathComparison, PathOperand)
    /// `match`, or `search` if not the whole string need fit.
    case matches(PathOperand, PathPattern, isSearch: Bool)
}

enum PathComparison: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// A query in a filter: from the value that is judged (`@`) or from the document's root (`$`).
struct PathQuery: Sendable {
    var isRelative: Bool
    var segments: [JSONPath.Segment]
}

/// What is compared.
indirect enum PathOperand: Sendable {
    case string([UInt8])
    case number(integer: Int64?, Double)
    case bool(Bool)
    case null
    /// The value that a singular query selects; nothing if there is none.
    case query(PathQuery)
    case length(PathOperand)
    case count(PathQuery)
    /// The value of a query's only node; nothing if there are more or none.
    case value(PathQuery)
}

/// A regular expression: known when the path is compiled, or taken from the document.
enum PathPattern: Sendable {
    /// Nil if the text is none; then nothing fits (RFC 9535 §2.4.6).
    case fixed(IRegexp?)
    case computed(PathOperand)
}
