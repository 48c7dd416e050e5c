import GatehouseTesting
import Testing

/// Errors in the form that the configuration asks for.
@Suite struct ErrorForms {
    static func configuration(_ origin: ScriptedUpstream) -> String {
        oneListener + """
            errors:
              content_type: application/vnd.api+json
              body: { errors: [ { status: $error.status, code: $error.code, detail: $error.message, id: $error.request_id } ] }
            routes:
              - { path: /api/**, upstream: "\(origin.url)", errors: { upstream: [ 5xx, 404 ] } }
              - { path: /page, upstream: "http://127.0.0.1:1", errors: { content_type: text/html, text: "<p>{status} {{{code}} {message}</p>" } }
              - { path: /own/**, upstream: "\(origin.url)", errors: { upstream: 5xx, body: { error: $.code, status: $.status } } }

            """
    }

    @Test func templatesAndText() throws {
        let origin = try ScriptedUpstream(named: "origin")
        try withGateway(Self.configuration(origin), origin) { gateway in
            let missing = try gateway.exchange(request("GET /nowhere", "X-Request-Id: abc-1"))
            #expect(missing.status == 404 && missing.fields["content-type"] == "application/vnd.api+json")
            #expect(
                missing.bodyText
                    == #"{"errors":[{"status":404,"code":"not_found","detail":"No route matches this request.","id":"abc-1"}]}"#
            )
            #expect(missing.fields.contains("proxy-status"))
            // Also where somebody asks for problem details: the operator's form is the one.
            let asked = try gateway.exchange(request("GET /nowhere", "Accept: application/problem+json"))
            #expect(asked.fields["content-type"] == "application/vnd.api+json")
            let page = try gateway.exchange(request("GET /page"))
            #expect(page.status == 502 && page.fields["content-type"] == "text/html")
            #expect(page.bodyText == "<p>502 {upstream_connect_refused} The service refused the connection.</p>")
            let head = try gateway.exchange(request("HEAD /nowhere"), method: "HEAD")
            #expect(head.status == 404 && head.body.isEmpty)
        }
    }

    /// Article 003: one form of errors for all services.
    @Test func errorsOfServices() throws {
        let origin = try ScriptedUpstream { request, connection in
            let status = Int(request.target.split(separator: "/").last ?? "") ?? 200
            try connection.respond(
                status,
                fields: "Content-Type: text/html\r\nServer: Leaky/1.2\r\nRetry-After: 7\r\nETag: \"1\"\r\n",
                body: request.target.contains("large") ? String(repeating: "x", count: 200_000) : "stack trace")
        }
        try withGateway(Self.configuration(origin), origin) { gateway in
            let client = try gateway.connect()
            for path in ["/api/503", "/api/large/500", "/api/404"] {
                try client.send(request("GET \(path)"))
                let answer = try client.readResponse()
                let status = Int(path.split(separator: "/").last ?? "") ?? 0
                #expect(answer.status == status)
                #expect(answer.fields["content-type"] == "application/json")
                #expect(errorCode(answer) == "upstream_error")
                #expect(!answer.bodyText.contains("stack") && !answer.fields.contains("server"))
                #expect(!answer.fields.contains("etag") && answer.fields["retry-after"] == "7")
                #expect(answer.fields["proxy-status"] == "gatehouse; received-status=\(status)")
                #expect(answer.fields.values("date").count == 1)
            }
            // Others pass as they are.
            try client.send(request("GET /api/403"))
            #expect(try client.readResponse().bodyText == "stack trace")
            try client.send(request("GET /own/500"))
            #expect(try client.readResponse().bodyText == #"{"error":"upstream_error","status":500}"#)
            try client.send(request("GET /own/404"))
            #expect(try client.readResponse().bodyText == "stack trace")
        }
    }
}
