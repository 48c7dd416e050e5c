package import GatewayEngine

/// Which Gatehouse this is.
package enum Release {
    package static let version = "0.1.0"

    /// The compiler's version, as far as the language can tell.
    package static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    package static var build: Metrics.Build { Metrics.Build(version: version, swiftVersion: swiftVersion) }
}
