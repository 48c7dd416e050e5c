internal import HTTPWire
internal import Reactor

/// How a call of gRPC ended, in gRPC's own numbers; those that the gateway itself has a use for.
enum GRPCStatus: UInt8, Sendable {
    case cancelled = 1
    case unknown = 2
    case deadlineExceeded = 4
    case permissionDenied = 7
    case resourceExhausted = 8
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case unauthenticated = 16

    /// The highest number that there is.
    static let last: UInt8 = 16

    /// What an error of the gateway is to a caller of gRPC, as its specification has it for statuses of HTTP. Finer where
    /// the gateway knows more: what ran out of time is `deadlineExceeded`, what is too large `resourceExhausted`.
    init(_ error: GatewayError) {
        switch error.status {
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404, 405, 501, 505: self = .unimplemented
        case 408, 504: self = .deadlineExceeded
        case 413, 414, 431: self = .resourceExhausted
        case 499: self = .cancelled
        case 429, 502, 503: self = .unavailable
        case 400, 417, 500: self = .internalError
        default: self = .unknown
        }
    }

    /// `grpc-status` and `grpc-message`. The message is one of ours: no byte of it has to be escaped but `%`, which none has.
    func write(to fields: HeaderBlock, message: StaticString, scratch: WireBuffer) {
        scratch.removeAll()
        scratch.append(decimal: Int(rawValue))
        let (status, text) = (Self.statusName, Self.messageName)
        fields.append(name: status.span, value: scratch.span)
        scratch.removeAll()
        scratch.append(message)
        fields.append(name: text.span, value: scratch.span)
    }

    /// What the fields say; nil when they say nothing. A number that there is not is `unknown`.
    static func number(in fields: HeaderBlock) -> UInt8? {
        let name = statusName
        let index = fields.firstIndex(named: name.span)
        guard index >= 0 else { return nil }
        let value = fields.value(index)
        var number = 0
        guard value.count == 1 || value.count == 2 else { return unknown.rawValue }
        for index in value.indices {
            guard value[index] >= 0x30 && value[index] <= 0x39 else { return unknown.rawValue }
            number = number * 10 + Int(value[index] - 0x30)
        }
        return number <= Int(last) ? UInt8(number) : unknown.rawValue
    }

    /// What a number is to those who judge endpoints by statuses of HTTP: breakers, ejection, canaries.
    static func httpStatus(_ number: UInt8) -> UInt16 {
        switch GRPCStatus(rawValue: number) {
        case .unavailable: 503
        case .deadlineExceeded: 504
        case .internalError, .unknown: 500
        // Data that was lost.
        case nil where number == 15: 500
        default: 200
        }
    }

    /// How long the server asks to wait before a further try, in nanoseconds; -1: it says nothing, never: there should be
    /// none.
    static func pushback(_ fields: HeaderBlock) -> Int64 {
        let name = pushbackName
        let index = fields.firstIndex(named: name.span)
        guard index >= 0 else { return -1 }
        let value = fields.value(index)
        guard !value.isEmpty, value.count <= 9 else { return Deadline.never }
        var number: Int64 = 0
        for index in value.indices {
            guard value[index] >= 0x30 && value[index] <= 0x39 else { return Deadline.never }
            number = number * 10 + Int64(value[index] - 0x30)
        }
        return number * 1_000_000
    }

    static let pushbackName = Array("grpc-retry-pushback-ms".utf8)
    private static let statusName = Array("grpc-status".utf8)
    private static let messageName = Array("grpc-message".utf8)
}
