/// Writes the vocabulary as a JSON Schema (draft 2020-12), for editors: completion, pop-ups and red lines while typing.
///
/// It says what a value's shape and, by patterns, its spelling must be. It is a little more lenient than `check`, which
/// also knows the file as a whole; it never refuses what `check` accepts, as a test on all golden files holds.
package enum JSONSchemaWriter {
    package static func write() -> String {
        var definitions = Definitions()
        let root = definitions.schema(of: Vocabulary.root)
        var members: [(String, JSONText)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("Gatehouse configuration")),
        ]
        if case .object(let rootMembers) = root { members += rootMembers }
        members.append(("$defs", .object(definitions.named.sorted { $0.0 < $1.0 })))
        return JSONText.object(members).write() + "\n"
    }
}

/// Objects by name, each written once however often it is referred to.
private struct Definitions {
    var named: [(String, JSONText)] = []
    private var known: Set<String> = []

    /// Closed: an editor marks an unknown key as `check` refuses it. The description carries default and state, as editors
    /// show nothing else.
    mutating func schema(of object: ObjectShape) -> JSONText {
        var properties: [(String, JSONText)] = []
        for field in object.fields {
            var summary = field.summary
            if let value = field.defaultValue { summary += " Default: \(value)." }
            var members: [(String, JSONText)] = [("description", .string(summary))]
            // `$ref` may stand beside other keywords since draft 2019-09.
            members += schema(of: field.shape)
            properties.append((field.key.rawValue, .object(members)))
        }
        var members: [(String, JSONText)] = [
            ("description", .string(object.summary)), ("type", .string("object")),
            ("properties", .object(properties)), ("additionalProperties", .boolean(false)),
        ]
        let required = object.fields.filter(\.isRequired).map { JSONText.string($0.key.rawValue) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        let rules = object.rules.map(schema(of:))
        if !rules.isEmpty { members.append(("allOf", .array(rules))) }
        return .object(members)
    }

    /// `atMostOne` has no keyword of its own: exactly one of them, or none.
    private func schema(of rule: ObjectShape.Rule) -> JSONText {
        let present = rule.keys.map { JSONText.object([("required", .array([.string($0.rawValue)]))]) }
        switch rule {
        case .exactlyOne: return .object([("oneOf", .array(present))])
        case .atLeastOne: return .object([("anyOf", .array(present))])
        case .atMostOne:
            let none = JSONText.object([("not", .object([("anyOf", .array(present))]))])
            return .object([("oneOf", .array(present + [none]))])
        }
    }

    private mutating func schema(of shape: Shape) -> [(String, JSONText)] {
        switch shape {
        case .anything: return []
        case .scalar(let kind): return kind.schema
        case .list(let element): return [("type", .string("array")), ("items", .object(schema(of: element)))]
        case .oneOrList(let element):
            let single = JSONText.object(schema(of: element))
            let several = JSONText.object([("type", .string("array")), ("items", single)])
            return [("anyOf", .array([single, several]))]
        case .map(_, let values):
            return [("type", .string("object")), ("additionalProperties", .object(schema(of: values)))]
        case .choice(let alternatives):
            return [("anyOf", .array(alternatives.map { .object(schema(of: $0)) }))]
        case .object(let object):
            if known.insert(object.name).inserted { named.append((object.name, schema(of: object))) }
            return [("$ref", .string("#/$defs/\(object.name)"))]
        }
    }
}

extension ScalarKind {
    /// Any string may hold a `${…}` reference, so a pattern always lets one through; numbers and booleans may come from
    /// one as well.
    fileprivate var schema: [(String, JSONText)] {
        switch self {
        case .boolean: return [("type", .array([.string("boolean"), .string("string")])), pattern("")]
        case .integer(let range):
            return [
                ("type", .array([.string("integer"), .string("string")])), ("minimum", .number(range.lowerBound)),
                ("maximum", .number(range.upperBound)), pattern(""),
            ]
        case .number(let range):
            return [
                ("type", .array([.string("number"), .string("string")])), ("minimum", .decimal(range.lowerBound)),
                ("maximum", .decimal(range.upperBound)), pattern(""),
            ]
        case .size:
            return [
                ("type", .array([.string("integer"), .string("string")])), ("minimum", .number(0)),
                pattern("^[0-9]+(B|[kKmMgG]|[KMG]iB|[kKMG]B)?$"),
            ]
        case .share:
            return [
                ("type", .array([.string("number"), .string("string")])), ("minimum", .number(0)),
                ("maximum", .number(1)), pattern("^[0-9.]+%?$"),
            ]
        case .word(let words):
            let values = words.map { JSONText.string($0) }
            let enumeration = JSONText.object([("enum", .array(values))])
            if words.contains("null") {
                return [("anyOf", .array([enumeration, .object([("type", .string("null"))]), reference]))]
            }
            return [("anyOf", .array([enumeration, reference]))]
        case .statusRange:
            return [
                ("type", .array([.string("integer"), .string("string")])), ("minimum", .number(100)),
                ("maximum", .number(599)), pattern("^[1-5]([0-9]{2}(-[1-5][0-9]{2})?|xx)$"),
            ]
        case .retryCondition: return [("type", .array([.string("string"), .string("integer")]))]
        case .duration: return string("^([0-9]+(ms|s|m|h|d))+$")
        case .address: return string("^(\\[[0-9a-fA-F:.]+\\]|[^:]*):[0-9]{1,5}$")
        case .endpointURL: return string("^([hH][tT][tT][pP][sS]?://|unix:[/@])")
        case .upstreamURL, .httpURL: return string("^[hH][tT][tT][pP][sS]?://")
        case .redisURL: return string("^rediss?://")
        case .pathPattern, .routePath, .pathTemplate, .rewriteTarget, .partPath, .checkTarget: return string("^/")
        case .name, .regex: return string(".")
        case .method: return string("^[^a-z ]+$")
        case .fieldName, .token: return string("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
        case .jsonPath: return string("^\\$")
        case .partName: return string("^[A-Za-z][A-Za-z0-9_-]*$")
        case .partReference: return string("^\\$[A-Za-z]")
        case .text, .fieldValue, .prefix, .origin, .hostPattern, .host, .hostPolicy, .stage, .mediaType, .limitKey,
            .hashKey, .fieldSelector:
            return [("type", .string("string"))]
        }
    }

    private func string(_ expression: String) -> [(String, JSONText)] {
        [("type", .string("string")), pattern(expression)]
    }

    private func pattern(_ expression: String) -> (String, JSONText) {
        ("pattern", .string(expression.isEmpty ? "\\$\\{" : "\\$\\{|\(expression)"))
    }

    private var reference: JSONText { .object([("type", .string("string")), pattern("")]) }
}
