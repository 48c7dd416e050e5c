internal import CSystem
package import GatewayConfiguration

/// Why a gateway could not start: one clear line each.
package enum StartError: Error, Sendable, CustomStringConvertible {
    case badAddress(listener: String, address: String)
    case bind(listener: String, address: String, code: Int32)
    case accessLog(path: String, code: Int32)
    case routes([Diagnostic])
    /// Keys that `require_keys` asks for did not come.
    case keys(issuer: String, reason: String)
    case noThread

    package var description: String {
        switch self {
        case .badAddress(let listener, let address):
            "listener \"\(listener)\": \(address) is not an IP address and port, such as 0.0.0.0:8080"
        case .bind(let listener, let address, let code):
            "listener \"\(listener)\": cannot listen on \(address): \(StartError.reason(code, address))"
        case .accessLog(let path, let code):
            "access_log: cannot write to \(path): \(StartError.text(code))"
        case .routes(let diagnostics):
            diagnostics.map(\.description).joined(separator: "\n")
        case .keys(let issuer, let reason):
            "auth: the keys of \(issuer) cannot be had (\(reason)), and require_keys is set"
        case .noThread:
            "the system has no thread left for a worker"
        }
    }

    private static func reason(_ code: Int32, _ address: String) -> String {
        switch code {
        case EADDRINUSE: "the port is taken by another program; stop it, or choose another port"
        case EACCES: "no permission; ports below 1024 need CAP_NET_BIND_SERVICE or root"
        case EADDRNOTAVAIL: "this machine has no such address"
        default: text(code)
        }
    }

    private static func text(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        // A constant of the system, ended by a null.
        return unsafe String(cString: text)
    }
}
