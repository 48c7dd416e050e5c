/// A method of HTTP, as `GET`.
///
/// ```swift
/// program.route("/orders", .post) { request, context in … }
/// program.route("/lock", "LOCK") { request, context in … }
/// ```
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// As it stands in a request; the case matters (RFC 9110 §9.1).
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { self.init(rawValue: value) }

    /// Reads; routes for it take HEAD too.
    public static let get = HTTPMethod(rawValue: "GET")
    /// As GET, without the body.
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// Hands something over.
    public static let post = HTTPMethod(rawValue: "POST")
    /// Puts something in its place.
    public static let put = HTTPMethod(rawValue: "PUT")
    /// Changes a part of something.
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// Removes something.
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// Asks what is possible.
    public static let options = HTTPMethod(rawValue: "OPTIONS")

    public var description: String { rawValue }
}
