import GatehouseTesting
import Testing

/// One listener, one worker, no access log: what a test says nothing about.
let oneListener = """
    listeners: [ { address: "127.0.0.1:0" } ]
    workers: 1
    access_log: { enabled: false }

    """

/// The same with the pages of the admin listener.
let withAdmin = oneListener + "admin: { address: \"127.0.0.1:0\" }\n"

/// Every request to one origin, the path as it is.
func everything(to origin: ScriptedUpstream, _ more: String = "") -> String {
    oneListener + more + "\nroutes: [ { name: all, path: \"/**\", upstream: \"\(origin.url)\" } ]\n"
}

/// Every request to a service with one endpoint, where the service's own keys matter.
func service(at url: String, _ keys: String = "", _ more: String = "") -> String {
    oneListener + more
        + "\nservices: { origin: { endpoints: [ \"\(url)\" ]\(keys.isEmpty ? "" : ", \(keys)") } }"
        + "\nroutes: [ { name: all, path: \"/**\", service: origin } ]\n"
}

/// Runs a gateway for the length of a body; then every origin must have found nothing wrong, and the gateway must
/// still be alive.
func withGateway(
    _ configuration: String, _ origins: ScriptedUpstream..., listeners: Int = 1, admin: Bool = false,
    directory: TemporaryDirectory? = nil, _ body: (GatewayProcess) throws -> Void
) throws {
    let gateway = try GatewayProcess(configuration, listeners: listeners, admin: admin, directory: directory)
    do {
        try body(gateway)
    } catch {
        // A crash explains a failure better than what it made of the test.
        try gateway.stop()
        throw error
    }
    try gateway.stop()
    for origin in origins { try origin.check() }
}

extension GatewayProcess {
    /// Asks for `METHOD /target` on a connection of its own and gives the answer in one short line: the body of what
    /// an origin or a fixed response says, `STATUS code` for the gateway's own errors, `STATUS location` for redirects,
    /// and for a failed exchange what failed, which no test expects.
    func ask(_ line: String, _ fields: String..., on port: UInt16? = nil) -> String {
        let hasHost = fields.contains { $0.lowercased().hasPrefix("host:") }
        // The admin listener answers to no name.
        let host = port != nil && port == adminPort ? "localhost" : "gateway.test"
        let all = (hasHost ? [] : ["Host: \(host)"]) + fields
        let method = String(line.split(separator: " ").first ?? "")
        do {
            let client = try RawClient(port: port ?? self.port)
            try client.send("\(line) HTTP/1.1\r\n\(all.map { $0 + "\r\n" }.joined())\r\n")
            return summary(of: try client.readResponse(to: method))
        } catch {
            return "failed: \(error)"
        }
    }
}

/// See `GatewayProcess.ask`.
func summary(of response: StrictResponse) -> String {
    if let code = errorCode(response) { return "\(response.status) \(code)" }
    if let location = response.fields["location"] { return "\(response.status) \(location)" }
    return response.status == 200 ? response.bodyText : "\(response.status) \(response.bodyText)"
}

/// The stable code of an error that the gateway made; nil for what an origin said.
func errorCode(_ response: StrictResponse) -> String? {
    let text = response.bodyText
    guard response.fields.contains("proxy-status"), let start = text.range(after: "\"error\"") else { return nil }
    let quoted = text[start...].split(separator: "\"", omittingEmptySubsequences: false)
    return quoted.count > 1 ? String(quoted[1]) : nil
}

extension String {
    /// Where the text behind the first occurrence begins.
    func range(after word: String) -> String.Index? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(word) { return self.index(index, offsetBy: word.count) }
            index = self.index(after: index)
        }
        return nil
    }
}

/// A scrape of the admin listener.
let scrape = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

/// A request without a body.
func request(_ line: String = "GET /", _ fields: String...) -> String {
    "\(line) HTTP/1.1\r\nHost: gateway.test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
}
