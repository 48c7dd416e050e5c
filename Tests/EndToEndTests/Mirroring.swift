import GatehouseTesting
import Testing

/// Copies of requests: what the other service gets, and that the client never notices.
@Suite struct Mirroring {
    private func configuration(_ origin: String, _ shadow: String, _ keys: String = "") -> String {
        oneListener
            + "services: { main: { endpoints: [ \"\(origin)\" ] }, shadow: { endpoints: [ \"\(shadow)\" ] } }\n"
            + "routes: [ { name: all, path: \"/**\", service: main, mirror: { service: shadow\(keys) } } ]\n"
    }

    @Test func theCopyIsTheRequest() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let shadow = try ScriptedUpstream(named: "shadow")
        try withGateway(configuration(origin.url, shadow.url), origin, shadow) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /a?b=c", "X-Mine: 1"))
            #expect(try client.readResponse().bodyText == "origin GET /a?b=c")
            try client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            try client.send("lo")
            #expect(try client.readResponse().bodyText == "origin POST /p")
            try client.send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            #expect(try client.readResponse().bodyText == "origin POST /c")
            _ = try shadow.waitForRequest(3)
            let copies = shadow.requests
            #expect(copies.map(\.target).sorted() == ["/a?b=c", "/c", "/p"])
            for copy in copies {
                let original = try #require(origin.requests.first { $0.target == copy.target })
                #expect(copy.bodyText == original.bodyText)
                #expect(copy.fields["x-request-id"] == original.fields["x-request-id"])
                #expect(copy.fields["host"] == shadow.authority)
            }
        }
    }

    /// Exactly the share, by a counter.
    @Test func aShareOfThem() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let shadow = try ScriptedUpstream(named: "shadow")
        try withGateway(configuration(origin.url, shadow.url, ", share: 25%"), origin, shadow) { gateway in
            for _ in 0..<40 { #expect(gateway.ask("GET /") == "origin GET /") }
            _ = try shadow.waitForRequest(10)
            #expect(shadow.heads.count == 10)
        }
    }

    /// A service that is gone, breaks, never answers or answers with errors: the client's answer is the same.
    @Test(arguments: ["gone", "breaks", "stuck", "errors"])
    func whateverBecomesOfTheCopy(_ what: String) throws {
        let origin = try ScriptedUpstream(named: "origin")
        let shadow = try ScriptedUpstream { _, connection in
            switch what {
            case "breaks": connection.reset()
            case "stuck": _ = try? connection.waitForClose()
            default: try connection.respond(500, body: "no")
            }
        }
        if what == "gone" { shadow.stop() }
        try withGateway(configuration(origin.url, shadow.url), origin) { gateway in
            let client = try gateway.connect()
            for index in 0..<20 {
                try client.send("POST /\(index) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                #expect(try client.readResponse().bodyText == "origin POST /\(index)")
            }
            #expect(origin.requests.count == 20)
        }
    }

    /// A body beyond the limit is not copied when its length says so, and the copy is given up when it does not.
    @Test func aLargeBodyGoesAlone() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let shadow = try ScriptedUpstream { _, connection in _ = try? connection.waitForClose() }
        try withGateway(configuration(origin.url, shadow.url, ", max_body: 1KiB"), origin) { gateway in
            let client = try gateway.connect()
            let body = String(repeating: "x", count: 2_000)
            try client.send("POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n\(body)")
            #expect(try client.readResponse().status == 200)
            #expect(shadow.heads.isEmpty)
            #expect(origin.requests.map(\.bodyText) == [body])
        }
    }
}
