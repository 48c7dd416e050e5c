/// Parameter mappings as AWS HTTP APIs write them: `overwrite:header.x-user: $context.authorizer.claims.sub`.
///
/// They become edits like those of `headers` and `query`, after these, in the order of the file; expressions become the
/// references of this file's own language. Nothing found: `append` adds nothing, `overwrite` removes.
extension ConfigurationDecoder {
    mutating func decodeParameters(_ id: NodeID, into request: inout RequestTransformationConfiguration) {
        for (key, value) in entries(id) {
            guard let (action, place, name) = parameterKey(key) else { continue }
            let edited = expression(value, of: .request)
            switch (action, place) {
            case ("overwrite", "path") where name.isEmpty:
                request.path = EditedText(edited, location: location(value))
            case (_, "header") where !name.isEmpty:
                checkField(name, at: key, of: .request, isTarget: action != "remove")
                if let change = headerChange(action, edited) {
                    request.headers.append(HeaderEdit(name, change, location: location(value)))
                }
            case (_, "querystring") where !name.isEmpty:
                let change: QueryEdit.Change =
                    action == "remove" ? .remove : action == "append" ? .add(edited) : .set(edited)
                request.query.append(QueryEdit(name, change, location: location(value)))
            default:
                badParameter(
                    key,
                    "write append, overwrite or remove with :header.NAME or :querystring.NAME, or overwrite:path")
            }
        }
    }

    mutating func decodeParameters(_ id: NodeID, into response: inout ResponseTransformationConfiguration) {
        for (key, value) in entries(id) {
            guard let (action, place, name) = parameterKey(key) else { continue }
            switch (action, place) {
            case ("overwrite", "statuscode") where name.isEmpty:
                response.newStatus = Int(text(value))
                checkNewStatus(value, response.newStatus)
            case (_, "header") where !name.isEmpty:
                checkField(name, at: key, of: .response, isTarget: action != "remove")
                if let change = headerChange(action, expression(value, of: .response)) {
                    response.headers.append(HeaderEdit(name, change, location: location(value)))
                }
            default:
                badParameter(key, "write append, overwrite or remove with :header.NAME, or overwrite:statuscode")
            }
        }
    }

    private func headerChange(_ action: String, _ text: String) -> HeaderEdit.Change? {
        switch action {
        case "append": .add(text)
        case "overwrite": .set(text)
        case "remove": .remove
        default: nil
        }
    }

    /// `append:header.x` in its three parts; nil, and reported, for what is none.
    private mutating func parameterKey(_ id: NodeID) -> (action: String, place: String, name: String)? {
        let halves = text(id).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, ["append", "overwrite", "remove"].contains(halves[0]) else {
            badParameter(id, "begin with append:, overwrite: or remove:")
            return nil
        }
        let parts = halves[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts[0] == "header", parts.count == 2, !Token.isToken(parts[1]) {
            badParameter(id, "write the name of a header field behind header.")
            return nil
        }
        return (halves[0], parts[0], parts.count == 2 ? parts[1] : "")
    }

    private mutating func badParameter(_ id: NodeID, _ fix: String) {
        findings.error(at: location(id), "parameters: \(quote(text(id))) is no mapping", fix: fix)
    }

    /// A status that has a body, as the response has one.
    mutating func checkNewStatus(_ id: NodeID, _ status: Int?) {
        guard let status, (200...599).contains(status), ![204, 205, 206, 304].contains(status) else {
            findings.error(
                at: location(id), "\(quote(text(id))) is no status that a response can be given",
                fix: "write a number from 200 to 599, but none of 204, 205, 206 and 304")
            return
        }
    }

    /// `$request.header.x` or `${request.header.x}` among other text, as `{request.header.x}`.
    private mutating func expression(_ id: NodeID, of message: EditedMessage) -> String {
        let source = text(id)
        guard source.contains("$") else { return source.replacing("{", with: "{{") }
        // A single variable may stand without braces; among other text it has them.
        if source.hasPrefix("$"), !source.hasPrefix("${") { return reference(String(source.dropFirst()), id, message) }
        var result = ""
        var rest = Substring(source)
        while let character = rest.popFirst() {
            if character == "$", rest.first == "{", let end = rest.firstIndex(of: "}") {
                result += reference(String(rest[rest.index(after: rest.startIndex)..<end]), id, message)
                rest = rest[rest.index(after: end)...]
            } else {
                result += character == "{" ? "{{" : String(character)
            }
        }
        return result
    }

    private mutating func reference(_ text: String, _ id: NodeID, _ message: EditedMessage) -> String {
        let forms = [
            ("request.header.", "request.header."), ("request.querystring.", "query."), ("request.path.", "path."),
            ("request.body.", "request.body."), ("response.header.", "response.header."),
            ("response.body.", "response.body."), ("context.authorizer.claims.", "claims."),
            ("context.authorizer.jwt.claims.", "claims."), ("context.", "context."), ("stageVariables.", "stage."),
        ]
        if text == "request.path" { return "{request.path}" }
        for (aws, own) in forms where text.hasPrefix(aws) && text.utf8.count > aws.utf8.count {
            if message == .request, aws.hasPrefix("response.") { break }
            return "{\(own)\(text.dropFirst(aws.count))}"
        }
        findings.error(
            at: location(id), "parameters: \(quote("$" + text)) is no variable here",
            fix: "write $\(message == .request ? "request" : "response").header.NAME, $request.path.NAME, "
                + "$context.NAME or $stageVariables.NAME")
        return ""
    }
}

/// The form of errors.
extension ConfigurationDecoder {
    mutating func decodeErrors(_ id: NodeID) -> ErrorsConfiguration {
        var errors = ErrorsConfiguration(location: location(id))
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .body: errors.body = .template(template(value))
            case .text:
                errors.body = .text(text(value))
                checkErrorText(value)
            case .contentType: errors.contentType = text(value)
            case .upstream: errors.upstream = values(value).compactMap { try? StatusRange.parse(text($0)) }
            default: break
            }
        }
        return errors
    }

    /// Only what is known stands in braces.
    private mutating func checkErrorText(_ id: NodeID) {
        var rest = Substring(text(id).replacing("{{", with: ""))
        while let start = rest.firstIndex(of: "{") {
            rest = rest[rest.index(after: start)...]
            let name = String(rest.prefix { $0 != "}" })
            guard !["status", "code", "message", "request_id"].contains(name) || name.count == rest.count else {
                continue
            }
            findings.error(
                at: location(id), "text: {\(name)} is no part of an error",
                fix: "write {status}, {code}, {message} or {request_id}, or {{ for a brace")
        }
    }
}
