/// `cors`: which pages of other origins may ask, and what they may see.
package struct CORSConfiguration: Sendable, Hashable {
    /// In lower case, without the scheme's own port: `https://app.example.com`, `https://*.example.com`, `*`, `null`.
    package var origins: [String] = []
    /// nil: those of the route.
    package var methods: [String]?
    package var headers: [String] = []
    package var expose: [String] = []
    package var credentials = false
    package var maxAge: Duration?
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}

/// `addresses`: whom requests may come from. Nothing in `allow`: anyone who is not denied.
package struct AddressListConfiguration: Sendable, Hashable {
    package var allow: [NetworkPrefix] = []
    package var deny: [NetworkPrefix] = []
    @NotCompared package var location: SourceLocation = .none

    package init() {}
}
