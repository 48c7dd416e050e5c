/// Something to try: a line for the shell, what it shows, and what must be in its answer.
struct DemoStep {
    var title: String
    var command: String
    /// All of these stand in what the command prints.
    var expected: [String]
    /// Where it must end, when that is not 0.
    var exitCode: Int32 = 0

    /// - Parameters:
    ///   - program: how `gatehouse` is called here.
    ///   - certificate: what vouches for the public listener; nil where it speaks no TLS.
    static func all(
        _ demo: DemoConfiguration, program: String, configuration: String, certificate: String?
    ) -> [DemoStep] {
        let steps = plain(demo, program: program, configuration: configuration)
        guard let certificate else { return steps }
        let verified = steps.map { step in
            var step = step
            step.command = step.command.replacing("curl -s", with: "curl --cacert \(certificate) -s")
            // Over TLS curl and the gateway agree on HTTP/2.
            if step.command.contains(demo.front) { step.expected = step.expected.map(inHTTP2) }
            return step
        }
        return secure(demo, certificate) + verified
    }

    /// A status line and a field as curl shows them then: the version, and names in lower case.
    private static func inHTTP2(_ expected: String) -> String {
        if expected.hasPrefix("HTTP/1.1 ") { return "HTTP/2 " + expected.dropFirst(9) }
        guard let colon = expected.firstIndex(of: ":"),
            expected[..<colon].allSatisfy({ $0.isLetter || $0 == "-" })
        else { return expected }
        return expected[..<colon].lowercased() + expected[colon...]
    }

    private static func secure(_ demo: DemoConfiguration, _ certificate: String) -> [DemoStep] {
        [
            DemoStep(
                title: "TLS ends at the gateway, which tells the service so",
                command: "curl --cacert \(certificate) -si \(demo.front)/api/users/7",
                expected: ["HTTP/2 200 ", "\"X-Forwarded-Proto\": \"https\""]),
            DemoStep(
                title: "Without TLS there is a clear answer on the same port",
                command: "curl -si http://127.0.0.1:\(demo.port)/api/users/7",
                expected: ["HTTP/1.1 400 ", "\"error\": \"tls_required\""]),
        ]
    }

