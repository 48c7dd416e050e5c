/// PROXY protocol headers that a listener's connections begin with.
package struct ProxyProtocolConfiguration: Sendable, Hashable {
    package enum Version: String, Sendable, CaseIterable { case v1, v2, any }

    /// What becomes of peers that are not trusted.
    package enum Others: String, Sendable, CaseIterable { case refuse, serve }

    package var version: Version = .any
    /// Who has to send the header; nil: `trusted_proxies`.
    package var trusted: [NetworkPrefix]?
    package var others: Others = .refuse
    /// For the whole header.
    package var timeout: Duration = .seconds(5)
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}
