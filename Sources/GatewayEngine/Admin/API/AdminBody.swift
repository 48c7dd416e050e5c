internal import GatewayConfiguration
internal import HTTPWire

/// The body of a call, as it came.
///
/// Every type but JSON is refused, also where there is no body: what a form on a foreign page can send without asking
/// first is never JSON (the Fetch standard's "simple" types), so this stands behind `AdminGate` as a second wall.
struct AdminBody {
    /// More is refused with 413.
    static let limit = 64 * 1_024

    var bytes: [UInt8] = []

    /// What the head says must fit before a byte of the body is read.
    static func check(_ request: RequestHead, hasBody: Bool) throws(AdminError) {
        let fields = request.fields
        let index = fields.firstIndex(of: .contentType)
        if index < 0 && !hasBody { return }
        guard index >= 0, isJSON(fields.value(index)) else {
            throw AdminError(.unsupportedMediaType, "Bodies are JSON: send \"Content-Type: application/json\".")
        }
        if fields.contains(.contentEncoding) {
            throw AdminError(.unsupportedMediaType, "Bodies come as they are, without a content coding.")
        }
    }

    /// The value for a route; nil where it takes none. An empty object is as good as nothing.
    func parsed(for route: AdminRoute) throws(AdminError) -> PlainJSON? {
        var value: PlainJSON?
        if !bytes.isEmpty {
            do throws(PlainJSON.Failure) {
                value = try PlainJSON.parse(bytes)
            } catch {
                throw AdminError(
                    .badRequest, "The body is not JSON: line \(error.line), column \(error.column): \(error.message).")
            }
        }
        if route.body != nil {
            guard let value else { throw AdminError(.badRequest, "This call needs a body.") }
            return value
        }
        if let value, value != .object([:]) { throw AdminError(.badRequest, "This call takes no body.") }
        return nil
    }

    private static func isJSON(_ value: Span<UInt8>) -> Bool {
        let text = value.text.lowercased()
        let type = text.prefix { $0 != ";" }
        return type.drop { $0 == " " }.split(separator: " ", omittingEmptySubsequences: true) == ["application/json"]
    }
}
