/// Who may ask by origin and by address.
extension ConfigurationDecoder {
    mutating func decodeCORS(_ id: NodeID) -> CORSConfiguration {
        checkCORS(id)
        var cors = CORSConfiguration()
        cors.location = location(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .origins: cors.origins = values(value).map { Self.origin(text($0)) }
            case .methods:
                let methods = values(value).map(text)
                // Any method: as with none listed on a route that takes any.
                cors.methods = methods.contains("ANY") ? [] : methods
            case .headers: cors.headers = values(value).map(text)
            case .expose: cors.expose = values(value).map(text)
            case .credentials: assign(value, to: &cors.credentials)
            case .maxAge: assign(value, to: &cors.maxAge)
            default: break
            }
        }
        return cors
    }

    /// As browsers write origins (RFC 6454 §6.2): lower case, no port where it is the scheme's own.
    private static func origin(_ text: String) -> String {
        let text = text.lowercased()
        if text.hasPrefix("https://"), text.hasSuffix(":443") { return String(text.dropLast(4)) }
        if text.hasPrefix("http://"), text.hasSuffix(":80") { return String(text.dropLast(3)) }
        return text
    }

    func decodeAddresses(_ id: NodeID) -> AddressListConfiguration {
        var list = AddressListConfiguration()
        list.location = location(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .allow: list.allow = decodePrefixes(value)
            case .deny: list.deny = decodePrefixes(value)
            default: break
            }
        }
        return list
    }
}
