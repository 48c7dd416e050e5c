/// The path of a call to a service, with its query. What is put into it by `\(…)` is percent-encoded, so that it stays
/// one segment, or one value, whatever it holds:
///
/// ```swift
/// "/users/\(id)/recent?limit=5"        // an id "a/b" becomes /users/a%2Fb/recent?limit=5
/// "/search?q=\(words)"
/// "\(raw: request.path)"               // as it is
/// ```
public struct ServicePath: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    let text: String

    public init(stringLiteral value: String) { text = value }
    public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    /// A path that is encoded already.
    public init(raw text: String) { self.text = text }

    public var description: String { text }

    /// Puts a path together.
    public struct StringInterpolation: StringInterpolationProtocol {
        var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// One segment, or one value.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            text += PercentCode.encoded(value.description)
        }

        /// A piece that is encoded already.
        public mutating func appendInterpolation(raw value: String) { text += value }
    }
}
