/// Edits of header fields and of the query, and what may not be edited.
extension ConfigurationDecoder {
    enum EditedMessage: String { case request, response }

    /// In the order in which they are done: renames, removals, then what is set and added.
    mutating func decodeHeaderEdits(_ id: NodeID, of message: EditedMessage) -> [HeaderEdit] {
        var renamed: [HeaderEdit] = []
        var removed: [HeaderEdit] = []
        var set: [HeaderEdit] = []
        var added: [HeaderEdit] = []
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .rename:
                for (name, new) in entries(value) {
                    checkField(name, of: message, isTarget: false)
                    checkField(new, of: message, isTarget: true)
                    renamed.append(HeaderEdit(text(name), .rename(text(new)), location: location(name)))
                }
            case .remove:
                for name in values(value) {
                    checkField(name, of: message, isTarget: false)
                    removed.append(HeaderEdit(text(name), .remove, location: location(name)))
                }
            case .set:
                for (name, value) in entries(value) {
                    checkField(name, of: message, isTarget: true)
                    set.append(HeaderEdit(text(name), .set(text(value)), location: location(value)))
                }
            case .add:
                for (name, value) in entries(value) {
                    checkField(name, of: message, isTarget: true)
                    added.append(HeaderEdit(text(name), .add(text(value)), location: location(value)))
                }
            default: break
            }
        }
        return renamed + removed + set + added
    }

    mutating func decodeQueryEdits(_ id: NodeID) -> [QueryEdit] {
        var edits: [QueryEdit] = []
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .remove:
                edits += values(value).map { QueryEdit(text($0), .remove, location: location($0)) }
            case .set:
                edits += entries(value).map {
                    QueryEdit(text($0.key), .set(text($0.value)), location: location($0.value))
                }
            default: break
            }
        }
        return edits
    }

    /// What decides where a message ends, who its client is, and what the gateway says itself, is not for edits.
    mutating func checkField(_ id: NodeID, of message: EditedMessage, isTarget: Bool) {
        checkField(text(id), at: id, of: message, isTarget: isTarget)
    }

    mutating func checkField(_ field: String, at id: NodeID, of message: EditedMessage, isTarget: Bool) {
        let name = field.lowercased()
        let problem: (String, String)? =
            if Self.framing.contains(name) {
                ("belongs to the connection or the framing", "leave it to the gateway")
            } else if message == .response {
                nil
            } else if name == "host" {
                ("decides where the request goes", "use the route's \"host\"")
            } else if Self.ownFields.contains(name) {
                ("is set by the gateway itself", "leave it to the gateway")
            } else if isTarget, identityFields.contains(IdentityName.folded(name)) {
                ("says who the caller is, which only authentication does", "use another name")
            } else {
                nil
            }
        guard let (reason, fix) = problem else { return }
        findings.error(at: location(id), "headers: \(quote(field)) \(reason)", fix: fix)
    }

    private static let framing: Set<String> = [
        "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy", "proxy-authenticate",
        "proxy-authentication-info", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]

    private static let ownFields: Set<String> = [
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
        "x-forwarded-proto", "x-real-ip", "x-request-id",
    ]
}
