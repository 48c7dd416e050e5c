internal import HTTPWire

/// How a call of gRPC ended, in gRPC's own numbers.
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

    /// What an error of the gateway is to a caller of gRPC. What may be well in a moment is `unavailable`, which clients
    /// try again; what is beyond a limit is `resourceExhausted`.
    init(_ error: GatewayError) {
        switch error.status {
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404, 405, 501, 505: self = .unimplemented
        case 408, 504: self = .deadlineExceeded
        case 413, 414, 429, 431: self = .resourceExhausted
        case 499: self = .cancelled
        case 502, 503: self = .unavailable
        case 400, 417, 500: self = .internalError
        default: self = .unknown
        }
    }

    /// `grpc-status` and `grpc-message`. The message is one of ours: no byte of it has to be escaped but `%`, which none has.
    func write(to fields: HeaderBlock, message: StaticString, scratch: WireBuffer) {
        scratch.removeAll()
        scratch.append(decimal: Int(rawValue))
        fields.append(name: Self.statusName.span, value: scratch.span)
        scratch.removeAll()
        scratch.append(message)
        fields.append(name: Self.messageName.span, value: scratch.span)
    }

    private static let statusName = Array("grpc-status".utf8)
    private static let messageName = Array("grpc-message".utf8)
}
