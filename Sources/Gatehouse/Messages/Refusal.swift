package import GatewayEngine

/// An error that a handler or a policy means its client to see. Thrown, it is answered in the form of the gateway's own
/// errors, also as `application/problem+json`, and by the template of `errors` where the configuration has one.
///
/// ```swift
/// guard let user = try await find(id) else {
///     throw Refusal(404, "user_not_found", "There is no user \(id).")
/// }
/// ```
///
/// Any other error that is thrown is answered `handler_failed`, and the program's log has the reason: a client learns
/// nothing that was not meant for it.
public struct Refusal: Error, Sendable, Hashable {
    /// 400 to 599; another one is moved to the nearest of these.
    public var status: Int
    /// What clients decide by; snake_case, and never to change.
    public var code: String
    /// A sentence for people.
    public var message: String

    /// `Refusal(404, "user_not_found", "There is no such user.")`
    public init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    package var refusal: ProgramRefusal { ProgramRefusal(status: status, code: code, message: message) }
}

extension DecodingError {
    /// Where a body does not fit, without a value of it: to be put behind what it is the body of.
    var problem: String {
        switch self {
        case .typeMismatch(_, let context): "has another type than it must\(Self.place(context.codingPath))"
        case .valueNotFound(_, let context): "lacks a value\(Self.place(context.codingPath))"
        case .keyNotFound(let key, let context): "lacks a member\(Self.place(context.codingPath + [key]))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "is said to be JSON and is not" : "has a value that is not accepted\(Self.place(context.codingPath))"
        @unknown default: "is not what it must be"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "" : " at /\(path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/"))"
    }
}

enum MediaType {
    /// `application/json`, or a type that ends in `+json`.
    static func isJSON(_ type: String?) -> Bool {
        guard let name = type?.split(separator: ";").first?.split(separator: " ").first else { return false }
        let lower = name.lowercased()
        return lower == "application/json" || lower.hasSuffix("+json")
    }
}
