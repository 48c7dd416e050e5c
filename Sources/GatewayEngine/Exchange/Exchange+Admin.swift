internal import HTTPWire

/// Requests of the admin listener.
extension Exchange {
    func answerAdmin() {
        let body = worker.bodyBuffer
        body.removeAll()
        let fields = request.fields
        switch worker.pages.write(fields.bytes(request.path), method: request.method, into: body) {
        case .notFound:
            refuse(.notFound)
        case .methodNotAllowed:
            worker.pathBuffer.removeAll()
            worker.pathBuffer.append("GET, HEAD")
            refuse(.methodNotAllowed, allow: true)
        case .found(let status, let contentType):
            response.removeAll()
            response.status = status
            response.fields.append(.contentType, contentType)
            response.fields.append(.cacheControl, "no-store")
            respond(body.span)
        }
    }
}
