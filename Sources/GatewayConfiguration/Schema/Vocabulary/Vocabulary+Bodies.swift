extension Vocabulary {
    static let aggregate = ObjectShape(
        "aggregate", "One answer from several calls that run at once.", rules: [.atMostOne([.body, .failedParts])],
        [
            Field(
                .parts, .map(keys: .partName, values: .object(part)), "The calls, by the member that holds the answer.",
                required: true),
            Field(
                .timeout, .scalar(.duration(off: false)), "For all of them together.",
                default: "the route's `timeouts.request`, else 30s"),
            Field(
                .forwardHeaders, .list(.fieldName),
                "Request header fields that parts get besides the identity fields, `X-Request-Id` and the trace."),
            Field(
                .body, .anything,
                "A template of the answer: `$user.name` is of the part `user`, `$.user.name` of the answer as it would be"
                    + " without a template, `$failed` the list of failed parts.", default: "one member a part"),
            Field(
                .failedParts, .scalar(.name),
                "The member that lists failed parts, where some failed. `X-Failed-Parts` names them in any case."),
        ])

    static let part = ObjectShape(
        "part", "One call of an aggregate.",
        [
            Field(.service, .scalar(.name), "Who is called.", required: true),
            Field(.method, .scalar(.method), "The method.", default: "GET"),
            Field(
                .path, .scalar(.partPath),
                "The path; may refer to the request, claims and other parts: `/users/{claims.sub}`. A reference that finds"
                    + " nothing fails the part.", required: true),
            Field(
                .query, .map(keys: .name, values: .text),
                "Query parameters; one whose reference finds nothing is left out."),
            Field(
                .headers, .map(keys: .fieldName, values: .scalar(.fieldValue)),
                "Header fields; one whose reference finds nothing is left out."),
            Field(.body, .anything, "A template of the request's body."),
            Field(
                .each, .scalar(.partReference),
                "An array, as in `$orders.items`: one call for each element, which is `{item}`; the member holds the array"
                    + " of their answers."),
            Field(.concurrency, .integer(1...1_000), "With `each`: calls at once.", default: "8"),
            Field(
                .maxItems, .integer(1...10_000), "With `each`: more elements than this fail the part.", default: "100"),
            Field(.pick, .scalar(.jsonPath), "The piece of the answer that is used.", default: "$"),
            Field(
                .onError, .choice([.word("fail", "omit", "null", "pass"), .object(onError)]),
                "What happens when the call fails: the whole answer fails (502, or 504 on time-out), the member is left"
                    + " out, is null, or `{ value: … }`; `pass`: the service's own error is the whole answer.",
                default: "fail"),
            Field(
                .timeout, .scalar(.duration(off: false)), "For this call, tries included.",
                default: "the service's `timeouts.request`"),
            Field(.forwardHeaders, .list(.fieldName), "Request header fields that it gets besides the aggregate's."),
        ])

    static let onError = ObjectShape(
        "on_error", "A fallback.", [Field(.value, .anything, "What stands in its place.", required: true)])

    static let routeTransformation = ObjectShape(
        "route_transformation", "Reshapes what passes a route.", rules: [.atLeastOne([.request, .response])],
        [
            Field(.request, .object(requestTransformation), "On the way to the service."),
            Field(
                .response, .oneOrList(.object(responseTransformation)),
                "On the way back: the first whose `status` names the response's."),
        ])

    static let transformation = ObjectShape(
        "transformation", "Reshapes what passes under a path; the most specific path wins.",
        rules: [.atLeastOne([.request, .response])],
        [
            Field(.path, .scalar(.pathPattern), "The public path, in the language of routes.", required: true),
            Field(.methods, .oneOrList(.scalar(.method)), "Only these methods.", default: "ANY"),
            Field(.request, .object(requestTransformation), "On the way to the service."),
            Field(
                .response, .oneOrList(.object(responseTransformation)),
                "On the way back: the first whose `status` names the response's."),
        ])

    private static let selectors = Shape.list(.scalar(.fieldSelector))

    private static let bodyFields: [Field] = [
        Field(
            .removeFields, selectors, "JSON members to remove: plain names at any depth, `$…` paths exactly."),
        Field(.keepFields, selectors, "JSON members to keep; all others go."),
        Field(
            .renameFields, .map(keys: .fieldSelector, values: .scalar(.name)),
            "JSON members to rename, old name to new."),
        Field(
            .setFields, .map(keys: .fieldSelector, values: .anything),
            "JSON members to set; values are templates as in `body`: `$claims.sub`, `$request.params.id`. One that finds"
                + " nothing leaves its member out."),
        Field(
            .defaultFields, .map(keys: .fieldSelector, values: .anything),
            "JSON members to set where they are missing; values as in `set_fields`."),
        Field(
            .body, .anything,
            "A template of the new body: a string that begins with `$.` is a JSONPath, `$$` escapes; one that finds nothing"
                + " leaves its member out."),
        Field(.headers, .object(headerEdits), "Edits of header fields."),
        Field(
            .types, .oneOrList(.scalar(.mediaType)),
            "Only messages of these media types: `application/json`, `application/*+json`.", default: "any"),
        Field(
            .parameters, .map(keys: .name, values: .scalar(.fieldValue)),
            "Edits as AWS HTTP APIs write them: `overwrite:header.x-user: $context.authorizer.claims.sub`."),
    ]

    static let errors = ObjectShape(
        "errors", "The form of errors that the gateway answers itself.", rules: [.atMostOne([.body, .text])],
        [
            Field(
                .body, .anything,
                "A template of JSON: `$error.status`, `$error.code`, `$error.message`, `$error.request_id`.",
                default: "the gateway's own forms"),
            Field(.text, .text, "Text with `{status}`, `{code}`, `{message}` and `{request_id}`; `{{` is a brace."),
            Field(
                .contentType, .scalar(.mediaType), "Its media type.",
                default: "application/json, with `text` text/plain"),
            Field(
                .upstream, .oneOrList(.scalar(.statusRange)),
                "Services' answers with these statuses get this form too: `5xx`.", default: "none"),
        ])

    static let requestTransformation = ObjectShape(
        "request_transformation", "Edits of a request.",
        bodyFields + [
            Field(.query, .object(queryEdits), "Edits of the query."),
            Field(
                .path, .scalar(.fieldValue),
                "The path that is forwarded, in place of what the route makes: `/internal/{id}`."),
        ])

    static let responseTransformation = ObjectShape(
        "response_transformation", "Edits of a response.",
        bodyFields + [
            Field(
                .status, .oneOrList(.scalar(.statusRange)),
                "Only responses with these statuses: `404`, `200-299`, `5xx`.",
                default: "any"),
            Field(.setStatus, .integer(200...599), "The status that the client gets.", default: "the service's"),
            Field(.requireJson, .boolean, "Whether anything but JSON is answered 502.", default: "false"),
        ])

    static let headerEdits = ObjectShape(
        "header_edits", "Edits of header fields.",
        [
            Field(
                .set, .map(keys: .fieldName, values: .scalar(.fieldValue)),
                "Replaces or adds. `{id}` stands for a path parameter, `{header.x}` for a field of the message, `{query.x}`,"
                    + " `{claims.x}`, `{request.header.x}`, `{request.body.x}`, `{context.requestId}` and `{stage.x}` for what"
                    + " they say."),
            Field(.add, .map(keys: .fieldName, values: .scalar(.fieldValue)), "Adds beside what is there."),
            Field(.remove, .list(.fieldName), "Removes."),
            Field(.rename, .map(keys: .fieldName, values: .fieldName), "Renames."),
        ])

    static let queryEdits = ObjectShape(
        "query_edits", "Edits of the query.",
        [
            Field(.set, .map(keys: .name, values: .text), "Replaces or adds."),
            Field(.remove, .list(.scalar(.name)), "Removes."),
        ])
}
