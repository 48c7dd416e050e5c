import Foundation
import HTTPWire
import Testing

@testable import GatewayEngine

@Suite("Error bodies")
struct ErrorBodyTests {
    @Test("The plain form has error and message, in this order")
    func plain() {
        let text = written { ErrorBody.write(.notFound, into: $0) }
        #expect(text == "{\"error\": \"not_found\", \"message\": \"No route matches this request.\"}\n")
    }

    @Test("Members that belong to the error follow")
    func members() throws {
        let members: [ErrorBody.Member] = [
            .init("retry_after", .integer(3)), .init("limit", .text("a \"b\"\n")),
            .init("fields", .texts(["x", "y\\"])),
        ]
        let text = written {
            ErrorBody.write(.overloaded, text: "Retry after 3 \"seconds\".", members: members, into: $0)
        }
        #expect(
            text == """
                {"error": "overloaded", "message": "Retry after 3 \\"seconds\\".", "retry_after": 3, \
                "limit": "a \\"b\\"\\n", "fields": ["x", "y\\\\"]}

                """)
        #expect(try jsonObject(text)["limit"] as? String == "a \"b\"\n")
    }

    @Test("Every error makes valid JSON in both forms", arguments: GatewayError.allCases)
    func valid(error: GatewayError) throws {
        let plain = try jsonObject(written { ErrorBody.write(error, into: $0) })
        #expect(plain.count == 2)
        #expect(plain["error"] as? String == error.code.description)
        let problem = try jsonObject(written { ErrorBody.write(error, as: .problem, into: $0) })
        #expect(problem["type"] as? String == "about:blank")
        #expect(problem["title"] as? String == StatusText.reason(error.status).description)
        #expect(problem["status"] as? Int == error.status)
        #expect(problem["detail"] as? String == error.message.description)
        #expect(problem["error"] as? String == error.code.description)
    }

    @Test("A wire error's explanation can stand as the message", arguments: WireError.allCases)
    func explanations(error: WireError) throws {
        let text = written { ErrorBody.write(.badRequest, message: error.explanation, into: $0) }
        #expect(try jsonObject(text)["message"] as? String == error.explanation.description)
    }

    @Test("Proxy-Status names the gateway first")
    func proxyStatus() {
        let name = bytes("gatehouse")
        let text = written { ErrorBody.writeProxyStatus(.upstreamTimeout, gateway: name.span, into: $0) }
        #expect(text == "gatehouse; error=http_response_timeout; details=\"upstream_timeout\"")
    }

    @Test(
        "The problem form is sent to those who ask for it",
        arguments: [
            ([], false),
            (["*/*"], false),
            (["application/*"], false),
            (["application/json"], false),
            (["application/problem+json"], true),
            (["Application/Problem+JSON"], true),
            (["text/html, application/problem+json;q=0.5"], true),
            (["application/json, application/problem+json"], true),
            (["application/json, application/problem+json;q=0.9"], false),
            (["application/json;q=0.8 , application/problem+json ; q=0.9"], true),
            (["application/problem+json;q=0"], false),
            (["application/problem+json;q=0.000"], false),
            (["application/problem+json;q=0.001"], true),
            (["application/problem+json;charset=utf-8;q=0"], false),
            (["application/problem+json;q="], false),
            (["application/problem+json;q=x"], false),
            (["application/problem+json;;"], true),
            (["application/problem+jsonx"], false),
            (["application/problem"], false),
            ([",,;;, ,"], false),
            (["text/html", "application/problem+json"], true),
        ] as [([String], Bool)])
    func negotiated(accept: [String], isProblem: Bool) {
        let fields = HeaderBlock()
        for value in accept {
            let value = bytes(value)
            fields.append(.accept, value.span)
        }
        #expect((ErrorBody.Format.negotiated(for: fields) == .problem) == isProblem)
    }
}
