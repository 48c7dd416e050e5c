internal import GatewayConfiguration
internal import GatewayEngine

/// What of the request and its response would be checked.
extension ExplainStory {
    func validation() -> [String] {
        guard let rules = explanation.validation else { return [] }
        var title = "checked"
        if case .operation(let name) = rules.source { title += " as the operation \"\(name)\"" }
        let mode = rules.reporting.isReportOnly ? "; what does not fit is only reported" : ""
        return ["  \(title)\(place(rules.location)): \(list(Self.checks(rules), "and"))\(mode)"]
    }

    static func checks(_ rules: ValidationConfiguration) -> [String] {
        var checks: [String] = []
        for place in ParameterConfiguration.Place.allCases {
            let names = rules.parameters.filter { $0.place == place }.map { $0.isRequired ? $0.name : $0.name + "?" }
            guard !names.isEmpty else { continue }
            let title =
                switch place {
                case .path: "the path's"
                case .query: "the query's"
                case .header: "the fields"
                case .cookie: "the cookies"
                }
            checks.append("\(title) \(names.joined(separator: ", "))")
        }
        if let body = rules.body { checks.append("the body (\(types(body.content)))") }
        for response in rules.responses where !response.content.isEmpty {
            let ranges = response.statuses.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
            let statuses = ranges.isEmpty ? "" : " with \(ranges.joined(separator: ", "))"
            checks.append("responses\(statuses) (\(types(response.content)))")
        }
        return checks.isEmpty ? ["nothing"] : checks
    }

    private static func types(_ content: [ValidationConfiguration.ContentRule]) -> String {
        content.map { $0.schema == nil ? $0.mediaType + ", not looked into" : $0.mediaType }.joined(separator: ", ")
    }
}
