/// The table behind `GatewayError`: what a client sees of each error.
///
/// One switch and not one per property, so that a line reads as the whole of an error. It compiles to constants: an
/// error answered ten thousand times a second under attack looks nothing up and allocates nothing.
extension GatewayError {
    struct Facts {
        var status: Int
        var code: StaticString
        var message: StaticString
        var proxyStatus: StaticString
        var closes: Bool

        init(
            _ status: Int, _ code: StaticString, _ message: StaticString, _ proxyStatus: StaticString,
            closes: Bool = false
        ) {
            self.status = status
            self.code = code
            self.message = message
            self.proxyStatus = proxyStatus
            self.closes = closes
        }
    }

    var facts: Facts {
        switch self {
        case .badRequest:
            Facts(
                400, "bad_request", "The request is malformed.",
                "error=http_request_error; details=\"bad_request\"", closes: true)
        case .uriTooLong:
            Facts(
                414, "uri_too_long", "The request line is too long.",
                "error=http_request_error; details=\"uri_too_long\"", closes: true)
        case .requestHeadersTooLarge:
            Facts(
                431, "request_headers_too_large", "The request's header fields are too large or too many.",
                "error=http_request_error; details=\"request_headers_too_large\"", closes: true)
        case .bodyTooLarge:
            // The rest of the body is not read, so the connection cannot carry another request.
            Facts(
                413, "body_too_large", "The request's body is larger than this route allows.",
                "error=http_request_denied; details=\"body_too_large\"", closes: true)
        case .requestTimeout:
            Facts(
                408, "request_timeout", "The request did not arrive in time.",
                "error=http_request_error; details=\"request_timeout\"", closes: true)
        case .expectationFailed:
            Facts(
                417, "expectation_failed", "The expectation in the request cannot be met.",
                "error=http_request_error; details=\"expectation_failed\"", closes: true)
        case .notImplemented:
            Facts(
                501, "not_implemented", "The request uses a transfer coding or feature that is not supported.",
                "error=http_request_error; details=\"not_implemented\"", closes: true)
        case .httpVersionNotSupported:
            Facts(
                505, "http_version_not_supported", "This version of HTTP is not supported.",
                "error=http_request_error; details=\"http_version_not_supported\"", closes: true)
        case .upgradeNotSupported:
            // What follows an upgrade request may be the other protocol already.
            Facts(
                501, "upgrade_not_supported", "Switching to another protocol is not supported here.",
                "error=http_upgrade_failed; details=\"upgrade_not_supported\"", closes: true)
        case .tlsRequired:
            Facts(
                400, "tls_required", "This port speaks TLS: ask for https instead of http.",
                "error=http_request_error; details=\"tls_required\"", closes: true)

        case .notFound:
            Facts(
                404, "not_found", "No route matches this request.",
                "error=destination_not_found; details=\"not_found\"")
        case .stageNotFound:
            Facts(
                404, "stage_not_found", "The path does not begin with a stage of this listener.",
                "error=destination_not_found; details=\"stage_not_found\"")
        case .methodNotAllowed:
            Facts(
                405, "method_not_allowed", "The method is not allowed for this resource.",
                "error=http_request_denied; details=\"method_not_allowed\"")
        case .pathRejected:
            Facts(
                400, "path_rejected", "The path holds a character or segment that is not accepted here.",
                "error=http_request_denied; details=\"path_rejected\"")
        case .serviceNotFound:
            Facts(
                404, "service_not_found", "The path names a service that does not exist.",
                "error=destination_not_found; details=\"service_not_found\"")

        case .unauthorized:
            Facts(
                401, "unauthorized", "This resource needs credentials.",
                "error=http_request_denied; details=\"unauthorized\"")
        case .invalidToken:
            Facts(
                401, "invalid_token", "The token is not valid.",
                "error=http_request_denied; details=\"invalid_token\"")
        case .insufficientScope:
            Facts(
                403, "insufficient_scope", "The token does not have the scope that this resource needs.",
                "error=http_request_denied; details=\"insufficient_scope\"")
        case .forbidden:
            Facts(
                403, "forbidden", "The caller may not do this.",
                "error=http_request_denied; details=\"forbidden\"")
        case .keysUnavailable:
            Facts(
                503, "keys_unavailable", "Tokens cannot be checked at the moment.",
                "error=destination_unavailable; details=\"keys_unavailable\"")
        case .invalidCredentials:
            Facts(
                401, "invalid_credentials", "The credentials are not valid.",
                "error=http_request_denied; details=\"invalid_credentials\"")
        case .authUnavailable:
            Facts(
                503, "auth_unavailable", "Credentials cannot be checked at the moment.",
                "error=destination_unavailable; details=\"auth_unavailable\"")
        case .addressDenied:
            Facts(
                403, "address_denied", "Requests from this address are not accepted here.",
                "error=http_request_denied; details=\"address_denied\"")
        case .concurrencyLimited:
            Facts(
                429, "concurrency_limit_exceeded", "Too many requests at once.",
                "error=http_request_denied; details=\"concurrency_limit_exceeded\"")
        case .rateLimited:
            // The answer also says after how many seconds.
            Facts(
                429, "rate_limit_exceeded", "Too many requests.",
                "error=http_request_denied; details=\"rate_limit_exceeded\"")
        case .requestBodyMalformed:
            Facts(
                400, "request_body_malformed", "The request's body is said to be JSON and is not.",
                "error=http_request_error; details=\"request_body_malformed\"")
        case .requestBodyEncoded:
            Facts(
                415, "request_body_encoded", "The request's body is compressed in a way that cannot be read here.",
                "error=http_request_error; details=\"request_body_encoded\"")
        case .requestBodyUndecodable:
            Facts(
                400, "request_body_undecodable", "The request's body is not what its Content-Encoding says.",
                "error=http_request_error; details=\"request_body_undecodable\"", closes: true)
        case .requestExpansionLimit:
            Facts(
                413, "request_expansion_limit", "The request's body expands to more than is accepted.",
                "error=http_request_denied; details=\"request_expansion_limit\"", closes: true)
        case .requestInvalid:
            // The answer also says what is wrong.
            Facts(
                400, "request_invalid", "The request does not fit what is accepted here.",
                "error=http_request_denied; details=\"request_invalid\"")
        case .unsupportedMediaType:
            Facts(
                415, "unsupported_media_type", "The request's body has a media type that is not accepted here.",
                "error=http_request_denied; details=\"unsupported_media_type\"")

        case .upstreamConnectFailed:
            Facts(
                502, "upstream_connect_failed", "No connection to the service could be made.",
                "error=destination_unavailable; details=\"upstream_connect_failed\"")
        case .upstreamConnectRefused:
            Facts(
                502, "upstream_connect_refused", "The service refused the connection.",
                "error=connection_refused; details=\"upstream_connect_refused\"")
        case .upstreamConnectTimeout:
            Facts(
                504, "upstream_connect_timeout", "Connecting to the service took too long.",
                "error=connection_timeout; details=\"upstream_connect_timeout\"")
        case .upstreamReset:
            Facts(
                502, "upstream_reset", "The service closed the connection before it answered.",
                "error=connection_terminated; details=\"upstream_reset\"")
        case .upstreamInvalidResponse:
            Facts(
                502, "upstream_invalid_response", "The service sent an invalid answer.",
                "error=http_protocol_error; details=\"upstream_invalid_response\"")
        case .upstreamHeadersTooLarge:
            Facts(
                502, "upstream_headers_too_large", "The service's header fields are too large or too many.",
                "error=http_response_header_section_size; details=\"upstream_headers_too_large\"")
        case .upstreamIncomplete:
            Facts(
                502, "upstream_incomplete", "The service's answer ended too early.",
                "error=http_response_incomplete; details=\"upstream_incomplete\"", closes: true)
        case .upstreamTimeout:
            Facts(
                504, "upstream_timeout", "The service did not answer in time.",
                "error=http_response_timeout; details=\"upstream_timeout\"")
        case .noEndpoint:
            Facts(
                503, "no_endpoint", "No endpoint of the service is available.",
                "error=destination_unavailable; details=\"no_endpoint\"")
        case .nameNotResolved:
            Facts(
                502, "name_not_resolved", "The service's name could not be resolved.",
                "error=dns_error; details=\"name_not_resolved\"")
        case .nameResolutionTimeout:
            Facts(
                504, "name_resolution_timeout", "Resolving the service's name took too long.",
                "error=dns_timeout; details=\"name_resolution_timeout\"")
        case .upstreamTLSFailed:
            Facts(
                502, "upstream_tls_failed", "No TLS connection to the service could be made.",
                "error=tls_protocol_error; details=\"upstream_tls_failed\"")
        case .upstreamCertificateInvalid:
            Facts(
                502, "upstream_certificate_invalid", "The service's certificate cannot be trusted.",
                "error=tls_certificate_error; details=\"upstream_certificate_invalid\"")
        case .partInputMissing:
            Facts(
                400, "part_input_missing", "The request lacks something that its answer depends on.",
                "error=http_request_error; details=\"part_input_missing\"")
        case .partFailed:
            Facts(
                502, "part_failed", "A service that this answer depends on has failed.",
                "error=http_request_error; details=\"part_failed\"")
        case .partTimeout:
            Facts(
                504, "part_timeout", "A service that this answer depends on did not answer in time.",
                "error=http_response_timeout; details=\"part_timeout\"")
        case .partStatus:
            Facts(
                502, "part_status", "A service that this answer depends on has answered with an error.",
                "error=http_request_error; details=\"part_status\"")
        case .partItemsExceeded:
            Facts(
                502, "part_items_exceeded", "There are more items to ask for than this route allows.",
                "error=http_request_error; details=\"part_items_exceeded\"")
        case .responseNotJSON:
            Facts(
                502, "response_not_json", "The service's answer is not JSON, which this route requires.",
                "error=http_protocol_error; details=\"response_not_json\"")
        case .responseMalformed:
            Facts(
                502, "response_malformed", "The service's answer is said to be JSON and is not.",
                "error=http_protocol_error; details=\"response_malformed\"")
        case .responseTooLarge:
            Facts(
                502, "response_too_large", "The service's answer is larger than may be held.",
                "error=http_response_body_size; details=\"response_too_large\"")
        case .responseInvalid:
            Facts(
                502, "response_invalid", "The service's answer does not fit what it may be.",
                "error=http_protocol_error; details=\"response_invalid\"")
        case .responseEncoded:
            Facts(
                502, "response_encoded", "The service's answer is compressed in a way that cannot be read here.",
                "error=http_response_content_coding; details=\"response_encoded\"")

        case .responseUndecodable:
            Facts(
                502, "response_undecodable", "The service's answer is not what its Content-Encoding says.",
                "error=http_response_content_coding; details=\"response_undecodable\"")
        case .responseExpansionLimit:
            Facts(
                502, "response_expansion_limit", "The service's answer expands to more than is accepted.",
                "error=http_response_body_size; details=\"response_expansion_limit\"")
        case .upstreamError:
            Facts(
                502, "upstream_error", "The service answered with an error.",
                "error=http_protocol_error; details=\"upstream_error\"")

        case .circuitOpen:
            Facts(
                503, "circuit_open", "The service is failing and is given a rest.",
                "error=destination_unavailable; details=\"circuit_open\"")
        case .pendingTimeout:
            Facts(
                503, "pending_timeout", "No connection to the service became free in time.",
                "error=connection_limit_reached; details=\"pending_timeout\"")

        case .overloaded:
            Facts(
                503, "overloaded", "The service has as many requests as it may have.",
                "error=connection_limit_reached; details=\"overloaded\"")
        case .connectionLimit:
            Facts(
                503, "connection_limit", "Too many connections are open.",
                "error=http_request_denied; details=\"connection_limit\"", closes: true)
        case .handlerFailed:
            Facts(
                500, "handler_failed", "The request could not be answered.",
                "error=proxy_internal_error; details=\"handler_failed\"")
        case .handlerTimeout:
            Facts(
                504, "handler_timeout", "The request could not be answered in time.",
                "error=proxy_internal_error; details=\"handler_timeout\"")
        case .handlerOverloaded:
            Facts(
                503, "handler_overloaded", "Too many requests are being worked on.",
                "error=connection_limit_reached; details=\"handler_overloaded\"")
        case .handlerRefused:
            // The answer has the status, the code and the sentence that the handler gave it.
            Facts(
                400, "handler_refused", "The request was refused.",
                "error=http_request_denied; details=\"handler_refused\"")
        case .policyFailed:
            Facts(
                500, "policy_failed", "The request could not be checked.",
                "error=proxy_internal_error; details=\"policy_failed\"")
        case .policyTimeout:
            Facts(
                504, "policy_timeout", "The request could not be checked in time.",
                "error=proxy_internal_error; details=\"policy_timeout\"")
        case .policyRefused:
            // As for handlers.
            Facts(
                403, "policy_refused", "The request was refused.",
                "error=http_request_denied; details=\"policy_refused\"")
        case .faultInjected:
            // The route names the status; this one stands where there is none.
            Facts(
                503, "fault_injected", "This failure is a rehearsal.",
                "error=http_request_denied; details=\"fault_injected\"")

        case .clientClosed:
            Facts(
                499, "client_closed", "The client closed the connection before the answer was complete.",
                "error=connection_terminated; details=\"client_closed\"", closes: true)
        case .sendTimeout:
            Facts(
                408, "send_timeout", "The client did not take the answer in time.",
                "error=connection_write_timeout; details=\"send_timeout\"", closes: true)
        case .streamIdleTimeout:
            Facts(
                504, "stream_idle_timeout", "Nothing moved in either direction for too long.",
                "error=connection_read_timeout; details=\"stream_idle_timeout\"", closes: true)
        }
    }
}
