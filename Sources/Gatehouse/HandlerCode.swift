internal import GatewayEngine

/// Swift code as the engine calls it: values instead of errors, and nothing of an error but what a client may know.
enum HandlerCode {
    static func made(
        of body: @escaping @Sendable (Request, RequestContext) async throws -> Response, _ coding: JSONCoding
    ) -> ProgramTable.Handler {
        { call in
            do {
                let request = Request(call.request, decoder: coding.decoder)
                return .answer(try await body(request, RequestContext(call, coding: coding)).answer)
            } catch let refusal as Refusal {
                return .refuse(refusal.refusal)
            } catch {
                return .failed(failure(error, .handlerFailed))
            }
        }
    }

    /// - Parameter usual: what it is when the error says nothing better.
    static func failure(_ error: any Error, _ usual: GatewayError) -> ProgramFailure {
        if let error = error as? ServiceError {
            let known = error.gatewayError
            return ProgramFailure(known == .handlerFailed ? usual : known, error.description)
        }
        return ProgramFailure(usual, "\(String(reflecting: type(of: error))): \(error)")
    }
}

enum PolicyCode {
    static func made(of policy: some Policy, _ coding: JSONCoding) -> ProgramPolicy {
        ProgramPolicy(
            request: { call in
                var request = PolicyRequest(Request(call.request, decoder: coding.decoder))
                do {
                    switch try await policy.request(&request, RequestContext(call, coding: coding)) {
                    case .next: return .pass(request.headers.edits)
                    case .refuse(let refusal): return .refuse(refusal.refusal)
                    case .answer(let response): return .answer(response.answer)
                    }
                } catch let refusal as Refusal {
                    return .refuse(refusal.refusal)
                } catch {
                    return .failed(HandlerCode.failure(error, .policyFailed))
                }
            },
            response: { request, status, fields in
                var response = PolicyResponse(status: status, headers: EditedHeaders(Headers(fields)))
                policy.response(&response, to: Request(request, decoder: coding.decoder))
                return response.headers.edits
            },
            timeout: policy.timeout)
    }
}
