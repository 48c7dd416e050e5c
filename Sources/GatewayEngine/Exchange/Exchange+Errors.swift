internal import HTTPWire
internal import Reactor

/// Errors in the form that the configuration asks for, and services' errors that get it too.
extension Exchange {
    /// The form that holds for this request; nil: the gateway's own.
    var errorForm: CompiledErrors? {
        guard listener != ListenerBinding.adminIndex else { return nil }
        let place = routeIndex >= 0 ? snapshot.plans[routeIndex].errors : snapshot.generalErrors
        return place >= 0 ? snapshot.errorForms[Int(place)] : nil
    }

    /// The body of an error, if the configuration has one for it.
    func customBody(_ error: GatewayError, _ status: Int, _ message: StaticString?, _ form: CompiledErrors) -> [UInt8]?
    {
        if case .usual = form.body { return nil }
        let usual = worker.bodyBuffer
        usual.removeAll()
        if let refusal {
            ErrorBody.write(code: refusal.code, status, refusal.message, into: usual)
        } else if error == .rateLimited {
            ErrorBody.write(error, retryAfter: retryAfterSeconds, into: usual)
        } else {
            ErrorBody.write(error, status: status, message: message, into: usual)
        }
        let fields = request.fields
        let id = WireBuffer(capacity: 64)
        id.append(fields.bytes(record.requestID))
        return form.render(usual.bytes, status: status, requestID: id.bytes)
    }

    // MARK: Errors of services

    /// What is read of a body that is thrown away, so that its connection can be used again.
    private static let readLimit = 64 * 1024

    /// True: the service's answer is one that the configuration replaces; it is answered when its body has passed.
    func replacesUpstreamError(_ framing: BodyFraming) -> Bool {
        guard let form = errorForm, form.replaces(response.status) else { return false }
        isReplacing = true
        replacedBytes = 0
        // Nothing of the body, and nothing that was said of it, reaches the client.
        let fields = response.fields
        for name in Self.contentFields {
            let name = Array(name.utf8)
            fields.removeAll(named: name.span)
        }
        fields.remove(.date)
        return true
    }

    private static let contentFields = [
        "accept-ranges", "cache-control", "content-disposition", "content-digest", "content-encoding",
        "content-language", "content-length", "content-location", "content-md5", "content-range", "content-type",
        "digest", "etag", "expires", "last-modified", "repr-digest", "server", "trailer", "x-powered-by",
    ]

    /// A piece of the body that nobody gets.
    func dropReplaced(_ count: Int) {
        replacedBytes += count
        if replacedBytes > Self.readLimit { answerReplaced() }
    }

    func answerReplaced() {
        guard isReplacing, phase == .waiting else { return }
        let status = response.status
        let fields = response.fields
        leaveEndpoint()
        let format = ErrorBody.Format.negotiated(for: request.fields)
        let body = worker.bodyBuffer
        let custom = errorForm.flatMap { customBody(.upstreamError, status, nil, $0) }
        body.removeAll()
        if let custom, let form = errorForm {
            body.append(custom.span)
            let type = form.contentType
            fields.append(.contentType, type.span)
        } else {
            ErrorBody.write(.upstreamError, status: status, as: format, into: body)
            fields.append(.contentType, format.contentType)
        }
        let proxyStatus = worker.pathBuffer
        proxyStatus.removeAll()
        let name = snapshot.gatewayName
        proxyStatus.append(name.span)
        proxyStatus.append("; received-status=")
        proxyStatus.append(decimal: status)
        fields.append(.proxyStatus, proxyStatus.span)
        record.error = .upstreamError
        respond(body.span)
    }
}
