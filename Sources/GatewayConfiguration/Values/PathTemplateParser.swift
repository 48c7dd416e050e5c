/// Reads a template: literal text and `{name}` placeholders, as in `/users/{id}/orders`.
extension PathTemplate {
    /// - Parameter isPath: it must begin with `/` and hold only what a path may; the text is normalised.
    static func parse(_ text: String, isPath: Bool = true) throws(Problem) -> PathTemplate {
        if isPath {
            guard text.utf8.first == UInt8(ascii: "/") else {
                throw Problem("is a path without a leading /", fix: "begin the path with /", suggestion: "/" + text)
            }
        }
        var parts: [Part] = []
        var rest = text[...]
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != "{" && $0 != "}" }
            if !literal.isEmpty {
                let normal = isPath ? try PathText.normalise(literal) : String(literal)
                parts.append(.literal(normal))
                rest = rest[literal.endIndex...]
                continue
            }
            guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
                throw Problem("has a brace without its partner", fix: "write placeholders as {name}")
            }
            var name = rest[rest.index(after: rest.startIndex)..<end]
            // `{proxy+}` is how the pattern spells it: taken here too, since both mean the same value.
            if name.hasSuffix("+") { name = name.dropLast() }
            guard PathText.isParameterName(name) else {
                throw Problem(
                    "has a placeholder that is not a name", part: String(rest[...end]),
                    fix: "write placeholders as {name}")
            }
            parts.append(.parameter(String(name)))
            rest = rest[rest.index(after: end)...]
        }
        if isPath { try refuseDotSegments(parts) }
        return PathTemplate(parts: parts)
    }

    /// A path template with a query of its own after `?`, which takes no placeholders.
    static func parseWithQuery(_ text: String) throws(Problem) -> (PathTemplate, String?) {
        let path = text.prefix { $0 != "?" }
        let template = try parse(String(path))
        guard path.endIndex < text.endIndex else { return (template, nil) }
        let query = String(text[text.index(after: path.endIndex)...])
        try checkQuery(query)
        return (template, query)
    }

    /// A placeholder in a query would need another encoding than one in a path, and its name could be mistaken for a
    /// parameter of the client's: it is refused until there is a rule for it.
    static func checkQuery(_ query: String) throws(Problem) {
        if query.contains("{") || query.contains("}") {
            throw Problem("has a placeholder in its query", fix: "placeholders may stand in the path only")
        }
        guard query.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
            throw Problem("has a character in its query that must be percent-encoded", fix: "write a space as %20")
        }
    }

    private static func refuseDotSegments(_ parts: [Part]) throws(Problem) {
        // A placeholder is never part of a dot segment: its value is checked when it is put in.
        let shape = parts.map { part in
            switch part {
            case .literal(let text): text
            case .parameter: "{}"
            }
        }.joined()
        for segment in shape.split(separator: "/") where segment == "." || segment == ".." {
            throw Problem("has a dot segment", part: String(segment), fix: "write the path without it")
        }
    }

    var parameterNames: [String] {
        parts.compactMap { part in
            if case .parameter(let name) = part { name } else { nil }
        }
    }
}

extension UpstreamTarget {
    /// `http://users-service:3001`, `http://orders.internal/{proxy}`, `https://host/base?key=value`.
    static func parse(_ text: String) throws(Problem) -> UpstreamTarget {
        let url = try HTTPURL.parse(text)
        let path = url.path.isEmpty ? PathTemplate(parts: []) : try PathTemplate.parse(url.path)
        if let query = url.query { try PathTemplate.checkQuery(query) }
        return UpstreamTarget(
            endpoint: EndpointConfiguration(host: url.host, port: url.port, tls: url.tls), path: path, query: url.query)
    }
}
