internal import GatewayConfiguration
internal import GatewayEngine

/// Why a route lost, in a sentence.
struct RuleSentence {
    let explanation: RequestExplanation
    let method: String
    let snapshot: Snapshot

    func text(_ failure: RuleFailure, of route: RouteConfiguration) -> String {
        switch failure {
        case .path:
            return "its regular expression does not match the path"
        case .listener:
            return "it belongs to \(list(route.listeners.map { "\"\($0)\"" }, "or")) only"
        case .header(let index):
            let condition = route.headers[index]
            return sentence("header", condition, header(condition.name))
        case .query(let index):
            let condition = route.query[index]
            return sentence("query parameter", condition, parameter(condition.name))
        case .cookie(let index):
            let condition = route.cookies[index]
            return sentence("cookie", condition, cookie(condition.name))
        case .method:
            return "it takes \(list(route.methods, "and")), not \(method)"
        case .outranked(let step):
            let winner = explanation.route.map { "\"\(snapshot.configuration.routes[$0].name)\"" } ?? "another"
            return "it would take it too, but \(winner) comes first: \(Self.reason(step))"
        }
    }

    private static func reason(_ step: PrecedenceStep) -> String {
        switch step {
        case .host: "its host is more specific"
        case .path: "its path is more specific"
        case .method: "it names the method"
        case .headers: "it asks for more header fields"
        case .query: "it asks for more query parameters"
        case .cookies: "it asks for more cookies"
        case .order: "it stands earlier in the file"
        }
    }

    private func sentence(_ noun: String, _ match: FieldMatch, _ actual: String?) -> String {
        let found = actual.map { "which is \"\(LiveLog.printable($0))\"" } ?? "which is not there"
        switch match.condition {
        case .exact(let text): return "it asks for the \(noun) \(match.name) to be \"\(text)\", \(found)"
        case .regex(let text): return "it asks for the \(noun) \(match.name) to match \(text), \(found)"
        case .present(true): return "it asks for the \(noun) \(match.name), \(found)"
        case .present(false): return "it takes requests without the \(noun) \(match.name) only, \(found)"
        case .mediaType(let text):
            return "it asks for the \(noun) \(match.name) to name the media type \(text), \(found)"
        }
    }

    // MARK: What the request has

    private func header(_ name: String) -> String? {
        let values = explanation.fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// As it stands in the query, not decoded.
    private func parameter(_ name: String) -> String? {
        value(of: name, in: explanation.query ?? "", separator: "&")
    }

    private func cookie(_ name: String) -> String? {
        value(of: name, in: header("cookie") ?? "", separator: ";")
    }

    private func value(of name: String, in text: String, separator: Character) -> String? {
        for part in text.split(separator: separator) {
            let part = part.drop { $0 == " " }
            let end = part.firstIndex(of: "=") ?? part.endIndex
            if part[..<end] == name { return String(part[end...].dropFirst()) }
        }
        return nil
    }
}

/// `GET`, `GET and POST`, `GET, POST and PUT`.
func list(_ words: [String], _ conjunction: String) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}
