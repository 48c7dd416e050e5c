/// Where a connection leads.
package enum StreamTarget: Sendable, Hashable {
    case address(SocketAddress)
    /// A socket in the file system, by its path.
    case path(String)
}

extension StreamTarget: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .path(let path): "unix:\(path)"
        }
    }
}
