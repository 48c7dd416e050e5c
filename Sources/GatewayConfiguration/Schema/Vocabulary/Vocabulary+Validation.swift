/// `validate` and `openapi`.
extension Vocabulary {
    private static let answers: [Field] = [
        Field(
            .reportOnly, .boolean, "Tells what does not fit in the access log and the metrics, and refuses nothing.",
            default: "false"),
        Field(
            .errors, .word("all", "first"), "How many of the errors of a request the client is told (32 at most).",
            default: "all"),
        Field(
            .formats, .word("annotation", "assertion"),
            "Whether `format` is a remark, as JSON Schema has it, or a rule.", default: "annotation"),
        Field(
            .undocumented, .boolean,
            "Whether the access log names members of checked responses that no schema lists.", default: "false"),
    ]

    private static let parts: [Field] = [
        Field(
            .parameters, .list(.object(validationParameter)),
            "Parameters of the path and query, header fields, cookies."),
        Field(.body, .object(validationBody), "The request's body."),
        Field(
            .response, .oneOrList(.object(validationResponse)),
            "The response's body: the first whose `status` names the response's. Such a response is held as a whole."),
    ]

    static let routeValidation = ObjectShape(
        "route_validation", "What requests and responses of a route must look like.",
        rules: [.atLeastOne([.parameters, .body, .response])], parts + answers)

    static let validation = ObjectShape(
        "validation", "What requests and responses under a path must look like; the most specific path wins.",
        rules: [.atLeastOne([.parameters, .body, .response])],
        [
            Field(.path, .scalar(.pathPattern), "The public path, in the language of routes.", required: true),
            Field(.methods, .oneOrList(.scalar(.method)), "Only these methods.", default: "ANY"),
        ] + parts + answers)

    static let validationParameter = ObjectShape(
        "validation_parameter", "A parameter, as OpenAPI describes them.",
        [
            Field(.name, .scalar(.name), "Its name.", required: true),
            Field(.in, .word("path", "query", "header", "cookie"), "Where it stands.", required: true),
            Field(.required, .boolean, "Whether it must be there; those of the path always must.", default: "false"),
            Field(
                .style,
                .word("simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"),
                "How lists and objects are written (OpenAPI 3.1 §4.8.12.3).",
                default: "form in query and cookies, simple elsewhere"),
            Field(
                .explode, .boolean, "Whether each element or member stands by itself.",
                default: "true for form, else false"),
            Field(.schema, .anything, "What its value must be.", required: true),
        ])

    private static let schema = Field(
        .schema, .anything,
        "A JSON Schema (2020-12), or the name of a file with one. `$ref` may name files, beside the one it stands in.")

    static let validationBody = ObjectShape(
        "validation_body", "What a request's body must be.",
        [
            schema,
            Field(.required, .boolean, "Whether there must be one.", default: "true"),
            Field(
                .types, .oneOrList(.scalar(.name)),
                "Media types that are accepted; `*` for any. Those that are not JSON are not looked into.",
                default: "[application/json, application/*+json]"),
        ])

    static let validationResponse = ObjectShape(
        "validation_response", "What a response must be.",
        [
            schema,
            Field(
                .status, .oneOrList(.scalar(.statusRange)), "Only responses with these statuses.", default: "any"),
            Field(
                .types, .oneOrList(.scalar(.name)), "Media types that it may have.",
                default: "[application/json, application/*+json]"),
        ])

    static let openAPI = ObjectShape(
        "openapi", "A document of an API: its requests are checked by it.",
        rules: [.atMostOne([.service, .upstream])],
        [
            Field(.file, .scalar(.name), "The document, beside the configuration.", required: true),
            Field(.service, .scalar(.name), "Makes a route for each operation, answered by this service."),
            Field(.upstream, .scalar(.upstreamURL), "Likewise, answered by this URL."),
            Field(.routes, .boolean, "Whether routes are made.", default: "whether there is a service or upstream"),
            Field(
                .basePath, .scalar(.pathTemplate), "Stands before each path.", default: "that of the first server's URL"
            ),
            Field(.stripPrefix, .scalar(.pathTemplate), "As on routes, for those that are made."),
            Field(
                .responses, .boolean, "Whether responses are checked too; those that are are held as a whole.",
                default: "false"),
        ] + answers)
}
