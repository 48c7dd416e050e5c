internal import HTTPWire

/// The API's description in the form that other programs read: OpenAPI 3.1, made from the same table that calls are
/// routed by.
extension AdminAPI {
    static let document: AdminJSON = [
        "openapi": "3.1.0",
        "info": [
            "title": "Gatehouse admin API",
            "version": "1",
            "summary": "What operators can see of a running gateway, and change about it.",
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ],
        "servers": [["url": .text(AdminRouter.prefix)]],
        "security": [[:], ["token": []]],
        "paths": .object(paths),
        "components": [
            "securitySchemes": [
                "token": [
                    "type": "http", "scheme": "bearer",
                    "description": "Asked for when admin.credentials.token is configured.",
                ]
            ],
            "schemas": AdminSchemas.all,
        ],
    ]

    /// One member for each path, in the order of the table.
    private static var paths: [(name: String, value: AdminJSON)] {
        var order: [String] = []
        var items: [String: [(name: String, value: AdminJSON)]] = [:]
        for route in routes {
            if items[route.path] == nil {
                order.append(route.path)
                items[route.path] = route.parameters.isEmpty ? [] : [("parameters", parameters(route))]
            }
            items[route.path]?.append((route.method.text.description.lowercased(), operation(route)))
        }
        return order.map { ($0, .object(items[$0] ?? [])) }
    }

    private static func parameters(_ route: AdminRoute) -> AdminJSON {
        .list(
            route.parameters.map { name in
                [
                    "name": .text(name), "in": "path", "required": true, "schema": ["type": "string"],
                    "description": .text(
                        name == "endpoint"
                            ? "Its URL, percent-encoded, or its host and port: 10.0.0.1:8080."
                            : "The name of the \(name)."),
                ]
            })
    }

    private static func operation(_ route: AdminRoute) -> AdminJSON {
        var members: [(name: String, value: AdminJSON)] = [
            ("operationId", .text(route.name)), ("summary", .text(route.summary)),
        ]
        if let body = route.body {
            members.append(("requestBody", ["required": true, "content": content(body)]))
        }
        var responses: [(name: String, value: AdminJSON)] = [
            ("200", ["description": "Done.", "content": content(route.answer)])
        ]
        // Codes of one status share a line.
        var codes: [Int: [String]] = [:]
        for code in usual(route) + route.errors { codes[code.status, default: []].append(code.rawValue) }
        for (status, names) in codes.sorted(by: { $0.key < $1.key }) {
            var unique: [String] = []
            for name in names where !unique.contains(name) { unique.append(name) }
            let text = unique.joined(separator: ", ")
            responses.append((String(status), ["description": .text(text), "content": content("Error")]))
        }
        members.append(("responses", .object(responses)))
        return .object(members)
    }

    /// What may be wrong with every call.
    private static func usual(_ route: AdminRoute) -> [AdminError.Code] {
        [
            .badRequest, .unauthorized, .originNotAllowed, .hostNotAllowed, .bodyTooLarge, .unsupportedMediaType,
            .notRunning,
        ]
    }

    private static func content(_ schema: String) -> AdminJSON {
        ["application/json": ["schema": AdminSchemas.reference(schema)]]
    }
}
