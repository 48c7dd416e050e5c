/// Why the store of limits could not decide, or a connection to it was given up: a fixed list, fit for labels of metrics
/// and for logs.
enum StoreFailure: UInt8, Error, CaseIterable, Sendable {
    /// The server's name has no address.
    case nameNotResolved
    case connect
    case tls
    /// Password or user are wrong, or the user may not do what is needed.
    case authentication
    /// No answer in time.
    case timeout
    /// The server ended the connection.
    case closed
    /// What came is no answer to what was asked.
    case protocolError
    /// A replica, or a server that has become one: another one is to be asked.
    case readOnly
    /// The server is reading its data from disk.
    case loading
    case outOfMemory
    /// Any other refusal.
    case refused
    /// The cluster does not know, or does not agree, who answers for a key; or the server is in none.
    case cluster
    /// As many requests wait for answers as may.
    case overloaded

    static let count = allCases.count

    var label: StaticString {
        switch self {
        case .nameNotResolved: "name_not_resolved"
        case .connect: "connect"
        case .tls: "tls"
        case .authentication: "authentication"
        case .timeout: "timeout"
        case .closed: "closed"
        case .protocolError: "protocol"
        case .readOnly: "read_only"
        case .loading: "loading"
        case .outOfMemory: "out_of_memory"
        case .refused: "refused"
        case .cluster: "cluster"
        case .overloaded: "overloaded"
        }
    }
}
