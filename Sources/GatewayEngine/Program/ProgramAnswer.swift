/// What Swift code answers.
package struct ProgramAnswer: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece, and no faster than the client takes it.
        case stream(@Sendable (ProgramWriter) async throws -> Void)
    }

    package var status: Int
    package var fields: [ProgramField]
    package var body: Body

    package init(status: Int, fields: [ProgramField], body: Body) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// An error that the code means its client to see, in the gateway's form.
package struct ProgramRefusal: Sendable {
    /// 400 to 599.
    package var status: Int
    /// snake_case: what clients decide by.
    package var code: String
    /// A sentence for people.
    package var message: String

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
    }
}

/// What went wrong in the code. The client learns the error's own sentence and nothing of the reason, which is logged.
package struct ProgramFailure: Sendable {
    package var error: GatewayError
    package var reason: String

    package init(_ error: GatewayError, _ reason: String) {
        self.error = error
        self.reason = reason
    }
}

/// How a handler came to an end.
package enum ProgramOutcome: Sendable {
    case answer(ProgramAnswer)
    case refuse(ProgramRefusal)
    case failed(ProgramFailure)
}

/// Takes the pieces of a streamed answer.
package struct ProgramWriter: Sendable {
    let run: ProgramRun

    /// Sends a piece, and returns when more may be sent.
    ///
    /// - Throws: `CancellationError` when nobody reads any more.
    package func write(_ bytes: [UInt8]) async throws {
        guard await run.write(bytes) else { throw CancellationError() }
    }
}
