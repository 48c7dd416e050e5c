internal import HTTPWire

/// What of a request a split looks at. Lives as long as the choice.
struct SplitRequest: ~Escapable {
    let fields: HeaderBlock
    let query: Span<UInt8>
    /// As it is matched: in normal form, the stage removed.
    let path: Span<UInt8>
    /// The client, found by the rules of trusted proxies.
    let clientHigh: UInt64
    let clientLow: UInt64
    let caller: KnownCaller

    @_lifetime(copy query, copy path)
    init(
        fields: HeaderBlock, query: Span<UInt8>, path: Span<UInt8>, clientHigh: UInt64, clientLow: UInt64,
        caller: KnownCaller = KnownCaller()
    ) {
        self.fields = fields
        self.query = query
        self.path = path
        self.clientHigh = clientHigh
        self.clientLow = clientLow
        self.caller = caller
    }
}
