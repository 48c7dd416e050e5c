internal import GatewayConfiguration
internal import HTTPWire
package import Identity
internal import Reactor

/// A field of a message, as Swift code sees it.
package struct ProgramField: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What a policy in Swift does to a head.
package enum ProgramEdit: Sendable, Hashable {
    /// In place of all of that name.
    case set(ProgramField)
    case add(ProgramField)
    case remove(String)
}

/// A request, copied out of the exchange: plain values that outlive it and may go to any thread.
package struct ProgramRequest: Sendable {
    package var method = ""
    /// In normal form, the stage removed: what was matched.
    package var path = ""
    /// As the client sent it, without `?`.
    package var query = ""
    package var host = ""
    package var isTLS = false
    /// Without those that concern the connection, and with those that the policies before have set.
    package var fields: [ProgramField] = []
    /// Of the route's path, decoded, in its order.
    package var parameters: [ProgramField] = []
    /// All of it. Empty for policies, which come before it is read.
    package var body: [UInt8] = []
    package var route = ""
    package var requestID = ""
    /// `traceparent`; empty: none.
    package var trace = ""
    package var client = ""
    /// Who asks, by the credentials that were verified; nil: nobody that is known.
    package var token: VerifiedToken?
    /// The caller's name in the configuration.
    package var consumer: String?
    /// When it must have been answered; nil: no limit.
    package var deadline: ContinuousClock.Instant?
}

extension Exchange {
    /// Copies the request, with the route's match as it was kept.
    func programRequest(body: [UInt8]) -> ProgramRequest {
        let (head, fields) = (request, request.fields)
        var copy = ProgramRequest()
        copy.method = fields.bytes(head.methodText).text
        copy.path = matchedPath().text
        if head.hasQuery { copy.query = fields.bytes(receivedQuery ?? head.query).text }
        copy.host = fields.bytes(originalAuthority).text
        copy.isTLS = record.tls != nil || client?.cameByTLS == true
        copy.fields.reserveCapacity(fields.liveCount)
        for index in 0..<fields.count where !fields.field(index).isRemoved {
            copy.fields.append(ProgramField(fields.name(index).text, fields.value(index).text))
        }
        let route = snapshot.routes.routes[routeIndex]
        let path = matchedPath()
        for (name, range) in zip(route.parameterNames, keptMatch) {
            let value = PartEncoding.decoded(path.extracting(Int(range.start)..<range.end))
            copy.parameters.append(ProgramField(name, String(decoding: value, as: UTF8.self)))
        }
        copy.body = body
        copy.route = route.name
        copy.requestID = fields.bytes(record.requestID).text
        let trace = fields.firstIndex(of: .traceparent)
        if trace >= 0 { copy.trace = fields.value(trace).text }
        copy.client = SocketAddress(mapped: record.clientHigh, record.clientLow, port: record.clientPort).host
        copy.token = identity
        let consumers = snapshot.configuration.consumers
        if consumer >= 0, Int(consumer) < consumers.count { copy.consumer = consumers[Int(consumer)].name }
        if requestDeadline < Deadline.never {
            copy.deadline = .now + .nanoseconds(max(0, requestDeadline - worker.loop.now))
        }
        return copy
    }
}
