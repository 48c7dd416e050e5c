internal import GatewayConfiguration
internal import HTTPWire
internal import Reactor

/// A call of the admin API that is under way on an exchange: while its body comes, or its answer is made elsewhere.
///
/// Exchanges are pooled. An answer that comes late is for this call and not for whatever the exchange does by then, so
/// the exchange knows its call, and the call its exchange.
///
/// Only touched on the loop of its worker; what crosses threads is the reference.
final class PendingAdminCall: @unchecked Sendable {
    let route: AdminRoute
    let parameters: [String]
    weak var exchange: Exchange?

    init(_ route: AdminRoute, _ parameters: [String], _ exchange: Exchange) {
        self.route = route
        self.parameters = parameters
        self.exchange = exchange
    }
}

/// Requests of the admin listener.
extension Exchange {
    /// 1. The two pages for probes are for everyone.
    /// 2. `AdminGate` decides who else may ask.
    /// 3. The API, or the page with the metrics.
    func answerAdmin() {
        let fields = request.fields
        let path = fields.bytes(request.path)
        if !AdminPages.isOpen(path), let refusal = AdminGate.refusal(request, snapshot.configuration.admin) {
            return answer(AdminAnswer(refusal))
        }
        if AdminRouter.isInside(path) { return findCall(path) }
        let body = worker.bodyBuffer
        body.removeAll()
        switch worker.pages.write(path, method: request.method, into: body) {
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

    // MARK: The API

    private func findCall(_ path: Span<UInt8>) {
        switch AdminAPI.router.find(request.method, path) {
        case .notFound:
            let document = "\(AdminRouter.prefix)/openapi.json"
            answer(AdminAnswer(AdminError(.notFound, "There is no such call; \(document) lists all of them.")))
        case .methodNotAllowed(let allow):
            var error = AdminError(.methodNotAllowed, "This path takes \(allow).")
            error.allow = allow
            answer(AdminAnswer(error))
        case .found(let route, let parameters):
            let call = PendingAdminCall(route, parameters, self)
            do throws(AdminError) {
                let hasBody = !framing.isEmpty
                try AdminBody.check(request, hasBody: hasBody)
                if !hasBody { return perform(call) }
                if case .length(let length) = framing, length > AdminBody.limit { return refuse(.bodyTooLarge) }
                readBody(of: call)
            } catch {
                answer(AdminAnswer(error))
            }
        }
    }

    /// Collects the body, where a body that may be sent again is collected too.
    private func readBody(of call: PendingAdminCall) {
        adminCall = call
        keepsBody = true
        keptLimit = AdminBody.limit
        bodyLimit = AdminBody.limit
        if request.expectsContinue {
            response.removeAll()
            response.status = 100
            downstream?.sendInformational(response)
        }
        downstream?.startBody()
    }

    /// The body is complete.
    func perform(_ call: PendingAdminCall) {
        let body = AdminBody(bytes: keptBody)
        let client = client?.address.description ?? ""
        do throws(AdminError) {
            switch try worker.pages.api.perform(call.route, call.parameters, body: body, client: client) {
            case .now(let answer):
                self.answer(answer)
            case .later(let start):
                adminCall = call
                start { [worker] answer in
                    worker.loop.execute { call.exchange?.adminAnswered(call, answer) }
                }
            }
        } catch {
            answer(AdminAnswer(error))
        }
    }

    private func adminAnswered(_ call: PendingAdminCall, _ answer: AdminAnswer) {
        // Else the caller has left, and this exchange serves another request.
        guard adminCall === call else { return }
        self.answer(answer)
    }

    private func answer(_ answer: AdminAnswer) {
        guard phase == .waiting else { return }
        leaveEndpoint()
        let body = worker.bodyBuffer
        body.removeAll()
        answer.write(into: body)
        response.removeAll()
        response.status = answer.status
        response.fields.append(.contentType, "application/json")
        response.fields.append(.cacheControl, "no-store")
        if answer.status == 401 { response.fields.append(.wwwAuthenticate, "Bearer realm=\"gatehouse\"") }
        if let allow = answer.allow {
            let list = worker.pathBuffer
            list.removeAll()
            list.append(allow)
            response.fields.append(.allow, list.span)
        }
        respond(body.span)
    }
}
