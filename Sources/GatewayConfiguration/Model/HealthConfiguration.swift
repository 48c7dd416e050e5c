/// How the gateway asks the endpoints of a service whether they are well.
package struct HealthCheckConfiguration: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case http, tcp, grpc
    }

    package var kind = Kind.http
    /// Path and query as they are sent.
    package var target = "/"
    package var isHead = false
    /// nil: the endpoint's authority.
    package var host: String?
    /// In the order of the file.
    package var headers: [Header] = []
    /// nil: the endpoint's.
    package var port: UInt16?
    package var interval: Duration = .seconds(5)
    /// nil: as `interval`.
    package var edgeInterval: Duration?
    /// nil: as `interval`.
    package var unhealthyInterval: Duration?
    package var timeout: Duration = .seconds(1)
    package var healthyAfter = 2
    package var unhealthyAfter = 3
    package var expectedStatus: [StatusRange] = [StatusRange(first: 200, last: 299)]
    /// Empty: any.
    package var expectedBody = ""
    /// Nothing is sent to an endpoint that has not passed its first check.
    package var required = false

    package init() {}

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// Statuses from the first to the last, both included.
package struct StatusRange: Sendable, Hashable {
    package var first: Int
    package var last: Int

    package init(first: Int, last: Int) {
        self.first = first
        self.last = last
    }

    package func contains(_ status: Int) -> Bool { status >= first && status <= last }
}

/// When an endpoint is taken out for what real requests met, and for how long.
package struct OutlierDetectionConfiguration: Sendable, Hashable {
    package var enabled = true
    /// 0: never for this.
    package var consecutive5xx = 5
    package var consecutiveGatewayFailures = 5
    /// One past ejection less counts for each such time that passes without one.
    package var interval: Duration = .seconds(10)
    package var baseEjectionTime: Duration = .seconds(30)
    package var maxEjectionTime: Duration = .seconds(300)
    /// Of the service's endpoints, 0 to 1; one may always be out.
    package var maxEjected = 0.1

    package init() {}
}
