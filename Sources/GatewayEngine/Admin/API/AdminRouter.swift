internal import HTTPWire

/// Finds the route of a call in the table.
///
/// Paths are compared as they are: no trailing slash, no dot segments, no second spelling. Each segment is
/// percent-decoded by itself, so that a name may hold a slash: an endpoint's URL is one segment,
/// `http:%2F%2F10.0.0.1:8080`.
struct AdminRouter: Sendable {
    enum Outcome {
        case found(AdminRoute, parameters: [String])
        /// - Parameter allow: the value of the field.
        case methodNotAllowed(allow: String)
        case notFound
    }

    /// What every path of the API begins with. A change that breaks callers gets another number.
    static let prefix = "/api/v1"

    let routes: [AdminRoute]

    /// Whether a path belongs to the API, in whatever version.
    static func isInside(_ path: Span<UInt8>) -> Bool {
        path.count >= 5 && path.extracting(0..<5).text == "/api/"
    }

    func find(_ method: Method, _ path: Span<UInt8>) -> Outcome {
        guard let parts = Self.parts(path) else { return .notFound }
        let wanted = method == .head ? .get : method
        var allowed: [String] = []
        for route in routes {
            guard let values = route.match(parts) else { continue }
            if route.method == wanted { return .found(route, parameters: values) }
            allowed.append(route.method.text.description)
            if route.method == .get { allowed.append(Method.head.text.description) }
        }
        return allowed.isEmpty ? .notFound : .methodNotAllowed(allow: allowed.joined(separator: ", "))
    }

    /// The decoded segments behind the prefix; nil for a path that is none of this version's.
    static func parts(_ path: Span<UInt8>) -> [String]? {
        let text = path.text
        guard text.hasPrefix(prefix + "/") else { return nil }
        var parts: [String] = []
        for part in text.dropFirst(prefix.count + 1).split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = decode(part.utf8) else { return nil }
            parts.append(decoded)
        }
        return parts
    }

    private static func decode(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
