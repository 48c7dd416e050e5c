internal import GatewayConfiguration
internal import HTTPWire

/// What is tried again, as the data plane asks it: bit sets and numbers, no reference in it, so that reading it costs
/// a copy of a few words.
struct CompiledRetries: Sendable {
    /// Further tries after the first; 0: none.
    let attempts: Int
    /// Bytes of a request's body that are kept for a retry.
    let maxBody: Int
    /// In ten-thousandths of the service's active requests.
    let budgetShare: Int
    let backoff: Backoff
    private let conditions: UInt16
    /// By the raw value of the method.
    private let methods: UInt16
    /// From 400 to 599, one bit each.
    private let statuses: InlineArray<4, UInt64>

    init(_ configuration: RetriesConfiguration) {
        attempts = configuration.attempts
        maxBody = configuration.maxBody
        budgetShare = Int((configuration.budget * 10_000).rounded())
        backoff = Backoff(
            base: configuration.backoffBase.nanoseconds, cap: configuration.backoffMax.nanoseconds)
        conditions = configuration.conditions.reduce(0) { $0 | Self.bit($1) }
        if let listed = configuration.methods {
            methods = listed.reduce(0) { bits, name in
                let bytes = Array(name.utf8)
                return bits | 1 << UInt16(Method.lookup(bytes.span).rawValue)
            }
        } else {
            methods = .max
        }
        var statuses = InlineArray<4, UInt64>(repeating: 0)
        for status in configuration.statuses where (400..<656).contains(status) {
            statuses[(status - 400) / 64] |= 1 << UInt64((status - 400) % 64)
        }
        self.statuses = statuses
    }

    private static func bit(_ condition: RetriesConfiguration.Condition) -> UInt16 {
        switch condition {
        case .connectFailure: 1
        case .refusedStream: 2
        case .reset: 4
        case .timeout: 8
        case .gatewayError: 16
        case .serverError: 32
        case .callCancelled: 64
        case .callDeadlineExceeded: 128
        case .callResourceExhausted: 256
        case .callInternal: 512
        case .callUnavailable: 1_024
        }
    }

    /// Whether this is one of the reasons that `retry_on` names.
    func names(_ cause: TryFailure) -> Bool {
        switch cause {
        case .connectFailure: conditions & Self.bit(.connectFailure) != 0
        case .refusedStream: conditions & Self.bit(.refusedStream) != 0
        case .reset: conditions & Self.bit(.reset) != 0
        case .timeout: conditions & Self.bit(.timeout) != 0
        case .status(let status): names(status: status)
        case .call(let status):
            switch GRPCStatus(rawValue: status) {
            case .cancelled: conditions & Self.bit(.callCancelled) != 0
            case .deadlineExceeded: conditions & Self.bit(.callDeadlineExceeded) != 0
            case .resourceExhausted: conditions & Self.bit(.callResourceExhausted) != 0
            case .internalError: conditions & Self.bit(.callInternal) != 0
            case .unavailable: conditions & Self.bit(.callUnavailable) != 0
            case .unknown, .permissionDenied, .unimplemented, .unauthenticated, nil: false
            }
        }
    }

    func names(status: Int) -> Bool {
        if status >= 500 && conditions & Self.bit(.serverError) != 0 { return true }
        if (502...504).contains(status) && conditions & Self.bit(.gatewayError) != 0 { return true }
        guard status >= 400 && status < 656 else { return false }
        return statuses[(status - 400) / 64] & 1 << UInt64((status - 400) % 64) != 0
    }

    func allows(_ method: Method) -> Bool { methods & 1 << UInt16(method.rawValue) != 0 }

    /// Some way in which calls of gRPC end is named.
    var namesCalls: Bool { attempts > 0 && maxBody > 0 && conditions & ~63 != 0 }

    /// Whether a body that begins to arrive is worth keeping: whether any retry could come of it once bytes were sent.
    func keepsBody(of method: Method, hasIdempotencyKey: Bool) -> Bool {
        attempts > 0 && maxBody > 0 && allows(method) && (method.isIdempotent || hasIdempotencyKey)
    }
}

/// How one try failed, as far as retries tell failures apart.
enum TryFailure: Equatable {
    /// No connection: nothing was sent.
    case connectFailure
    /// The endpoint promises that it has done nothing with the request.
    case refusedStream
    /// The connection ended before the response's head was complete, or what came was no response.
    case reset
    /// The limit of one try has passed.
    case timeout
    /// A response, not passed on yet.
    case status(Int)
    /// A call of gRPC ended by this status before any message came.
    case call(UInt8)

    /// Whether the endpoint cannot have acted on the request, so that even a POST may go out again.
    var didNothing: Bool {
        switch self {
        case .connectFailure, .refusedStream: true
        case .reset, .timeout, .status, .call: false
        }
    }

    /// Whether naming it is the promise that repeating does no harm: whoever runs a service of gRPC knows what its calls
    /// do, and their method says nothing.
    var isPromised: Bool {
        if case .call = self { true } else { false }
    }
}
