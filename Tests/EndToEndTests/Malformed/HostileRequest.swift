/// Bytes that a careless gateway would pass on, repair, or read in two ways; and what must become of them.
struct HostileRequest: Sendable, CustomStringConvertible {
    enum Outcome: Sendable {
        /// One of these statuses, then the connection ends. Nothing reaches an origin.
        case refused([Int])
        /// Well formed, but not taken here: 400, and nothing reaches an origin. The connection may go on.
        case rejected
        /// 400, then the connection ends. The head may have reached the origin, as bodies stream; the end never does.
        case brokenBody
        /// Passed on: exactly these targets arrive, whole, in this order.
        case accepted([String])
        /// Both readings are allowed by the specifications: refused, or exactly these targets arrive.
        case either([String])
        /// Exactly these targets arrive and are answered; what stands behind them is refused with 400.
        case acceptedThenRefused([String])
    }

    /// What is wrong with it.
    let name: String
    let text: String
    let outcome: Outcome

    var description: String { name }

    init(_ name: String, _ text: String, _ outcome: Outcome = .refused([400])) {
        self.name = name
        self.text = text
        self.outcome = outcome
    }

    /// A request head: the line, `Host: h.test`, these fields.
    static func head(_ line: String, _ fields: String...) -> String {
        "\(line) HTTP/1.1\r\nHost: h.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// A POST with these fields and this body.
    static func post(_ fields: String..., body: String) -> String {
        "POST /first HTTP/1.1\r\nHost: h.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    /// A chunked POST with this on its body's place.
    static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body: body) }

    /// What an attacker would like an origin to take for a request.
    static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h.test\r\n\r\n"
}
