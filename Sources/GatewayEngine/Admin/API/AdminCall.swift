internal import GatewayConfiguration
internal import HTTPWire

/// One call, as its handler sees it: what the path named, what the body said, who asks.
struct AdminCall: Sendable {
    let server: GatewayServer
    /// nil where there is no file that could be loaded again.
    let reloads: ReloadController?
    /// The path's placeholders, decoded, in their order.
    let parameters: [String]
    /// nil: there was none.
    let body: PlainJSON?
    /// The caller's address.
    let client: String

    /// A member of the body that must be an object of whole numbers: `{"weights": {"a": 1}}`. Nothing else may stand
    /// there: what is not understood is never ignored.
    func numbers(_ name: String) throws(AdminError) -> [String: Int] {
        guard case .object(let members)? = body else {
            throw AdminError(.badRequest, "The body must be an object with the member \"\(name)\".")
        }
        if let other = members.keys.sorted().first(where: { $0 != name }) {
            throw AdminError(.badRequest, "The body has a member \"\(other)\" that is not known; it takes \"\(name)\".")
        }
        guard case .object(let values)? = members[name] else {
            throw AdminError(.badRequest, "\"\(name)\" must be an object of whole numbers.")
        }
        var numbers: [String: Int] = [:]
        for (key, value) in values {
            guard let number = value.integer else {
                throw AdminError(.badRequest, "\"\(name)\" has no whole number for \"\(key)\".")
            }
            numbers[key] = number
        }
        return numbers
    }
}

/// What a handler has to say.
enum AdminOutcome: Sendable {
    case now(AdminAnswer)
    /// It takes a while and happens elsewhere: called once, the answer may come on any thread.
    case later(@Sendable (_ answer: @escaping @Sendable (AdminAnswer) -> Void) -> Void)

    static func ok(_ body: AdminJSON) -> AdminOutcome { .now(AdminAnswer(status: 200, body: body)) }
}

struct AdminAnswer: Sendable {
    var status: Int
    var body: AdminJSON
    /// The value of `Allow`.
    var allow: String?

    init(status: Int, body: AdminJSON) {
        self.status = status
        self.body = body
    }

    init(_ error: AdminError) {
        status = error.code.status
        body = error.body
        allow = error.allow
    }

    func write(into buffer: WireBuffer) {
        var line = LineWriter(capacity: 1_024)
        body.write(into: &line)
        line.append(byte: 0x0A)
        buffer.append(line.span)
    }
}

/// What may be changed, as the metric and the log call it.
enum AdminChange: String, Sendable, CaseIterable {
    case drain, enable
    case setWeights = "set_weights"
    case resetWeights = "reset_weights"
    case startCanary = "start_canary"
    case pauseCanary = "pause_canary"
    case resumeCanary = "resume_canary"
    case promoteCanary = "promote_canary"
    case rollBackCanary = "roll_back_canary"
    case reload
}
