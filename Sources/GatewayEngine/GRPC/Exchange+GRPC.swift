internal import HTTPWire
internal import Reactor

/// Calls of gRPC: requests like others, but for how their end is told and how their time is limited.
///
/// 1. `begin` sees by the media type that it is one.
/// 2. `grpc-timeout` bounds the whole call, to its last message; the endpoint is told what is left of it.
/// 3. The gateway's own refusals are an answer without messages: status 200, and `grpc-status` where fields stand.
/// 4. A call that breaks off after its head ends with `grpc-status` as trailers, where the client's protocol has them.
extension Exchange {
    /// `application/grpc`, alone or with what follows `+` or `;`. `application/grpc-web` is something else.
    func noteCall() {
        let fields = request.fields
        let index = fields.firstIndex(of: .contentType)
        isCall = index >= 0 && Self.namesGRPC(fields.value(index))
    }

    static func namesGRPC(_ value: Span<UInt8>) -> Bool {
        let name: StaticString = "application/grpc"
        guard value.count >= name.utf8CodeUnitCount else { return false }
        for index in 0..<name.utf8CodeUnitCount {
            let byte = value[index]
            // Within the text, which is constant data of the program.
            let wanted = unsafe name.utf8Start[index]
            if byte != wanted && !(byte >= 0x41 && byte <= 0x5A && byte | 0x20 == wanted) { return false }
        }
        guard value.count > name.utf8CodeUnitCount else { return true }
        let next = value[name.utf8CodeUnitCount]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == UInt8(ascii: " ")
    }

    /// Takes the caller's own limit into account.
    func boundCall() {
        callDeadline = Deadline.never
        let fields = request.fields
        let name = GRPCTimeout.name
        let index = fields.firstIndex(named: name.span)
        guard isCall, index >= 0, let limit = GRPCTimeout.nanoseconds(fields.value(index)) else { return }
        let (due, isTooLarge) = startedAt.addingReportingOverflow(limit)
        callDeadline = isTooLarge ? Deadline.never : due
        requestDeadline = min(requestDeadline, callDeadline)
    }

    /// Tells the endpoint how much of the caller's time is left.
    func passCallLimit() {
        guard callDeadline < Deadline.never else { return }
        let fields = request.fields
        let name = GRPCTimeout.name
        fields.removeAll(named: name.span, foldingUnderscores: true)
        let value = worker.pathBuffer
        value.removeAll()
        GRPCTimeout.write(callDeadline - worker.loop.now, into: value)
        fields.append(name: name.span, value: value.span)
    }

    /// The gateway's refusal in the words of gRPC. `response` gets the fields that other refusals have, too.
    func refuseCall(_ error: GatewayError, message: StaticString?) {
        response.removeAll()
        response.status = 200
        let fields = response.fields
        fields.append(.contentType, "application/grpc")
        GRPCStatus(error).write(to: fields, message: message ?? error.message, scratch: worker.pathBuffer)
        let proxyStatus = worker.pathBuffer
        proxyStatus.removeAll()
        let name = snapshot.gatewayName
        ErrorBody.writeProxyStatus(error, gateway: name.span, into: proxyStatus)
        fields.append(.proxyStatus, proxyStatus.span)
        respond(Span())
    }

    /// Ends a call whose head was sent with the error as its status. False: nothing but a reset can tell.
    func endCall(_ downstream: DownstreamStream?) -> Bool {
        guard isCall, let downstream, downstream.version == .http2, hasResponseTrailers, reshaping == nil,
            let error = record.error
        else { return false }
        let trailers = responseTrailers
        trailers.removeAll()
        GRPCStatus(error).write(to: trailers, message: error.message, scratch: worker.pathBuffer)
        downstream.sendEnd(trailers: trailers)
        finish()
        return true
    }
}
