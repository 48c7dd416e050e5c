internal import GatewayConfiguration
internal import GatewayEngine

/// What a route makes of calls of gRPC and gRPC-Web, in words and by media type.
extension ExplainStory {
    /// nil: the request is no call, and its route does nothing about calls.
    var callSentence: String? {
        switch explanation.call {
        case .plain:
            return "a call of gRPC, which passes as it comes"
        case .webUntouched:
            return "a call of gRPC-Web, which passes as it comes: the route has no `grpc_web: true`"
        case .webTranslated(let requestIsText, let answerIsText):
            let request = requestIsText ? ", its body decoded from base64" : ""
            let answer = answerIsText ? Self.webText : Self.web
            return "a call of gRPC-Web becomes one of gRPC\(request); its answer goes back as \(answer)"
        case nil where route?.grpcWeb == true:
            return "calls of gRPC-Web would become calls of gRPC, which pass as they come"
        case nil:
            return nil
        }
    }

    /// Of the request, and of the answer as its client gets it; nil: the request is no call.
    var callTypes: (request: String, answer: String?)? {
        switch explanation.call {
        case .plain: return (Self.plain, Self.plain)
        // Whoever answers decides that.
        case .webUntouched: return (header("content-type") ?? Self.web, nil)
        case .webTranslated(let requestIsText, let answerIsText):
            return (requestIsText ? Self.webText : Self.web, answerIsText ? Self.webText : Self.web)
        case nil: return nil
        }
    }

    private func header(_ name: String) -> String? {
        explanation.fields.first { $0.name.lowercased() == name }?.value
    }

    private static let plain = "application/grpc"
    private static let web = "application/grpc-web"
    private static let webText = "application/grpc-web-text"
}
