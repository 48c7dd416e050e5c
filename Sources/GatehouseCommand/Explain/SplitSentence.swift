internal import GatewayConfiguration
internal import GatewayEngine

/// What decides between the sides of a split, in words.
extension ExplainStory {
    var splitSentence: String? {
        guard let decision = explanation.split, let route, case .split(let split) = route.answer else { return nil }
        let key = decision.key ?? ""
        switch decision.cause {
        case .override(let index):
            return "The split's override by \(Self.text(split.overrides[index])) decides."
        case .key: return "The split's key, \(key), decides (by the weights of the file)."
        case .client: return "The split's key is the client's address: each client stays on one side."
        case .turn where decision.key != nil: return "The split's key, \(key), is missing: such requests take turns."
        case .turn: return nil
        }
    }

    private static func text(_ override: SplitOverride) -> String {
        let name =
            switch override.source {
            case .header(let name): "header \(name)"
            case .cookie(let name): "cookie \(name)"
            case .query(let name): "query parameter \(name)"
            }
        return override.value.map { "\(name)=\($0)" } ?? name
    }
}
