package import GatewayConfiguration
package import GatewayEngine

extension Gateway {
    /// Why a gateway could not be made or started.
    public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The configuration was refused, for all of these reasons.
        case configuration([Finding])
        /// It was accepted, but cannot be carried out here: an address is taken, a file cannot be written. One line.
        case start(String)

        init(_ error: StartError) {
            switch error {
            case .routes(let diagnostics): self = .configuration(diagnostics.map(Finding.init))
            case .badAddress, .bind, .accessLog, .keys, .noThread: self = .start(error.description)
            }
        }

        public var description: String {
            switch self {
            case .configuration(let findings): findings.map(\.description).joined(separator: "\n")
            case .start(let reason): reason
            }
        }
    }

    /// Something that is wrong with a configuration: where, what, and how to mend it.
    public struct Finding: Sendable, Hashable, CustomStringConvertible {
        /// The file as it was named.
        public let file: String
        /// Counted from 1; 0: the file as a whole.
        public let line: Int
        /// Counted from 1, in characters.
        public let column: Int
        /// A sentence that names the offending value.
        public let message: String
        /// What to write instead, when it is known.
        public let fix: String?
        /// `gateway.yaml:3:5: error: unknown key "servce"; did you mean "service"?`
        public let description: String

        package init(_ diagnostic: Diagnostic) {
            file = diagnostic.location.file
            line = diagnostic.location.line
            column = diagnostic.location.column
            message = diagnostic.message
            fix = diagnostic.fix
            description = diagnostic.description
        }
    }

    /// Where a gateway listens.
    public struct Address: Sendable, Hashable {
        /// The listener's name; `admin` for the admin listener.
        public let listener: String
        /// As in a URL: `127.0.0.1:8080`, `[::1]:8080`.
        public let address: String
        /// Of the address; the one that was chosen, where 0 was asked for.
        public let port: UInt16
        /// Whether it is the admin listener: `/metrics`, `/livez`, `/readyz`.
        public let isAdmin: Bool
        /// Whether clients speak TLS there (https).
        public let isTLS: Bool

        package init(_ bound: GatewayServer.Bound) {
            listener = bound.listener
            address = bound.address
            port = bound.port
            isAdmin = bound.isAdmin
            isTLS = bound.isTLS
        }
    }
}
