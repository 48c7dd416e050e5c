internal import GatewayConfiguration
package import HTTPWire

/// Writes the `Location` of a redirect.
///
/// - Nothing but a path asked for: a path on the same host. One that begins with two slashes would name another host to a
///   browser, so it gets `/.` in front, which leads to the very same path (RFC 3986 §4.2, §5.2.4); without that,
///   `/{path+}` would be an open redirect.
/// - Else an absolute URL: what is not given comes from the request, but a port only when neither scheme nor host
///   changes, since a new scheme or host brings its own default.
package enum LocationBuilder {
    /// - Parameters:
    ///   - publicPath: normalised, with the stage: what a redirect without a path of its own leads to.
    ///   - path: the path that was matched, the stage removed.
    ///   - scheme, authority: of the request, as the client sees it.
    ///   - buffer: takes the location; none of the spans may lie in it.
    package static func build(
        _ route: CompiledRoute, _ redirect: CompiledRedirect, scheme: StaticString, authority: Span<UInt8>,
        publicPath: Span<UInt8>, path: Span<UInt8>, query: Span<UInt8>, hasQuery: Bool, scratch: MatchScratch,
        into buffer: WireBuffer
    ) -> TargetOutcome {
        let start = buffer.count
        if redirect.isAbsolute, !appendOrigin(redirect, scheme: scheme, authority: authority, into: buffer) {
            buffer.truncate(to: start)
            return .failed(.missingHost)
        }
        let pathStart = buffer.count
        if !redirect.isAbsolute { buffer.append("/.") }
        let plan = route.target
        if case .none = plan.edit {
            buffer.append(publicPath)
        } else if TargetBuilder.appendPath(plan, path: path, scratch: scratch, into: buffer) < 0 {
            buffer.truncate(to: start)
            return .failed(.dotSegment)
        }
        let keepsQuery = redirect.configuration.keepQuery && hasQuery
        let own = plan.query
        if keepsQuery || !own.isEmpty {
            let kept = keepsQuery ? query : query.extracting(0..<0)
            TargetBuilder.appendQuery(own: own.span, query: kept, hasQuery: keepsQuery, into: buffer)
        }
        var range = TargetBuilder.range(from: start, in: buffer)
        if !redirect.isAbsolute, !beginsWithTwoSlashes(buffer, at: pathStart + 2) {
            // The usual case: the `/.` is not needed, and is left out of the range.
            range = TargetBuilder.range(from: pathStart + 2, in: buffer)
        }
        return .built(range, removedPrefix: 0)
    }

    /// Begins the buffer with `https://` and the host that the client asked for; false when it named none.
    ///
    /// A client that named no port came by the usual one and goes to the usual one; who named one has nothing in between
    /// that maps ports, and goes to the port of the listener that speaks TLS.
    static func httpsOrigin(_ authority: Span<UInt8>, port: UInt16, into buffer: WireBuffer) -> Bool {
        let end = hostEnd(authority)
        guard end > 0 else { return false }
        buffer.removeAll()
        buffer.append("https://")
        buffer.append(authority.extracting(0..<end))
        if end < authority.count && port != 443 {
            buffer.append(byte: UInt8(ascii: ":"))
            buffer.append(decimal: Int(port))
        }
        return true
    }

    private static func beginsWithTwoSlashes(_ buffer: WireBuffer, at start: Int) -> Bool {
        let bytes = buffer.span
        // Browsers take a backslash for a slash here.
        return bytes.count > start + 1
            && (bytes[start + 1] == UInt8(ascii: "/") || bytes[start + 1] == UInt8(ascii: "\\"))
    }

    /// `https://www.example.org:8443`; false when the host is needed and unknown.
    private static func appendOrigin(
        _ redirect: CompiledRedirect, scheme: StaticString, authority: Span<UInt8>, into buffer: WireBuffer
    ) -> Bool {
        let ownScheme = redirect.scheme
        let ownHost = redirect.host
        if ownScheme.isEmpty { buffer.append(scheme) } else { buffer.append(ownScheme.span) }
        buffer.append("://")
        let hostEnd = hostEnd(authority)
        if ownHost.isEmpty {
            guard hostEnd > 0 else { return false }
            buffer.append(authority.extracting(0..<hostEnd))
        } else {
            buffer.append(ownHost.span)
        }
        if let port = redirect.configuration.port {
            let isDefault = isHTTPS(redirect, scheme) ? port == 443 : port == 80
            if !isDefault {
                buffer.append(byte: UInt8(ascii: ":"))
                buffer.append(decimal: Int(port))
            }
        }
        return true
    }

    private static func isHTTPS(_ redirect: CompiledRedirect, _ scheme: StaticString) -> Bool {
        redirect.scheme.isEmpty ? scheme.utf8CodeUnitCount == 5 : redirect.scheme.count == 5
    }

    /// Where the host ends and `:port` begins.
    private static func hostEnd(_ authority: Span<UInt8>) -> Int {
        var index = authority.count
        while index > 0 {
            index -= 1
            if authority[index] == UInt8(ascii: "]") { break }
            if authority[index] == UInt8(ascii: ":") { return index }
        }
        return authority.count
    }
}
