/// Each shape in words, for diagnostics and the reference.
extension ScalarKind {
    var typeName: String {
        switch self {
        case .text, .fieldValue: "a string"
        case .name: "a name"
        case .boolean: "true or false"
        case .integer(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .duration: "a duration"
        case .size: "a size"
        case .share: "a share"
        case .word(let words): words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))"
        case .address: "an address"
        case .prefix: "an address block"
        case .endpointURL, .upstreamURL, .httpURL, .redisURL: "a URL"
        case .origin: "an origin"
        case .hostPattern, .host, .hostPolicy: "a host"
        case .method: "a method"
        case .fieldName: "a header name"
        case .token: "a token"
        case .stage: "a path segment"
        case .pathPattern, .routePath: "a path pattern"
        case .pathTemplate, .rewriteTarget, .partPath: "a path"
        case .regex: "a regular expression"
        case .mediaType: "a media type"
        case .limitKey, .hashKey: "a key"
        case .jsonPath: "a JSONPath"
        case .partName: "a name"
        case .partReference: "a reference"
        case .fieldSelector: "a member's name or JSONPath"
        case .retryCondition: "a condition"
        case .checkTarget: "a path"
        case .statusRange: "a status or a range of them"
        }
    }
}

extension Shape {
    var typeName: String {
        switch self {
        case .scalar(let kind): kind.typeName
        case .list(let element): "a list of \(element.plural)"
        case .oneOrList(let element): "\(element.typeName), or a list of them"
        case .map(_, let values): "a mapping to \(values.plural)"
        case .object: "a mapping"
        case .choice(let alternatives): alternatives.map(\.typeName).joined(separator: " or ")
        case .anything: "any value"
        }
    }

    /// "a URL" as "URLs"; what is a choice stays as it is.
    private var plural: String {
        switch typeName {
        case let name where name.hasPrefix("a ") && !name.contains(" or "): "\(name.dropFirst(2))s"
        case let name where name.hasPrefix("an ") && !name.contains(" or "): "\(name.dropFirst(3))s"
        case let name: name
        }
    }
}