    private static func plain(_ demo: DemoConfiguration, program: String, configuration: String) -> [DemoStep] {
        let front = demo.front
        let staged = "http://127.0.0.1:\(demo.stagedPort)"
        return [
            DemoStep(
                title: "The stage is removed, and the base route goes to the users service",
                command: "curl -si \(staged)/prod/api/users",
                expected: ["HTTP/1.1 200 ", "\"service\": \"users\"", "\"path\": \"/\""]),
            DemoStep(
                title: "{proxy+} sends everything below to the service",
                command: "curl -si \(staged)/prod/api/users/health",
                expected: ["HTTP/1.1 200 ", "\"path\": \"/health\"", "\"status\": \"up\""]),
            DemoStep(
                title: "Without the stage there is nothing", command: "curl -si \(staged)/api/users",
                expected: ["HTTP/1.1 404 ", "\"error\": \"stage_not_found\""]),
            DemoStep(
                title: "One address, several services: posts",
                command: "curl -si \(front)/api/v1/posts/list",
                expected: ["HTTP/1.1 200 ", "\"service\": \"posts\"", "\"path\": \"/api/v1/posts/list\""]),
            DemoStep(
                title: "and users", command: "curl -si \(front)/api/v1/users/profile",
                expected: ["HTTP/1.1 200 ", "\"service\": \"users\"", "\"path\": \"/api/v1/users/profile\""]),
            DemoStep(
                title: "A stripped prefix, and what the gateway tells the service about the client",
                command: "curl -si '\(front)/api/orders/ord_x7k9?expand=items'",
                expected: [
                    "HTTP/1.1 200 ", "\"path\": \"/orders/ord_x7k9\"", "\"query\": \"expand=items\"",
                    "\"X-Forwarded-For\": \"127.0.0.1\"", "\"X-Forwarded-Host\": \"127.0.0.1:\(demo.port)\"",
                    "\"X-Forwarded-Prefix\": \"/api\"", "\"X-Request-Id\"",
                ]),
            DemoStep(
                title: "Two endpoints take turns",
                command: "curl -s '\(front)/api/users/[1-4]' | grep instance | sort | uniq -c",
                expected: ["2   \"instance\": \"users-1\"", "2   \"instance\": \"users-2\""]),
            DemoStep(
                title: "A body is passed on", command: "curl -si -d '{\"item\": \"book\"}' \(front)/api/orders",
                expected: ["HTTP/1.1 200 ", "\"method\": \"POST\"", "\"body_bytes\": 16"]),
            DemoStep(
                title: "No route: 404", command: "curl -si \(front)/nowhere",
                expected: ["HTTP/1.1 404 ", "\"error\": \"not_found\""]),
            DemoStep(
                title: "A route, but not for this method: 405, and the ones that are allowed",
                command: "curl -si -X DELETE \(front)/api/orders/ord_x7k9",
                expected: ["HTTP/1.1 405 ", "Allow: GET, HEAD, POST", "\"error\": \"method_not_allowed\""]),
            DemoStep(
                title: "One answer from several services; a part that fails is left out, and named",
                command: "curl -si \(front)/home/7",
                expected: [
                    "HTTP/1.1 200 ", "X-Failed-Parts: news", "X-Response-Time: ", "{\"user\":{", "\"order\":{",
                    "\"titles\":[\"Keyboard\", \"Mouse\"]}",
                ]),
            DemoStep(
                title: "A wrong route: the users service says 405 to posts",
                command: "curl -si \(front)/mistake/posts/list",
                expected: ["HTTP/1.1 405 ", "/api/v1/posts/list is no path of the users service."]),
            DemoStep(
                title: "Versions: without a header the first", command: "curl -si \(front)/catalog/list",
                expected: ["HTTP/1.1 200 ", "\"instance\": \"products-v1\"", "\"path\": \"/products/list\""]),
            DemoStep(
                title: "with it the second", command: "curl -si -H 'X-Api-Version: 2' \(front)/catalog/list",
                expected: ["HTTP/1.1 200 ", "\"instance\": \"products-v2\""]),
            DemoStep(
                title: "or by media type",
                command: "curl -si -H 'Accept: application/json;version=2' \(front)/catalog/list",
                expected: ["HTTP/1.1 200 ", "\"instance\": \"products-v2\""]),
            DemoStep(
                title: "or by prefix", command: "curl -si \(front)/v2/catalog/list",
                expected: ["HTTP/1.1 200 ", "\"instance\": \"products-v2\"", "\"path\": \"/products/list\""]),
            DemoStep(
                title: "A canary: of a hundred requests, exactly five",
                command: "curl -s '\(front)/shop/list?n=[1-100]' | grep instance | sort | uniq -c",
                expected: ["95   \"instance\": \"products-v1\"", "5   \"instance\": \"products-v2\""]),
            DemoStep(
                title: "One route for every service, by its name",
                command: "curl -si \(front)/by-name/orders/orders/7",
                expected: ["HTTP/1.1 200 ", "\"service\": \"orders\"", "\"path\": \"/orders/7\""]),
            DemoStep(
                title: "A redirect", command: "curl -si '\(front)/old/orders/7?a=b'",
                expected: ["HTTP/1.1 308 ", "Location: /api/orders/7?a=b"]),
            DemoStep(
                title: "An answer of the gateway's own", command: "curl -si \(front)/hello",
                expected: ["HTTP/1.1 200 ", "Hello from the gateway."]),
            DemoStep(
                title: "Why did it go there?",
                command: "\(program) explain GET '\(front)/api/orders/ord_x7k9?expand=items' --config \(configuration)",
                expected: ["orders", "http://127.0.0.1:\(demo.ports["orders-1"] ?? 0)/orders/ord_x7k9?expand=items"]),
            DemoStep(
                title: "What has been counted",
                command: "curl -s http://127.0.0.1:\(demo.adminPort)/metrics | grep 'requests_total.*canary'",
                expected: ["canary"]),
        ]
    }
}
