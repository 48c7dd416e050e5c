package import GatewayConfiguration

/// The characters of a path that servers are known to read differently from one another.
///
/// The normaliser notes which ones a path holds and does not judge them: whether one of them is refused may depend on the
/// route, and the route is only known after the path has been normalised and matched.
package struct PathFeatures: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `%2F`: one more slash, to a server that decodes before it splits.
    package static let encodedSlash = PathFeatures(rawValue: 1)
    /// `%5C`
    package static let encodedBackslash = PathFeatures(rawValue: 2)
    /// `%00`: where a C string ends.
    package static let encodedNull = PathFeatures(rawValue: 4)
    /// `\`: a slash to servers that grew up on Windows.
    package static let backslash = PathFeatures(rawValue: 8)
    /// `//`: an empty segment, which many servers fold away.
    package static let emptySegments = PathFeatures(rawValue: 16)
    /// `;`: the start of path parameters to Java servers.
    package static let semicolon = PathFeatures(rawValue: 32)
}

/// Why a path is refused. Each has a stable label for logs and metrics, free of anything the client wrote.
package enum PathRejection: UInt8, Error, Sendable, CaseIterable, BitwiseCopyable {
    /// Not an absolute path.
    case notAbsolute
    /// A byte that has no place in a path: a control, a space, anything beyond ASCII.
    case badByte
    /// A `%` without two hexadecimal digits behind it.
    case badEscape
    /// `..;x`: a name to one server, the way up to another. No policy allows it.
    case dotSegmentParameters
    /// `.` or `..` between encoded slashes or backslashes: the way up for whoever decodes later. No policy allows it.
    case hiddenDotSegment
    case encodedSlash, encodedBackslash, encodedNull, backslash, emptySegment, semicolon

    package var label: StaticString {
        switch self {
        case .notAbsolute: "path_not_absolute"
        case .badByte: "path_bad_byte"
        case .badEscape: "path_bad_escape"
        case .dotSegmentParameters: "path_dot_segment_parameters"
        case .hiddenDotSegment: "path_hidden_dot_segment"
        case .encodedSlash: "path_encoded_slash"
        case .encodedBackslash: "path_encoded_backslash"
        case .encodedNull: "path_encoded_null"
        case .backslash: "path_backslash"
        case .emptySegment: "path_empty_segment"
        case .semicolon: "path_semicolon"
        }
    }
}

/// Which features are refused: a listener's or a route's `paths`, as one byte.
package struct PathPolicy: Sendable, Hashable {
    package let refused: PathFeatures

    package init(_ configuration: PathPolicyConfiguration) {
        var refused: PathFeatures = []
        if configuration.encodedSlash == .reject { refused.insert(.encodedSlash) }
        if configuration.encodedBackslash == .reject { refused.insert(.encodedBackslash) }
        if configuration.encodedNull == .reject { refused.insert(.encodedNull) }
        if configuration.backslash == .reject { refused.insert(.backslash) }
        if configuration.emptySegments == .reject { refused.insert(.emptySegments) }
        if configuration.semicolon == .reject { refused.insert(.semicolon) }
        self.refused = refused
    }

    /// The reason to refuse a path with these features; nil when there is none.
    ///
    /// Steps of a request: normalise, match, then ask the policy of the route that was found (`CompiledRoute.pathPolicy`)
    /// or, without a route or a policy of its own, that of the listener.
    @inline(__always)
    package func refusal(of features: PathFeatures) -> PathRejection? {
        let hits = features.intersection(refused)
        return hits.isEmpty ? nil : Self.reason(hits)
    }

    private static func reason(_ hits: PathFeatures) -> PathRejection {
        if hits.contains(.encodedNull) { return .encodedNull }
        if hits.contains(.encodedBackslash) { return .encodedBackslash }
        if hits.contains(.backslash) { return .backslash }
        if hits.contains(.encodedSlash) { return .encodedSlash }
        return hits.contains(.emptySegments) ? .emptySegment : .semicolon
    }
}
