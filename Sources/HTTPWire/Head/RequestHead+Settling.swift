extension RequestHead {
    /// What can be said of a request only when its fields are known, all of them. The arena ends with the head here.
    func settle() throws(WireError) {
        try settleHost()
        if parts.path.isEmpty && parts.method != .connect {
            // RFC 9112 §3.2.1 and §3.2.4: an absolute form without a path means `/`, and for OPTIONS the server itself.
            parts.path =
                parts.method == .options && !parts.hasQuery ? fields.store("*") : fields.store("/")
        }
        parts.keepAlive = try fields.keepsAlive(minorVersion: parts.minorVersion)
        if fields.contains(.expect) && parts.minorVersion == 1 {
            parts.expectsContinue = fields.hasOption("100-continue", in: .expect)
        }
    }

    /// RFC 9112 §3.2: exactly one `Host`, valid, but that HTTP/1.0 may do without. The authority of an absolute form
    /// takes its place (§3.2.2), so that what is routed by and what is forwarded cannot differ.
    private func settleHost() throws(WireError) {
        let block = fields
        let index = block.firstIndex(of: .host)
        guard index >= 0 else {
            if parts.minorVersion == 1 { throw .missingHost }
            if !parts.authority.isEmpty && parts.method != .connect {
                block.append(.host, block.bytes(parts.authority))
            }
            return
        }
        if block.nextIndex(of: .host, after: index) >= 0 { throw .duplicateHost }
        guard Authority(block.value(index)) != nil else { throw .badHost }
        if parts.authority.isEmpty {
            parts.authority = block.field(index).value
        } else if !Text.equals(block.value(index), block.bytes(parts.authority)) && parts.method != .connect {
            block.setValue(at: index, to: parts.authority)
        }
    }
}

extension HeaderBlock {
    /// More options than there may be fields are an attack on the work of matching them with fields.
    static let mostConnectionOptions = 100

    /// RFC 9112 §9.3: HTTP/1.1 persists unless `close` is said, HTTP/1.0 only where `keep-alive` is. `close` wins.
    func keepsAlive(minorVersion: UInt8) throws(WireError) -> Bool {
        var saysClose = false
        var saysKeepAlive = false
        var options = 0
        var index = firstIndex(of: .connection)
        while index >= 0 {
            let list = value(index)
            var position = 0
            if Text.equals(list, "keep-alive") {
                // What browsers send is not worth the way through the list.
                saysKeepAlive = true
                options += 1
                position = list.count
            }
            while let option = Text.nextElement(of: list, from: &position) {
                options += 1
                if Text.equals(option, "close") { saysClose = true }
                if Text.equals(option, "keep-alive") { saysKeepAlive = true }
            }
            if options > Self.mostConnectionOptions { throw .tooManyOptions }
            index = nextIndex(of: .connection, after: index)
        }
        return !saysClose && (minorVersion == 1 || saysKeepAlive)
    }

    /// Whether the list in the fields of this name has the element, in any case.
    package func hasOption(_ lowercaseText: StaticString, in known: KnownField) -> Bool {
        var index = firstIndex(of: known)
        while index >= 0 {
            let list = value(index)
            var position = 0
            while let element = Text.nextElement(of: list, from: &position) {
                if Text.equals(element, lowercaseText) { return true }
            }
            index = nextIndex(of: known, after: index)
        }
        return false
    }
}
