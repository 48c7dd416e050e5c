package import HTTPWire

/// What the router looks at: views into the head of one request, valid for one call.
package struct RouteInput: ~Escapable {
    /// The index of the listener that the request came by, in the order of the configuration.
    package let listener: Int
    package let method: Method
    /// The method's name; only read when `method` is `.other`.
    package let methodText: Span<UInt8>
    /// The authority as received: any case, with or without a port or a final dot.
    package let host: Span<UInt8>
    /// Normalised, the stage removed.
    package let path: Span<UInt8>
    /// Without `?`.
    package let query: Span<UInt8>
    package let fields: HeaderBlock

    @_lifetime(copy methodText, copy host, copy path, copy query)
    package init(
        listener: Int, method: Method, methodText: Span<UInt8>, host: Span<UInt8>, path: Span<UInt8>,
        query: Span<UInt8>, fields: HeaderBlock
    ) {
        self.listener = listener
        self.method = method
        self.methodText = methodText
        self.host = host
        self.path = path
        self.query = query
        self.fields = fields
    }
}

/// What the router found.
package enum MatchOutcome: Sendable, Hashable {
    /// The index in `RouteTable.routes`; the scratch holds the path parameters.
    case route(index: Int)
    case notFound
    /// Only the method was wrong; `RouteTable.allowedMethods(_:)` tells which are right.
    case methodNotAllowed
}
