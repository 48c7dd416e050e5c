import GatehouseTesting
import Testing

/// How much is allocated for a request over HTTP/2, once the loop is warm.
///
/// Objects of ours come from pools, as with HTTP/1. The library allocates for each stream, for each head that it sends,
/// and for fields that go into its tables: that is what the budget is for. It is written down in
/// `docs/life-of-a-request.md` too.
@Suite(.serialized) struct HTTP2Budget {
    /// Allocations for one request; over TLS with those of OpenSSL, for each record.
    static func budget(_ kind: String) -> Double { kind == "TLS" ? 16 : 12 }

    @Test(
        .enabled(if: WarmLoop.isMeasurable, "needs Linux and a program without a sanitizer"),
        arguments: ["clear", "TLS"])
    func allocatesNoMoreThanTheBudget(_ kind: String) throws {
        let counter = try AllocationCounter()
        let origin = try ScriptedUpstream(connection: { connection in
            while try connection.readRequest() != nil {
                try connection.respond(200, fields: "Content-Type: application/json\r\n", body: WarmLoop.json)
            }
        })
        let certificates = try TestCertificates()
        let files = try certificates.make("localhost", "DNS:localhost")
        let tls = "tls: { certificates: [ { certificate: \(files.certificate), key: \(files.key) } ] }"
        let gateway = try GatewayProcess(
            """
            listeners: [ { address: "127.0.0.1:0", \(kind == "TLS" ? tls : "http2: true") } ]
            workers: 1
            access_log: { enabled: false }
            services: { origin: { endpoints: [ "\(origin.url)" ], timeouts: { keep_alive: 10m } } }
            routes: [ { name: api, path: "/api/**", service: origin } ]

            """, environment: counter.environment)
        let url = "\(kind == "TLS" ? "https" : "http")://127.0.0.1:\(gateway.port)/api/items/7?full=1"
        func load(_ count: Int) throws {
            let process = try ChildProcess("/usr/bin/env", ["h2load", "-n", "\(count)", "-c", "2", "-m", "4", url])
            #expect(try process.waitForExit(within: .seconds(120)) == .code(0), "\(process.errors)")
            #expect(process.output.contains("\(count) succeeded, 0 failed, 0 errored"))
        }
        try load(2_000)
        let before = try counter.count()
        try #require(before > 0, "the counter is not in the program")
        try load(5_000)
        let each = Double(try counter.count() - before) / 5_000
        #expect(each <= Self.budget(kind), "\(each) allocations for a request")
        try gateway.stop()
        try origin.check()
    }
}
