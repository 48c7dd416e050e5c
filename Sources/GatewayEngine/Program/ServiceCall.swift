/// A call to a service of the configuration, as Swift code makes it.
package struct ServiceCall: Sendable {
    package var service: String
    package var method: String
    /// Path and query, percent-encoded.
    package var target: String
    package var fields: [ProgramField] = []
    /// nil: none.
    package var body: [UInt8]?
    /// Names of the client's fields that go along.
    package var forward: [String] = []
    /// nil: the service's.
    package var timeout: Duration?

    package init(service: String, method: String, target: String) {
        self.service = service
        self.method = method
        self.target = target
    }
}

/// What a service answered, whatever its status.
package struct ServiceAnswer: Sendable {
    package var status: Int
    /// Names in lower case.
    package var fields: [ProgramField]
    package var body: [UInt8]
}

package enum ServiceOutcome: Sendable {
    case answer(ServiceAnswer)
    /// It did not come to an answer.
    case failed(GatewayError)
    case unknownService
    /// Not a request that can be sent: what is wrong with it.
    case badCall(String)
    /// Nobody wants the answer any more.
    case cancelled
}
