import GatehouseTesting
import Testing

/// How much is allocated for a request over HTTP/2, once the loop is warm.
///
/// Objects of ours come from pools, as with HTTP/1. What the library asks for each stream, each head that it sends and
/// fields that go into its tables comes from lists of the loop. OpenSSL allocates for each record: that, and what a
/// program that is not optimised takes beside, is what the budget is for. It is written down in `docs/performance.md` too.
@Suite(.serialized) struct HTTP2Budget {
    /// Which side speaks it, and how.
    enum Side: String, Sendable, CaseIterable {
        case client = "the client's, in clear"
        case clientOverTLS = "the client's, over TLS"
        case service = "the service's, in clear"
        case serviceOverTLS = "the service's, over TLS"

        /// Allocations for one request; over TLS with those of OpenSSL, for each record.
        var budget: Double {
            switch self {
            case .client: 5
            case .clientOverTLS: 8
            case .service: 11
            case .serviceOverTLS: 13
            }
        }

        var isOverTLS: Bool { self == .clientOverTLS || self == .serviceOverTLS }
        var isService: Bool { self == .service || self == .serviceOverTLS }
    }

    /// What a service's side needs: something that speaks HTTP/2 and answers.
    private func endpoint(_ tls: String?) throws -> GatewayProcess {
        try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0", \(tls ?? "http2: true") } ]
            workers: 1
            access_log: { enabled: false }
            routes: [ { path: "/**", respond: { body: '\(WarmLoop.json)' } } ]

            """)
    }

    @Test(
        .enabled(if: WarmLoop.isMeasurable, "needs Linux and a program without a sanitizer"), arguments: Side.allCases)
    func allocatesNoMoreThanTheBudget(_ side: Side) throws {
        let counter = try AllocationCounter()
        let origin = try ScriptedUpstream(connection: { connection in
            while try connection.readRequest() != nil {
                try connection.respond(200, fields: "Content-Type: application/json\r\n", body: WarmLoop.json)
            }
        })
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "IP:127.0.0.1")
        let tls =
            side.isOverTLS ? "tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }" : nil
        let scheme = side.isOverTLS ? "https" : "http"
        let endpoint = side.isService ? try endpoint(tls) : nil
        let trust = side.isOverTLS ? ", tls: { ca: \(certificates.authority) }" : ""
        let target = endpoint.map { "endpoints: [ \"\(scheme)://127.0.0.1:\($0.port)\" ], protocol: http2\(trust)" }
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0"\(side.isService ? "" : ", \(tls ?? "http2: true")") } ]
            workers: 1
            access_log: { enabled: false }
            services: { origin: { \(target ?? "endpoints: [ \"\(origin.url)\" ]"), timeouts: { keep_alive: 10m } } }
            routes: [ { name: api, path: "/api/**", service: origin } ]

            """, environment: counter.environment)
        let url = "\(side.isService ? "http" : scheme)://127.0.0.1:\(gateway.port)/api/items/7?full=1"
        let options = side.isService ? ["--h1", "-c", "8"] : ["-c", "2", "-m", "4"]
        func load(_ count: Int) throws {
            let process = try ChildProcess("/usr/bin/env", ["h2load", "-n", "\(count)"] + options + [url])
            #expect(try process.waitForExit(within: .seconds(120)) == .code(0), "\(process.errors)")
            #expect(process.output.contains("\(count) succeeded, 0 failed, 0 errored"))
        }
        try load(2_000)
        let before = try counter.count()
        try #require(before > 0, "the counter is not in the program")
        try load(5_000)
        let each = Double(try counter.count() - before) / 5_000
        #expect(each <= side.budget, "\(each) allocations for a request")
        try gateway.stop()
        try endpoint?.stop()
        try origin.check()
    }
}
