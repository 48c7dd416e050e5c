import HTTPWire
import Testing

@testable import GatewayConfiguration
@testable import GatewayEngine

/// The table of calls: what is found in it, and that the document tells of all of it.
@Suite struct AdminRouterTests {
    private func find(_ method: HTTPWire.Method, _ path: String) -> String {
        let bytes = Array(path.utf8)
        switch AdminAPI.router.find(method, bytes.span) {
        case .found(let route, let parameters): return ([route.name] + parameters).joined(separator: " ")
        case .methodNotAllowed(let allow): return "405 \(allow)"
        case .notFound: return "404"
        }
    }

    @Test(arguments: [
        (HTTPWire.Method.get, "/api/v1/status", "getStatus"),
        (.head, "/api/v1/status", "getStatus"),
        (.post, "/api/v1/status", "405 GET, HEAD"),
        (.other, "/api/v1/status", "405 GET, HEAD"),
        (.get, "/api/v1/services/users", "getService users"),
        (.get, "/api/v1/services/a%2Fb%20c", "getService a/b c"),
        (.get, "/api/v1/services/%C3%A4", "getService ä"),
        (.get, "/api/v1/services/%ff", "404"),
        (.get, "/api/v1/services/%f", "404"),
        (.get, "/api/v1/services/%", "404"),
        (.get, "/api/v1/services/%+1", "404"),
        (.get, "/api/v1/services/a%00b", "getService a\u{0}b"),
        (
            .post, "/api/v1/services/users/endpoints/http:%2F%2F10.0.0.1:8080/drain",
            "drainEndpoint users http://10.0.0.1:8080"
        ),
        (.post, "/api/v1/services/users/endpoints/http://10.0.0.1:8080/drain", "404"),
        (.get, "/api/v1/services/users/endpoints/x/enable", "405 POST"),
        (.put, "/api/v1/splits/r", "setSplit r"),
        (.post, "/api/v1/splits/r", "405 GET, HEAD, PUT, DELETE"),
        (.post, "/api/v1/canaries/r/rollback", "rollbackCanary r"),
        (.post, "/api/v1/canaries/r/roll", "404"),
        (.get, "/api/v1/services/", "getService "),
        (.get, "/api/v1/status/", "404"),
        (.get, "/api/v1//status", "404"),
        (.get, "/api/v1", "404"),
        (.get, "/api/v1/", "404"),
        (.get, "/api/v2/status", "404"),
        (.get, "/API/v1/status", "404"),
    ])
    func aPathFindsItsCall(method: HTTPWire.Method, path: String, expected: String) {
        #expect(find(method, path) == expected)
    }

    @Test func noCallIsHiddenBehindAnother() {
        #expect(Set(AdminAPI.routes.map(\.name)).count == AdminAPI.routes.count)
        for route in AdminAPI.routes {
            let path = AdminRouter.prefix + route.path.replacing("{", with: "").replacing("}", with: "")
            #expect(find(route.method, path) == ([route.name] + route.parameters).joined(separator: " "))
        }
    }

    // MARK: The document

    private func document() throws -> PlainJSON {
        var line = LineWriter()
        AdminAPI.document.write(into: &line)
        return try PlainJSON.parse(Array(line.span.text.utf8))
    }

    @Test func everyCallIsInTheDocument() throws {
        let document = try document()
        #expect(document["openapi"]?.text == "3.1.0")
        var operations: Set<String> = []
        guard case .object(let paths)? = document["paths"] else { return #expect(Bool(false), "no paths") }
        for (path, item) in paths {
            guard case .object(let members) = item else { continue }
            for (method, operation) in members where method != "parameters" {
                operations.insert("\(method) \(path) \(operation["operationId"]?.text ?? "")")
            }
            // Every placeholder is described once.
            let named = (item["parameters"]?.list ?? []).compactMap { $0["name"]?.text }
            #expect(named.map { "{\($0)}" } == path.split(separator: "/").map(String.init).filter { $0.hasPrefix("{") })
        }
        let expected = AdminAPI.routes.map { "\($0.method.text.description.lowercased()) \($0.path) \($0.name)" }
        #expect(operations == Set(expected))
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let document = try document()
        guard case .object(let schemas)? = document["components"]?["schemas"] else {
            return #expect(Bool(false), "no schemas")
        }
        var references: Set<String> = []
        func collect(_ value: PlainJSON) {
            switch value {
            case .object(let members):
                if let reference = members["$ref"]?.text { references.insert(reference) }
                for member in members.values { collect(member) }
            case .list(let items): for item in items { collect(item) }
            default: break
            }
        }
        collect(document)
        #expect(references == Set(schemas.keys.map { "#/components/schemas/\($0)" }))
    }

    // MARK: Bodies

    @Test(arguments: [
        ("{\"weights\": {\"a\": 1, \"b\": 0}}", "a=1 b=0"),
        ("", "This call needs a body."),
        ("{", "The body is not JSON: line 1, column 2"),
        ("[]", "The body must be an object with the member \"weights\"."),
        ("{}", "\"weights\" must be an object of whole numbers."),
        ("{\"weights\": []}", "\"weights\" must be an object of whole numbers."),
        ("{\"weights\": {\"a\": \"1\"}}", "\"weights\" has no whole number for \"a\"."),
        ("{\"weights\": {\"a\": 0.5}}", "\"weights\" has no whole number for \"a\"."),
        ("{\"weights\": {\"a\": 99999999999999999999}}", "\"weights\" has no whole number for \"a\"."),
        ("{\"weights\": {\"a\": 1}, \"wait\": 1}", "The body has a member \"wait\" that is not known"),
        ("{\"weights\": {\"a\": 1, \"a\": 2}}", "The body is not JSON"),
    ])
    func bodiesAreReadStrictly(body: String, expected: String) throws {
        let server = try GatewayServer(
            try GatewayConfiguration.parse(yaml: ""), build: Metrics.Build(version: "", swiftVersion: ""),
            log: OperationLog(level: .error, output: .lines { _ in }))
        let route = try #require(AdminAPI.routes.first { $0.name == "setSplit" })
        var said = ""
        do throws(AdminError) {
            let value = try AdminBody(bytes: Array(body.utf8)).parsed(for: route)
            let call = AdminCall(server: server, reloads: nil, parameters: ["r"], body: value, client: "")
            said = try call.numbers("weights").sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                .joined(separator: " ")
        } catch {
            said = error.message
            #expect(error.code == .badRequest)
        }
        #expect(said.hasPrefix(expected), "\(said)")
    }
}
