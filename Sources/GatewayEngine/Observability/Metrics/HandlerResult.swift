/// What became of a request that Swift code was to answer. The raw value is the place of its counter.
enum HandlerResult: UInt8, CaseIterable {
    case answered
    /// The code refused it, with an error of its own.
    case refused
    case failed
    case timeout
    /// There were too many.
    case shed
    /// The client went away.
    case abandoned

    init(_ error: GatewayError?) {
        self =
            switch error {
            case nil: .answered
            case .handlerRefused: .refused
            case .handlerTimeout: .timeout
            case .handlerOverloaded: .shed
            case .clientClosed, .sendTimeout: .abandoned
            default: .failed
            }
    }

    var label: StaticString {
        switch self {
        case .answered: "answered"
        case .refused: "refused"
        case .failed: "failed"
        case .timeout: "timeout"
        case .shed: "shed"
        case .abandoned: "abandoned"
        }
    }
}
