/// Which keywords mean something in a schema.
package struct SchemaDialect: Sendable, Hashable {
    struct Vocabularies: OptionSet, Sendable, Hashable {
        let rawValue: UInt8
        static let applicator = Vocabularies(rawValue: 1)
        static let unevaluated = Vocabularies(rawValue: 2)
        static let validation = Vocabularies(rawValue: 4)
        static let formatAssertion = Vocabularies(rawValue: 8)
    }

    var vocabularies: Vocabularies
    /// OpenAPI 3.0's own: `nullable`, `exclusiveMinimum: true`, nothing beside `$ref`.
    var isOpenAPI30 = false

    /// JSON Schema 2020-12, which is that of OpenAPI 3.1 too.
    package static let draft2020 = SchemaDialect(vocabularies: [.applicator, .unevaluated, .validation])
    package static let openAPI30 = SchemaDialect(vocabularies: [.applicator, .validation], isOpenAPI30: true)

    static let uri = "https://json-schema.org/draft/2020-12/schema"
    private static let vocabularyPrefix = "https://json-schema.org/draft/2020-12/vocab/"

    /// Adds what a metaschema's `$vocabulary` names; false: it is not known here.
    mutating func add(vocabulary uri: String) -> Bool {
        guard uri.hasPrefix(Self.vocabularyPrefix) else { return false }
        switch uri.dropFirst(Self.vocabularyPrefix.count) {
        case "core", "meta-data", "format-annotation", "content": break
        case "applicator": vocabularies.insert(.applicator)
        case "unevaluated": vocabularies.insert(.unevaluated)
        case "validation": vocabularies.insert(.validation)
        case "format-assertion": vocabularies.insert(.formatAssertion)
        default: return false
        }
        return true
    }

    /// What an older draft calls itself, for the message that refuses it.
    static func oldDraft(_ uri: String) -> String? {
        for (part, name) in [
            ("draft-03/", "draft 3"), ("draft-04/", "draft 4"), ("draft-06/", "draft 6"), ("draft-07/", "draft 7"),
            ("draft/2019-09/", "draft 2019-09"),
        ] where uri.contains("json-schema.org/" + part) {
            return name
        }
        return nil
    }
}

/// Where a schema is used: OpenAPI 3.0 does not ask for members that only the other side sends.
package enum SchemaUse: UInt8, Sendable, Hashable {
    case any, request, response
}

/// What is wrong with a schema, and where.
package struct SchemaProblem: Error, Sendable, Hashable {
    package var uri: String
    /// Into the document of that URI.
    package var pointer: String
    package var message: String
    package var fix: String?
}
