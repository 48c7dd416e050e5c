extension Vocabulary {
    private static let answers: [Key] = [.service, .upstream, .split, .respond, .redirect, .aggregate, .handler]

    static let route = ObjectShape(
        "route",
        "Which requests it takes, and who answers them: exactly one of "
            + "`service`, `upstream`, `split`, `respond`, `redirect`, `aggregate`, `handler`.",
        rules: [.exactlyOne(answers), .atMostOne([.stripPrefix, .rewrite, .rewritePrefix])],
        [
            Field(
                .name, .scalar(.name), "Its label in logs, metrics and `explain`. Unique.", default: "the path pattern"),
            Field(
                .path, .choice([.scalar(.routePath), .object(regexPath)]),
                "A path pattern, or `{ regex: … }` over the whole path.", required: true),
            Field(
                .hosts, .oneOrList(.scalar(.hostPattern)),
                "Hosts without port; `*.example.org` is one label or more.", default: "any"),
            Field(.methods, .oneOrList(.scalar(.method)), "Methods; GET takes HEAD too.", default: "ANY"),
            Field(
                .headers, .map(keys: .fieldName, values: headerMatch),
                "Header fields that must be there: an exact value, `{ regex }`, `{ present }` or `{ media_type }`."),
            Field(.query, .map(keys: .name, values: plainMatch), "Likewise for query parameters."),
            Field(.cookies, .map(keys: .token, values: plainMatch), "Likewise for cookies."),
            Field(.listeners, .oneOrList(.scalar(.name)), "Names of the listeners it belongs to.", default: "all"),
            Field(
                .service, .scalar(.name),
                "Answered by this service. `\"{name}\"` takes the name from the path, among the services listed, else 404."
            ),
            Field(
                .upstream, .scalar(.upstreamURL),
                "Answered by this URL. Without a path: the path as it is; with one: put in front; with a placeholder: the"
                    + " whole target."),
            Field(.split, .list(.object(splitSide)), "Answered by several services, by weight."),
            Field(.respond, .object(respond), "Answered by the gateway itself."),
            Field(.redirect, .object(redirect), "Answered by a redirect."),
            Field(.aggregate, .object(aggregate), "Answered by several calls in one."),
            Field(
                .handler, .scalar(.name),
                "Answered by Swift code of this name, in a program that is built with the Gatehouse library."),
            Field(
                .stripPrefix, .scalar(.pathTemplate), "Removes leading segments of the path; nothing left becomes `/`."),
            Field(.rewrite, .scalar(.rewriteTarget), "The whole path that is forwarded, as in `/v2/{path}`."),
            Field(
                .rewritePrefix, .scalar(.pathTemplate),
                "Replaces the part of the path before `**`, `*` or `{name+}`."),
            Field(
                .host, .scalar(.hostPolicy),
                "`Host` sent upstream: `target` (its own authority), `preserve` (the client's), or a literal.",
                default: "target"),
            Field(.limits, .object(routeLimits), "Where it differs from the general limits."),
            Field(.timeouts, .object(routeTimeouts), "Where it differs from the service's; `0s` switches one off."),
            Field(.paths, .object(pathPolicy), "Where it differs from the listener's.", default: "the listener's"),
            Field(
                .splitKey, .scalar(.hashKey),
                "What keeps a client on its side of the split. Requests without it are shared out one by one."),
            Field(
                .splitOverrides, .list(.object(splitOverride)),
                "Requests that go to one side whatever its weight; the first that fits."),
            Field(.canary, .object(canary), "Moves a split of two from one side to the other, and judges on the way."),
            Field(.mirror, .object(mirror), "Sends a copy to another service."),
            Field(.retries, .object(retries), "Further tries, instead of the service's.", default: "the service's"),
            Field(.hedge, .object(hedge), "Instead of the service's; `max: 0` for none.", default: "the service's"),
            Field(.fault, .object(fault), "Delays or aborts a share of the requests, to rehearse failure."),
            Field(
                .auth, .choice([.word("none"), .object(auth)]),
                "Who may ask on this route, in place of those parts on top; `none`: everybody."),
            Field(
                .rateLimiting, .oneOrList(.object(limit)),
                "How much, on this route, in place of the limits on top; of several all must admit."),
            Field(
                .transformations, .object(routeTransformation),
                "Reshapes what passes this route, in place of `transformations` by path."),
            Field(
                .validate, .object(routeValidation),
                "What requests and responses of this route must look like, in place of `validate` by path."),
            Field(.cors, .object(cors), "Cross-origin rules of this route, in place of those on top."),
            Field(.addresses, .object(addressList), "Whom its requests may come from, in place of the list on top."),
            Field(
                .policies, .oneOrList(.scalar(.name)),
                "Policies in Swift, of a program that is built with the Gatehouse library, in place of those on top;"
                    + " `[]`: none.", default: "those on top"),
            Field(
                .errors, .object(errors), "The form of this route's errors, in place of that on top.",
                default: "that on top"),
            Field(
                .compression, .object(compression), "Compression on this route, in place of that on top.",
                default: "that on top"),
            Field(.websocket, .boolean, "Whether connections may be upgraded to WebSocket.", default: "true"),
            Field(
                .grpcWeb, .boolean,
                "Whether calls of gRPC-Web, as browsers make them, are translated to gRPC and back.", default: "false"),
        ])

    static let regexPath = ObjectShape(
        "regex_path", "A regular expression (PCRE2) over the whole normalised path.",
        [
            Field(
                .regex, .scalar(.regex), "Named groups serve as parameters: `^/v(?<version>[0-9]+)/.*`.", required: true
            )
        ])

    private static let headerMatch = Shape.choice([.text, .object(fieldMatch)])
    private static let plainMatch = Shape.choice([.text, .object(parameterMatch)])

    static let fieldMatch = ObjectShape(
        "header_match", "A condition on a header field.", rules: [.exactlyOne([.regex, .present, .mediaType])],
        [
            Field(.regex, .scalar(.regex), "The whole value must match."),
            Field(.present, .boolean, "Whether the field must be there."),
            Field(
                .mediaType, .scalar(.mediaType),
                "One of the field's media types has this type and, when given, this parameter: `application/json;version=2`."
            ),
        ])

    static let parameterMatch = ObjectShape(
        "parameter_match", "A condition on a query parameter or cookie.", rules: [.exactlyOne([.regex, .present])],
        [
            Field(.regex, .scalar(.regex), "The whole value must match."),
            Field(.present, .boolean, "Whether it must be there."),
        ])

    static let respond = ObjectShape(
        "respond", "A fixed response.",
        [
            Field(.status, .integer(200...599), "The status.", default: "200"),
            Field(.headers, .map(keys: .fieldName, values: .scalar(.fieldValue)), "Header fields."),
            Field(.body, .text, "The body, as text.", default: "\"\""),
        ])

    static let redirect = ObjectShape(
        "redirect", "A redirect; what is left out stays as in the request.",
        rules: [.atLeastOne([.scheme, .host, .port, .path])],
        [
            Field(.status, .integer(301...308), "301, 302, 303, 307 or 308.", default: "302"),
            Field(.scheme, .word("http", "https"), "Another scheme."),
            Field(.host, .scalar(.host), "Another host."),
            Field(.port, .integer(1...65_535), "Another port."),
            Field(.path, .scalar(.pathTemplate), "Another path; placeholders as in `rewrite`."),
            Field(.keepQuery, .boolean, "Whether the query goes along.", default: "true"),
        ])

    static let routeLimits = ObjectShape(
        "route_limits", "Limits of one route.",
        [
            Field(
                .requestHead, .size(256...16 << 20),
                "Bytes of a request head; more is answered 431. The general limit holds before it."),
            Field(
                .requestLine, .size(16...16 << 20),
                "Bytes of the request line; more is answered 414. The general limit holds before it."),
            Field(.requestBody, .size(0...1 << 50), "Bytes of a request body; more is answered 413."),
            Field(
                .concurrency, .integer(1...1_000_000), "Requests at once per client address; more is answered 429."),
        ])

    static let routeTimeouts = ObjectShape(
        "route_timeouts", "Time limits of one route.",
        [
            Field(
                .request, .duration, "From the request's head to the final response's head.", default: "the service's"),
            Field(.streamIdle, .duration, "Without a byte after the response's head.", default: "the general one"),
            Field(.perTry, .duration, "For one try.", default: "the service's"),
        ])

    static let fault = ObjectShape(
        "fault", "Faults made on purpose.", rules: [.atLeastOne([.delay, .abort])],
        [
            Field(.delay, .scalar(.duration(off: false)), "Waits this long; with `abort`, before that."),
            Field(.abort, .integer(400...599), "Answers this status, as `fault_injected`."),
            Field(.share, .share, "For how many requests, exactly and spread evenly.", default: "100%"),
            Field(.header, .fieldName, "Only for requests with this header field."),
        ])
}
