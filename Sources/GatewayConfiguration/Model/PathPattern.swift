/// A path pattern, parsed: `/api/users/{id}`, `/api/orders/{proxy+}`, `/static/**`, `/v1/*/detail`.
///
/// - `{id}`: one segment, not empty.
/// - a final `*` or `{name+}`: one segment or more; an inner `*`: one.
/// - `**`, only at the end: none or more.
/// `/a` is not `/a/`: a trailing slash is a last, empty literal segment.
package struct PathPattern: Sendable, Hashable {
    package enum Segment: Sendable, Hashable {
        case literal(String)
        /// `{name}`; an inner `*` has no name.
        case parameter(String?)
        /// `{name+}` or a final `*`: only last.
        case oneOrMore(String?)
        /// `**`: only last.
        case noneOrMore
    }

    /// As the user wrote it: the label in metrics and logs.
    package var text: String
    /// Without the leading slash: `/` has one empty literal segment.
    package var segments: [Segment]

    package init(text: String, segments: [Segment]) {
        self.text = text
        self.segments = segments
    }
}
