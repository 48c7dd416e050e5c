import GatehouseTesting
import Testing

/// Values that edits take from the request, the response and the configuration; AWS's mappings among them.
@Suite struct References {
    static func configuration(_ origin: ScriptedUpstream, _ transformation: String) -> String {
        """
        listeners: [ { address: "127.0.0.1:0", stage: prod, stage_variables: { table: orders } } ]
        workers: 1
        access_log: { enabled: false }
        routes:
          - { name: things, path: "/things/{id}/{rest+}", upstream: "\(origin.url)", transformations: { \(transformation) } }

        """
    }

    @Test func ownForms() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, fields: "X-Up: u1\r\nX-Up: u2\r\n", body: request.target)
        }
        let configuration = Self.configuration(
            origin,
            """
            request: {
              path: "/internal/{stage.table}/{id}/{query.kind}",
              headers: { set: { X-Path: "{request.path}", X-Kind: "{query.kind}", X-Many: "{request.header.x-in}",
                                X-Stage: "{context.stage}", X-Id: "{context.requestId}", X-Method: "{context.httpMethod}",
                                X-Nothing: "{query.missing}", X-Route: "{context.routeKey}",
                                X-Domain: "{context.domainName}", X-Ip: "{context.identity.sourceIp}" } } },
            response: { headers: { set: { X-Copy: "{response.header.x-up}", X-Kind: "{query.kind}" } } }
            """)
        try withGateway(configuration, origin) { gateway in
            let answer = try gateway.exchange(
                request(
                    "GET /prod/things/7/a/b?kind=big%2Fred&x=1", "X-In: 1", "X-In: 2", "X-Nothing: forged",
                    "X-Request-Id: abc"))
            let seen = try origin.waitForRequest()
            #expect(seen.target == "/internal/orders/7/big%2Fred?kind=big%2Fred&x=1")
            let expected = [
                "x-path": "/things/7/a/b", "x-kind": "big/red", "x-many": "1,2", "x-stage": "prod", "x-id": "abc",
                "x-method": "GET", "x-route": "things", "x-domain": "gateway.test", "x-ip": "127.0.0.1",
            ]
            for (name, value) in expected { #expect(seen.fields.values(name) == [value], "\(name)") }
            #expect(!seen.fields.contains("x-nothing"))
            #expect(answer.fields["x-copy"] == "u1,u2" && answer.fields["x-kind"] == "big/red")
            // What would be another line, or lead elsewhere, is no value.
            let evil = try gateway.exchange(request("GET /prod/things/7/a?kind=a%0D%0AX-Evil:1"))
            #expect(evil.status == 400)
            #expect(try gateway.exchange(request("GET /prod/things/7/a?kind=..")).status == 400)
            #expect(try gateway.exchange(request("GET /prod/things/7/a")).status == 400)
            #expect(origin.requests.count == 1)
        }
    }

    /// The forms of AWS HTTP APIs, as their documentation has them.
    @Test func awsForms() throws {
        let origin = try ScriptedUpstream { request, connection in
            let fields = "Content-Type: application/json\r\nX-Old: 1\r\n"
            try connection.respond(
                request.target.contains("/fail") ? 500 : 200, fields: fields, body: #"{"trace":{"id":"t-1"}}"#)
        }
        let configuration = Self.configuration(
            origin,
            """
            request: { parameters: {
              "append:header.x-user": $request.body.user.name, "overwrite:header.x-kind": "${request.querystring.kind}-${request.path.id}",
              "remove:header.x-gone": "''", "append:querystring.table": $stageVariables.table, "remove:querystring.debug": "''",
              "overwrite:querystring.kind": small, "overwrite:path": "/v2/${request.path.id}/${request.path.rest}",
              "append:header.x-request": $context.requestId } },
            response: [
              { status: 500, parameters: { "overwrite:statuscode": "403", "append:header.x-error": $context.requestId, "remove:header.x-old": "''" } },
              { parameters: { "overwrite:header.x-trace": $response.body.trace.id } } ]
            """)
        try withGateway(configuration, origin) { gateway in
            let body = #"{"user":{"name":"ann"},"n":1.50}"#
            let answer = try gateway.exchange(
                "POST /prod/things/7/a/b?kind=big&debug=1&table=x HTTP/1.1\r\nHost: a\r\nX-Gone: 1\r\nX-Kind: forged\r\n"
                    + "X-Request-Id: abc\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let seen = try origin.waitForRequest()
            #expect(seen.target == "/v2/7/a/b?table=x&table=orders&kind=small")
            #expect(seen.fields.values("x-user") == ["ann"])
            #expect(seen.fields.values("x-kind") == ["big-7"])
            #expect(seen.fields.values("x-request") == ["abc"])
            #expect(!seen.fields.contains("x-gone"))
            // The body passes as it came.
            #expect(seen.bodyText == body)
            #expect(answer.status == 200 && answer.fields["x-trace"] == "t-1" && answer.fields["x-old"] == "1")
            #expect(answer.bodyText == #"{"trace":{"id":"t-1"}}"#)
            let failed = try gateway.exchange(request("GET /prod/things/7/fail", "X-Request-Id: abc"))
            #expect(failed.status == 403 && failed.reason == "Forbidden" && failed.fields["x-error"] == "abc")
            #expect(!failed.fields.contains("x-old") && !failed.fields.contains("x-trace"))
        }
    }

    /// Templates with what the request says, and edits by media type.
    @Test func templatesAndTypes() throws {
        let origin = try ScriptedUpstream { request, connection in
            let type = request.target.hasSuffix("hal") ? "application/hal+json" : "application/json"
            try connection.respond(200, fields: "Content-Type: \(type)\r\n", body: #"{"items":[{"n":1},{"n":2}]}"#)
        }
        let configuration = Self.configuration(
            origin,
            """
            response: [
              { types: application/hal+json, remove_fields: [ n ] },
              { body: { id: $request.params.id, kind: $request.query.kind, agent: "$request.headers['user-agent']", stage: $context.stage,
                        who: $claims.sub, items: { each: "$.items", map: { number: $.n } },
                        first: { when: "$.items[0]", value: true, else: false } } } ]
            """)
        try withGateway(configuration, origin) { gateway in
            let made = try gateway.exchange(request("GET /prod/things/a%20b/x?kind=c%2Bd", "User-Agent: me \"x\""))
            #expect(
                made.bodyText
                    == #"{"id":"a b","kind":"c+d","agent":"me \"x\"","stage":"prod","items":[{"number":1},{"number":2}],"first":true}"#
            )
            #expect(try gateway.exchange(request("GET /prod/things/7/hal")).bodyText == #"{"items":[{},{}]}"#)
        }
    }

    /// Single members made of what the request says, of the body, and of nothing, in both directions.
    @Test func membersThatAreSet() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                200, fields: "Content-Type: application/json\r\n",
                body: "{\"seen\":\(request.bodyText),\"owner\":\"old\",\"role\":\"old\"}")
        }
        let configuration = Self.configuration(
            origin,
            """
            request: {
              set_fields: { id: $request.params.id, role: $claims.role, "$.meta.agent": "$request.headers['user-agent']",
                            "$.copy": $.name, "$.price": $5 },
              default_fields: { "$.kind": $request.query.kind } },
            response: { set_fields: { owner: { id: $request.params.id, first: "$.seen.list[0]" }, role: $claims.role } }
            """)
        try withGateway(configuration, origin) { gateway in
            func post(_ body: String, _ query: String = "") throws -> String {
                let client = try gateway.connect()
                try client.send(
                    "POST /prod/things/a%20b/x\(query) HTTP/1.1\r\nHost: a\r\nUser-Agent: me \"x\"\r\n"
                        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return try client.readResponse().bodyText
            }
            // Nobody has a role here, so that a client cannot have one either.
            let first = try post(
                #"{"id":1,"role":"admin","name":[1.50],"list":[7,8],"in":{"id":2,"role":"x"}}"#, "?kind=c")
            #expect(
                try JSON(first)
                    == JSON(
                        #"""
                        { "seen": { "id": "a b", "name": [1.50], "list": [7,8], "in": { "id": "a b" },
                            "meta": { "agent": "me \"x\"" }, "copy": [1.50], "price": "$5", "kind": "c" },
                          "owner": { "id": "a b", "first": 7 } }
                        """#), "\(first)")
            let second = try post(#"{"kind":null,"copy":1}"#, "?kind=c")
            #expect(
                try JSON(second)
                    == JSON(
                        #"""
                        { "seen": { "kind": null, "meta": { "agent": "me \"x\"" }, "price": "$5" },
                          "owner": { "id": "a b" } }
                        """#), "\(second)")
            #expect(origin.requests.allSatisfy { $0.framing == .length($0.body.count) })
        }
    }

    /// A value from a token that was verified, never from a client's own words.
    @Test func claims() throws {
        let origin = try ScriptedUpstream { request, connection in try connection.respond(200, body: "ok") }
        let configuration =
            oneListener + """
                auth: { secret: "0123456789abcdef0123456789abcdef", optional: true }
                routes: [ { path: /**, upstream: "\(origin.url)", transformations: { request: {
                  headers: { set: { X-Tenant: "{claims.org.id}" } }, parameters: { "overwrite:header.x-sub": $context.authorizer.claims.sub } } } } ]

                """
        try withGateway(configuration, origin) { gateway in
            _ = try gateway.exchange(request("GET /", "X-Tenant: forged", "X-Sub: forged"))
            let seen = try origin.waitForRequest()
            #expect(!seen.fields.contains("x-tenant") && !seen.fields.contains("x-sub"))
        }
    }
}
