import GatehouseTesting
import Testing

/// What a service's caps, its breaker and a route's faults do, as a client sees it.
@Suite struct Breaking {
    private static let admin = "admin: { address: \"127.0.0.1:0\" }"
    private static let breaker =
        "circuit_breaker: { error_ratio: 50%, min_requests: 4, open_for: 1s, ramp: 0s }"

    /// Opens by failures, refuses at once with the time until the next probe, lets one request try, and closes by
    /// itself: no restart.
    @Test func opensAndRecovers() throws {
        let well = Counter()
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(well.value > 0 ? 200 : 500, body: well.value > 0 ? "well" : "ill")
        }
        try withGateway(service(at: origin.url, Self.breaker, Self.admin), origin, admin: true) { gateway in
            var refused: StrictResponse?
            try eventually("an open breaker") {
                let response = try gateway.exchange(request())
                refused = response.status == 503 ? response : nil
                return refused != nil
            }
            let failures = origin.heads.count
            #expect(failures >= 4)
            #expect(refused.flatMap(errorCode) == "circuit_open")
            #expect(refused?.fields["retry-after"] == "1")
            #expect(refused?.fields["proxy-status"]?.contains("error=destination_unavailable") == true)
            // The probe fails, alone, and it rests again.
            try eventually("a probe that fails") { gateway.ask("GET /") == "500 ill" }
            #expect(origin.heads.count == failures + 1)
            well.add()
            try eventually("a probe that succeeds") { gateway.ask("GET /") == "well" }
            for _ in 0..<20 { #expect(gateway.ask("GET /") == "well") }
            let page = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(page.contains("gatehouse_circuit_breaker_state{service=\"origin\"} 0\n"))
            #expect(page.contains("gatehouse_circuit_breaker_transitions_total{service=\"origin\",to=\"closed\"} 1\n"))
            #expect(gateway.process.errors.contains("the circuit breaker of a service is open"))
        }
    }

    /// While one request is under way and one is allowed, another is refused at once; then there is room again.
    @Test func theCapOnRequests() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/held" { try gate.wait() }
            try connection.respond(200, body: "done")
        }
        try withGateway(service(at: origin.url, "circuit_breaker: { max_requests: 1 }"), origin) { gateway in
            let held = try gateway.connect()
            try held.send(request("GET /held"))
            _ = try origin.waitForHead()
            let refused = try gateway.exchange(request("GET /other"))
            #expect(refused.status == 503)
            #expect(errorCode(refused) == "overloaded")
            #expect(refused.fields["retry-after"] == "1")
            gate.open()
            #expect(try held.readResponse().bodyText == "done")
            try eventually("a free place") { gateway.ask("GET /other") == "done" }
        }
    }

    /// One connection, held by a request: the next waits in the queue until its time is over; one more finds the queue
    /// full and is refused at once; when the connection is free, whoever waits gets it.
    @Test func theQueueHasAnEnd() throws {
        let gate = Gate()
        let origin = try ScriptedUpstream { request, connection in
            if request.target == "/held" { try gate.wait() }
            try connection.respond(200, body: "done")
        }
        let caps = "circuit_breaker: { max_connections: 1, max_pending: 1, pending_timeout: 4s }"
        try withGateway(service(at: origin.url, caps, Self.admin), origin, admin: true) { gateway in
            let oneWaits = "gatehouse_upstream_requests_pending{service=\"origin\"} 1\n"
            let held = try gateway.connect()
            try held.send(request("GET /held"))
            _ = try origin.waitForHead()
            let waiting = try gateway.connect()
            try waiting.send(request("GET /waits"))
            try eventually("a full queue") { gateway.ask("GET /metrics", on: gateway.adminPort).contains(oneWaits) }
            #expect(gateway.ask("GET /") == "503 overloaded")
            let tooLate = try waiting.readResponse()
            #expect(tooLate.status == 503)
            #expect(errorCode(tooLate) == "pending_timeout")
            let patient = try gateway.connect()
            try patient.send(request("GET /patient"))
            try eventually("a full queue") { gateway.ask("GET /metrics", on: gateway.adminPort).contains(oneWaits) }
            gate.open()
            #expect(try held.readResponse().bodyText == "done")
            #expect(try patient.readResponse().bodyText == "done")
            #expect(origin.heads.map(\.target) == ["/held", "/patient"])
        }
    }

    /// One in four, exactly; the answer and the log say that it was a rehearsal.
    @Test func faultsHitExactlyTheirShare() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let configuration =
            oneListener + """
                routes:
                  - { path: /share, upstream: "\(origin.url)", fault: { abort: 429, share: 25% } }
                  - { path: /header, upstream: "\(origin.url)", fault: { abort: 503, header: X-Rehearse } }
                  - { path: /delay, upstream: "\(origin.url)", fault: { delay: 50ms } }
                  - { path: /both, upstream: "\(origin.url)", fault: { delay: 50ms, abort: 500 } }
                """
        try withGateway(configuration, origin) { gateway in
            let answers = (0..<40).map { _ in gateway.ask("GET /share") }
            #expect(answers.count { $0 == "429 fault_injected" } == 10)
            #expect(answers.count { $0 == "origin GET /share" } == 30)
            #expect(gateway.ask("GET /header") == "origin GET /header")
            #expect(gateway.ask("GET /header", "X-Rehearse: yes") == "503 fault_injected")
            let delayed = try gateway.exchange(request("GET /delay"))
            #expect(delayed.bodyText == "origin GET /delay")
            #expect(delayed.fields["proxy-status"] == "gatehouse; details=\"fault_injected\"")
            #expect(gateway.ask("POST /delay", "Content-Length: 0") == "origin POST /delay")
            #expect(gateway.ask("GET /both") == "500 fault_injected")
            #expect(!origin.heads.contains { $0.target == "/both" })
            // A client that leaves during the delay ends the rehearsal for itself alone.
            let leaving = try gateway.connect()
            try leaving.send(request("GET /delay"))
            leaving.reset()
            #expect(gateway.ask("GET /delay") == "origin GET /delay")
        }
    }
}
