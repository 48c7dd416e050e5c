/// `pebble`, the test server of RFC 8555, with a name server that says 127.0.0.1 to every question: for one test, on ports
/// of its own on 127.0.0.1.
///
/// It refuses some good nonces on purpose, to see that its clients mind.
public final class PebbleServer: Sendable {
    public let port: UInt16
    private let server: ChildProcess
    private let names: ChildProcess

    /// The directory URL.
    public var url: String { "https://localhost:\(port)/dir" }

    /// - Parameters:
    ///   - certificates: whose authority vouches for the server itself.
    ///   - port: nil: a free one.
    ///   - httpPort: where it looks for answers to http-01; `tlsPort`: to tls-alpn-01.
    ///   - seconds: how long its certificates are good.
    ///   - externalAccounts: keys by their identifiers, in base64 with the URL's alphabet; where there are some, an account
    ///     has to be bound to one of them.
    public init(
        _ certificates: TestCertificates, port: UInt16? = nil, httpPort: UInt16 = 1, tlsPort: UInt16 = 1,
        seconds: Int = 90 * 86_400, externalAccounts: [String: String] = [:]
    ) throws {
        let keys = externalAccounts.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
        let files = try certificates.make("pebble", "DNS:localhost,IP:127.0.0.1")
        var attempts = 5
        while true {
            let chosen = try port ?? RedisServer.freePort()
            let (management, dns) = (try Self.freePort(), try Self.freePort())
            let configuration = try certificates.directory.write(
                """
                { "pebble": {
                    "listenAddress": "127.0.0.1:\(chosen)", "managementListenAddress": "127.0.0.1:\(management)",
                    "certificate": "\(files.certificate)", "privateKey": "\(files.key)",
                    "httpPort": \(httpPort), "tlsPort": \(tlsPort), "ocspResponderURL": "",
                    "externalAccountBindingRequired": \(!keys.isEmpty), "externalAccountMACKeys": { \(keys) },
                    "certificateValidityPeriod": \(seconds),
                    "retryAfter": { "authz": 1, "order": 1 } } }

                """, to: "pebble.json")
            let names = try ChildProcess(
                "/usr/bin/env",
                [
                    "pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01",
                    "127.0.0.1:\(dns)",
                    "-http01", "", "-https01", "", "-tlsalpn01", "", "-management",
                    "127.0.0.1:\(try Self.freePort())",
                ])
            let server = try ChildProcess(
                "/usr/bin/env", ["pebble", "-strict", "-config", configuration, "-dnsserver", "127.0.0.1:\(dns)"],
                environment: ["PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "20", "PEBBLE_AUTHZREUSE": "0"])
            do {
                _ = try server.wait(for: "pebble to listen") { output, errors in
                    (output + errors).contains("ACME directory available") ? true : nil
                }
                (self.port, self.server, self.names) = (chosen, server, names)
                return
            } catch {
                attempts -= 1
                names.send(.kill)
                // Somebody else was faster to take a port.
                guard attempts > 0, (server.output + server.errors).contains("in use") else { throw error }
            }
        }
    }

    /// One that is free, and that no connection gets by chance.
    public static func freePort() throws -> UInt16 { try RedisServer.freePort() }

    deinit {
        server.send(.kill)
        names.send(.kill)
    }

    /// What it has said so far.
    public var log: String { server.output + server.errors }

    /// It is not there from now on.
    public func stop() throws {
        server.send(.kill)
        try server.waitForExit()
    }
}
