import GatehouseTesting
import Synchronization
import Testing

/// Requests and responses that are checked, from outside.
@Suite struct Validating {
    static func configuration(_ url: String, _ rules: String, _ more: String = "") -> String {
        oneListener + more + """

            services: { s: { endpoints: [ "\(url)" ] } }
            routes: [ { path: "/t/{id}", service: s, validate: { \(rules) } }, { path: "/free/**", service: s } ]

            """
    }

    static let order = """
        body: { schema: { type: object, required: [ name, count ], additionalProperties: false,
          properties: { name: { type: string, minLength: 2 }, count: { type: integer, minimum: 1 },
                        tags: { type: array, uniqueItems: true, items: { enum: [ a, b ] } } } } }
        """

    static func post(_ body: String, _ type: String = "application/json", _ path: String = "/t/1") -> String {
        request("POST \(path)", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)") + body
    }

    /// The answer in a line; what failed, for an exchange that did.
    static func send(_ text: String, _ method: String, to gateway: GatewayProcess) -> String {
        do { return summary(of: try gateway.exchange(text, method: method)) } catch { return "failed: \(error)" }
    }

    @Test func bodiesAtEveryByte() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: "\(request.method) \(request.bodyText)")
        }
        try withGateway(Self.configuration(origin.url, Self.order), origin) { gateway in
            let client = try gateway.connect()
            let body = #"{"name": "\u00e9t\u00e9", "count": 1.0, "tags": ["a"]}"#
            let text = Array(Self.post(body).utf8)
            for cut in stride(from: 1, to: text.count, by: 7) {
                try client.send(String(decoding: text[..<cut], as: UTF8.self))
                try client.send(String(decoding: text[cut...], as: UTF8.self))
                // What fits passes as it came.
                #expect(try client.readResponse().bodyText == "POST \(body)")
            }
            let chunked =
                "POST /t/1 HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
            try client.send(chunked)
            #expect(try client.readResponse().bodyText == "POST \(body)")
        }
    }

    @Test(arguments: [
        (
            #"{"name": "x", "count": 0}"#,
            [
                #"{"in":"body","pointer":"/name","message":"must have 2 characters or more"}"#,
                #"{"in":"body","pointer":"/count","message":"must be 1 or more"}"#,
            ]
        ),
        (#"{"name": "xy"}"#, [#"{"in":"body","pointer":"","message":"misses the member \"count\""}"#]),
        (
            #"{"name": "xy", "count": 1, "a/b": 2}"#,
            [#"{"in":"body","pointer":"/a~1b","message":"is not allowed here"}"#]
        ),
        (
            #"{"name": "xy", "count": 1, "tags": ["a", "a"]}"#,
            [#"{"in":"body","pointer":"/tags/1","message":"must not stand in its array twice"}"#]
        ),
        ("[]", [#"{"in":"body","pointer":"","message":"must be an object"}"#]),
    ])
    func whatDoesNotFitIsNamed(_ body: String, _ errors: [String]) throws {
        let origin = try ScriptedUpstream { _, connection in try connection.respond(200, body: "reached") }
        try withGateway(Self.configuration(origin.url, Self.order), origin) { gateway in
            let answer = try gateway.exchange(Self.post(body))
            #expect(answer.status == 400)
            #expect(errorCode(answer) == "request_invalid")
            #expect(answer.bodyText.hasSuffix(", \"errors\": [\(errors.joined(separator: ","))]}\n"))
            #expect(answer.fields["content-type"] == "application/json")
            #expect(origin.requests.isEmpty)
        }
    }

    @Test func mediaTypesAndSizes() throws {
        let origin = try ScriptedUpstream { _, connection in try connection.respond(200, body: "reached") }
        let more = "limits: { buffered_body: 64 }"
        try withGateway(Self.configuration(origin.url, Self.order, more), origin) { gateway in
            func ask(_ text: String) -> String { Self.send(text, "POST", to: gateway) }
            let body = #"{"name": "xy", "count": 1}"#
            #expect(ask(Self.post(body)) == "reached")
            #expect(ask(Self.post(body, "application/vnd.shop+json; v=1")) == "reached")
            #expect(ask(Self.post(body, "Application/JSON")) == "reached")
            #expect(ask(Self.post(body, "text/plain")) == "415 unsupported_media_type")
            #expect(ask(request("POST /t/1", "Content-Length: 2") + "{}") == "415 unsupported_media_type")
            #expect(ask(request("POST /t/1")) == "400 request_invalid")
            #expect(ask(Self.post("{\"name\": \"\(String(repeating: "x", count: 60))\"}")) == "413 body_too_large")
            #expect(ask(Self.post(#"{"name": "xy", "count": }"#)) == "400 request_body_malformed")
            #expect(ask(Self.post(#"{"count": 1, "count": 1}"#)) == "400 request_body_malformed")
            let strange =
                request(
                    "POST /t/1", "Content-Type: application/json", "Content-Encoding: compress", "Content-Length: 2")
                + "xx"
            #expect(ask(strange) == "415 request_body_encoded")
        }
    }

    @Test func parameters() throws {
        let origin = try ScriptedUpstream { request, connection in try connection.respond(200, body: request.target) }
        let rules = """
            parameters: [
              { name: id, in: path, schema: { type: integer, maximum: 100 } },
              { name: limit, in: query, required: true, schema: { type: integer } },
              { name: tags, in: query, schema: { type: array, maxItems: 2, items: { type: string, minLength: 2 } } },
              { name: ids, in: query, style: pipeDelimited, schema: { type: array, items: { type: integer } } },
              { name: filter, in: query, style: deepObject, schema: { type: object, additionalProperties: false,
                  properties: { size: { type: number }, color: { enum: [ red, blue ] } } } },
              { name: X-Mode, in: header, schema: { enum: [ fast, slow ] } },
              { name: seen, in: cookie, schema: { type: boolean } } ]
            """
        try withGateway(Self.configuration(origin.url, rules), origin) { gateway in
            #expect(gateway.ask("GET /t/7?limit=3") == "/t/7?limit=3")
            #expect(gateway.ask("GET /t/7?limit=3&tags=ab&tags=c%64") == "/t/7?limit=3&tags=ab&tags=c%64")
            let deep = "/t/7?limit=3&ids=1%7C2&filter%5Bsize%5D=1.50&filter[color]=red"
            #expect(gateway.ask("GET \(deep)", "X-Mode: fast", "Cookie: a=b; seen=true") == deep)
            for (target, fields) in [
                ("/t/101?limit=3", "A: b"), ("/t/x?limit=3", "A: b"), ("/t/7", "A: b"), ("/t/7?limit=x", "A: b"),
                ("/t/7?limit=3&tags=a", "A: b"), ("/t/7?limit=3&tags=ab&tags=cd&tags=ef", "A: b"),
                ("/t/7?limit=3&ids=1%7Cx", "A: b"), ("/t/7?limit=3&filter[color]=green", "A: b"),
                ("/t/7?limit=3&filter[other]=1", "A: b"), ("/t/7?limit=3", "X-Mode: Fast"),
                ("/t/7?limit=3", "Cookie: seen=yes"), ("/t/7?limit=%FF", "A: b"),
            ] {
                #expect(gateway.ask("GET \(target)", fields) == "400 request_invalid", "\(target) \(fields)")
            }
            // All of them are named at once.
            let answer = try gateway.exchange(request("GET /t/x?tags=a", "X-Mode: no"))
            #expect(answer.bodyText.contains(#"{"in":"path","name":"id","pointer":"","message":"must be an integer"}"#))
            #expect(answer.bodyText.contains(#"{"in":"query","name":"limit","pointer":"","message":"is missing"}"#))
            #expect(answer.bodyText.contains(#"{"in":"query","name":"tags","pointer":"/0""#))
            #expect(answer.bodyText.contains(#"{"in":"header","name":"X-Mode""#))
        }
    }

    @Test func problemForm() throws {
        let origin = try ScriptedUpstream { _, connection in try connection.respond(200, body: "reached") }
        let rules = Self.order + ", errors: first"
        try withGateway(Self.configuration(origin.url, rules), origin) { gateway in
            let body = #"{"name": 1, "count": 0}"#
            let answer = try gateway.exchange(
                request(
                    "POST /t/1", "Accept: application/problem+json", "Content-Type: application/json",
                    "Content-Length: \(body.utf8.count)") + body)
            #expect(answer.fields["content-type"] == "application/problem+json")
            #expect(answer.bodyText.contains("\"error\": \"request_invalid\""))
            let errors = #""errors": [{"in":"body","pointer":"/name","message":"must be a string"}]"#
            #expect(answer.bodyText.contains(errors))
        }
    }

    @Test func watchingRefusesNothing() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                200, fields: "Content-Type: application/json\r\n", body: request.method == "POST" ? "{\"id\": 1}" : "x")
        }
        let rules =
            Self.order + ", parameters: [ { name: q, in: query, required: true, schema: {} } ], report_only: true"
        let directory = try TemporaryDirectory()
        let log = directory.file("log")
        let configuration = """
            listeners: [ { address: "127.0.0.1:0" } ]
            workers: 1
            access_log: { path: "\(log)" }
            admin: { address: "127.0.0.1:0" }
            services: { s: { endpoints: [ "\(origin.url)" ] } }
            routes:
              - { path: "/t/{id}", service: s, validate: { \(rules), undocumented: true,
                  response: { schema: { properties: { id: { type: string }, name: {} } } } } }
              - { path: /named, service: s, validate: { undocumented: true,
                  response: { schema: { properties: { name: {} } } } } }
            """
        try withGateway(configuration, origin, admin: true) { gateway in
            #expect(gateway.ask("GET /t/1") == "x")
            for text in [
                Self.post("{}"), Self.post("{"), Self.post("{", "text/plain"), Self.post("{}", "a/b", "/named"),
            ] {
                #expect(Self.send(text, "POST", to: gateway) == "{\"id\": 1}")
            }
            let metrics = gateway.ask("GET /metrics", on: gateway.adminPort)
            #expect(metrics.contains("gatehouse_validations_total{side=\"request\",result=\"reported\"} 4"))
            #expect(metrics.contains("gatehouse_validations_total{side=\"request\",result=\"refused\"} 0"))
            #expect(metrics.contains("gatehouse_validations_total{side=\"response\",result=\"reported\"} 4"))
            try eventually("the last line") {
                TemporaryDirectory.read(log)?.contains(#""undocumented":["/id"]}"#) == true
            }
        }
        let lines = try #require(TemporaryDirectory.read(log))
        #expect(lines.contains(#""validation":{"request":"reported","response":"reported","errors":[{"in":"query""#))
        #expect(lines.contains(#"{"in":"response","pointer":"","message":"is no JSON"}"#))
        #expect(lines.contains(#""pointer":"/id","message":"must be a string","schema":"#))
        #expect(lines.contains(#""validation":{"response":"passed","undocumented":["/id"]}"#))
    }

    @Test(arguments: [true, false])
    func responsesThatDoNotFit(hasLength: Bool) throws {
        let origin = try ScriptedUpstream { request, connection in
            let body = String(request.target.dropFirst(3)).replacing("%22", with: "\"").replacing("%20", with: " ")
            let type = "Content-Type: application/json\r\n"
            if hasLength {
                try connection.respond(200, fields: type, body: body)
            } else {
                try connection.send(
                    "HTTP/1.1 200 OK\r\n\(type)Transfer-Encoding: chunked\r\n\r\n"
                        + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
            }
        }
        let rules = "response: { status: 200, schema: { type: array, items: { type: integer } } }"
        try withGateway(
            Self.configuration(origin.url, rules, "limits: { buffered_body: 200 }"), origin
        ) { gateway in
            #expect(gateway.ask("GET /t/[1,%202]") == "[1, 2]")
            #expect(gateway.ask("GET /t/[]") == "[]")
            #expect(gateway.ask("GET /t/[1.5]") == "502 response_invalid")
            #expect(gateway.ask("GET /t/[1") == "502 response_invalid")
            #expect(gateway.ask("GET /t/[\(String(repeating: "1,", count: 120))1]") == "502 response_too_large")
            #expect(gateway.ask("GET /t/[2]") == "[2]")
            #expect(gateway.ask("HEAD /t/[1.5]") == "")
        }
    }

    /// A request is checked, reshaped, and tried again; its response is reshaped, and then checked.
    @Test func togetherWithTransformationsAndRetries() throws {
        let tries = Mutex(0)
        let origin = try ScriptedUpstream { request, connection in
            let count = tries.withLock { count in
                count += 1
                return count
            }
            // The first try of each fails.
            if count % 2 == 1 { return connection.close() }
            try connection.respond(
                200, fields: "Content-Type: application/json\r\n", body: "{\"got\":\(request.bodyText),\"id\":1}")
        }
        let configuration =
            oneListener + """
                services: { s: { endpoints: [ "\(origin.url)" ], retries: { attempts: 2, retry_on: [ reset ] } } }
                routes:
                  - path: /t/{id}
                    service: s
                    validate:
                      body: { schema: { required: [ count ], properties: { sum: false } } }
                      response: { schema: { properties: { id: false, got: { required: [ sum ] } }, required: [ got ] } }
                    transformations:
                      request: { rename_fields: { count: sum } }
                      response: { remove_fields: [ id ] }
                  - { path: /plain, service: s, validate: { body: { schema: { required: [ count ] } } } }

                """
        try withGateway(configuration, origin) { gateway in
            func put(_ body: String, _ path: String) -> String {
                let text = Self.post(body, "application/json", path).replacing("POST", with: "PUT")
                return Self.send(text, "PUT", to: gateway)
            }
            let body = #"{"count":1}"#
            #expect(put(body, "/t/1") == #"{"got":{"sum":1}}"#)
            #expect(put(body, "/plain") == #"{"got":{"count":1},"id":1}"#)
            #expect(put(#"{"count":1,"sum":2}"#, "/t/1") == "400 request_invalid")
            #expect(origin.requests.count == 4)
        }
    }

    /// The document decides: routes, parameters, bodies, responses.
    @Test(arguments: ["petstore.yaml", "petstore-3.0.json"])
    func openAPI(_ name: String) throws {
        let origin = try ScriptedUpstream { request, connection in
            let isBad = request.target.hasSuffix("bad")
            try connection.respond(
                request.method == "POST" ? 201 : 200, fields: "Content-Type: application/json\r\n",
                body: request.method == "POST" ? request.bodyText : isBad ? "[{}]" : #"[{"id":1,"name":"Rex"}]"#)
        }
        let directory = try TemporaryDirectory()
        let isYAML = name.hasSuffix(".yaml")
        _ = try directory.write(isYAML ? Self.petstore : Self.petstore30, to: name)
        let configuration =
            oneListener + """
                services: { pets: { endpoints: [ "\(origin.url)" ] } }
                openapi: { file: \(name), service: pets, responses: true }

                """
        try withGateway(configuration, origin, directory: directory) { gateway in
            #expect(gateway.ask("GET /v1/pets") == #"[{"id":1,"name":"Rex"}]"#)
            #expect(gateway.ask("GET /v1/pets?limit=20") == #"[{"id":1,"name":"Rex"}]"#)
            #expect(gateway.ask("GET /v1/pets?limit=200") == "400 request_invalid")
            #expect(gateway.ask("GET /v1/pets?limit=5&q=bad") == "502 response_invalid")
            #expect(gateway.ask("GET /v1/pets/x") == "400 request_invalid")
            #expect(gateway.ask("DELETE /v1/pets") == "405 method_not_allowed")
            #expect(gateway.ask("GET /pets") == "404 not_found")
            func post(_ body: String) -> String {
                Self.send(Self.post(body, "application/json", "/v1/pets"), "POST", to: gateway)
            }
            let pet = #"{"name":"Rex","tag":null,"weight":1.5}"#
            #expect(post(pet) == "201 \(pet)")
            #expect(post(#"{"name":"Rex","weight":0}"#) == "400 request_invalid")
            #expect(post(#"{"name":"Rex","tag":7}"#) == "400 request_invalid")
            #expect(post(#"{"tag":"x"}"#) == "400 request_invalid")
        }
    }

    static let petstore = """
        openapi: 3.1.0
        info: { title: Pets, version: "1" }
        servers: [ { url: "https://{host}/v1/", variables: { host: { default: pets.example } } } ]
        paths:
          /pets:
            parameters: [ { $ref: "#/components/parameters/limit" } ]
            get:
              operationId: listPets
              responses:
                "200": { description: all, content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Known" } } } } }
            post:
              operationId: addPet
              requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }
              responses: { 2XX: { description: done } }
          /pets/{id}:
            get:
              parameters: [ { name: id, in: path, required: true, schema: { type: integer } } ]
              responses: { default: { description: one } }
        components:
          parameters:
            limit: { name: limit, in: query, schema: { type: integer, maximum: 100 } }
          schemas:
            Pet: { type: object, required: [ name ], properties: { name: { type: string }, tag: { type: [ string, "null" ] }, weight: { type: number, exclusiveMinimum: 0 } } }
            Known: { $ref: "#/components/schemas/Pet", required: [ id ] }

        """

    static let petstore30 = """
        { "openapi": "3.0.3", "info": { "title": "Pets", "version": "1" }, "servers": [ { "url": "/v1" } ],
          "paths": {
            "/pets": {
              "parameters": [ { "$ref": "#/components/parameters/limit" } ],
              "get": { "operationId": "listPets", "responses": { "200": { "description": "all", "content": {
                "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } } } } } } },
              "post": { "operationId": "addPet", "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Pet" } } } }, "responses": { "201": { "description": "done" } } } },
            "/pets/{id}": { "get": {
              "parameters": [ { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } } ],
              "responses": { "default": { "description": "one" } } } } },
          "components": {
            "parameters": { "limit": { "name": "limit", "in": "query",
              "schema": { "type": "integer", "maximum": 101, "exclusiveMaximum": true } } },
            "schemas": { "Pet": { "type": "object", "required": [ "id", "name" ], "properties": {
              "id": { "type": "integer", "readOnly": true }, "name": { "type": "string" },
              "tag": { "type": "string", "nullable": true, "example": "x" },
              "weight": { "type": "number", "minimum": 0, "exclusiveMinimum": true } } } } } }

        """
}
