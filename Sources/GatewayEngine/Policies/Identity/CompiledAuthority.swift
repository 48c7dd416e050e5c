internal import GatewayConfiguration
internal import HTTPWire
internal import Identity

/// `introspection`, compiled: who is asked about tokens, and what is asked of the answer.
final class CompiledIntrospection: Sendable {
    let authority: CallerAuthority
    let rules: IntrospectionRules
    let timeout: Int64

    /// Bytes of an answer.
    static let longestAnswer = 64 * 1024

    /// nil where nobody is named, which loading has reported.
    init?(_ configuration: AuthConfiguration, registry: IdentityRegistry) {
        guard let authority = configuration.authority else { return nil }
        self.authority = registry.authority(
            CallerAuthority.Identity(
                configuration: authority, cacheTime: configuration.cacheTime ?? AuthConfiguration.defaultCacheTime))
        timeout = (configuration.timeout ?? AuthConfiguration.defaultTimeout).nanoseconds
        var rules = IntrospectionRules()
        rules.issuer = configuration.issuer.map { Array($0.utf8) }
        rules.audiences = (configuration.audiences ?? []).map { Array($0.utf8) }
        rules.skew = (configuration.clockSkew ?? AuthConfiguration.defaultSkew).components.seconds
        rules.headerClaims = (configuration.claimsToHeaders ?? AuthConfiguration.defaultHeaders)
            .map { ClaimPath($0.claim) }
        self.rules = rules
    }
}

/// `forward`, compiled: who is asked about requests, what it is told, and what services are told of its answer.
final class CompiledForward: Sendable {
    struct Name: Sendable {
        let written: [UInt8]
        let lower: [UInt8]

        init(_ text: String) {
            written = Array(text.utf8)
            lower = Bytes.lowercased(text)
        }
    }

    let authority: CallerAuthority
    let timeout: Int64
    let requestFields: [Name]
    let responseFields: [Name]
    /// The field of the answer that says who asks.
    let subject: Name?
    let letsPassOnFailure: Bool

    init?(_ configuration: AuthConfiguration, registry: IdentityRegistry) {
        guard let authority = configuration.authority else { return nil }
        // Nothing is remembered of it.
        self.authority = registry.authority(CallerAuthority.Identity(configuration: authority, cacheTime: .zero))
        timeout = (configuration.timeout ?? AuthConfiguration.defaultTimeout).nanoseconds
        requestFields = (configuration.forwardHeaders ?? AuthConfiguration.defaultForwardHeaders).map(Name.init)
        responseFields = (configuration.responseHeaders ?? []).map(Name.init)
        subject = configuration.subjectHeader.map(Name.init)
        letsPassOnFailure = configuration.letsPassOnFailure ?? false
    }
}
