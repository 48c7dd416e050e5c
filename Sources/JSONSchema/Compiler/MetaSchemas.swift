internal import JSONStream

/// The metaschemas of 2020-12 (core §8.1, validation §4), so that schemas can refer to them: the rules that schemas
/// themselves follow, without the words.
enum MetaSchemas {
    static func document(_ uri: String) -> JSONDocument? {
        guard uri.hasPrefix(base), let body = bodies[String(uri.dropFirst(base.count))] else { return nil }
        let text = """
            {"$schema":"\(SchemaDialect.uri)","$id":"\(uri)","$dynamicAnchor":"meta",\
            "type":["object","boolean"],\(body)}
            """
        return try? JSONDocument(Array(text.utf8))
    }

    private static let base = "https://json-schema.org/draft/2020-12/"
    private static let meta = ##"{"$dynamicRef":"#meta"}"##
    private static let each = ##"{"type":"object","additionalProperties":{"$dynamicRef":"#meta"}}"##

    private static func vocabulary(_ names: String...) -> String {
        let members = names.map { "\"\(base)vocab/\($0)\":true" }
        return "\"$vocabulary\":{\(members.joined(separator: ","))},"
    }

    private static let bodies: [String: String] = [
        "schema": vocabulary(
            "core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content")
                + #"""
                "allOf":[{"$ref":"meta/core"},{"$ref":"meta/applicator"},{"$ref":"meta/unevaluated"},
                {"$ref":"meta/validation"},{"$ref":"meta/meta-data"},{"$ref":"meta/format-annotation"},
                {"$ref":"meta/content"}],
                "properties":{"definitions":\#(each),"dependencies":{"type":"object","additionalProperties":
                {"anyOf":[\#(meta),{"$ref":"meta/validation#/$defs/stringArray"}]}},
                "$recursiveAnchor":{"$ref":"meta/core#/$defs/anchorString"},
                "$recursiveRef":{"$ref":"meta/core#/$defs/uriReferenceString"}}
                """#,
        "meta/core": vocabulary("core")
            + #"""
            "properties":{"$id":{"$ref":"#/$defs/uriReferenceString","pattern":"^[^#]*#?$"},
            "$schema":{"$ref":"#/$defs/uriString"},"$ref":{"$ref":"#/$defs/uriReferenceString"},
            "$anchor":{"$ref":"#/$defs/anchorString"},"$dynamicRef":{"$ref":"#/$defs/uriReferenceString"},
            "$dynamicAnchor":{"$ref":"#/$defs/anchorString"},
            "$vocabulary":{"type":"object","propertyNames":{"$ref":"#/$defs/uriString"},
            "additionalProperties":{"type":"boolean"}},"$comment":{"type":"string"},"$defs":\#(each)},
            "$defs":{"anchorString":{"type":"string","pattern":"^[A-Za-z_][-A-Za-z0-9._]*$"},
            "uriString":{"type":"string","format":"uri"},
            "uriReferenceString":{"type":"string","format":"uri-reference"}}
            """#,
        "meta/applicator": vocabulary("applicator")
            + #"""
            "properties":{"prefixItems":{"$ref":"#/$defs/schemaArray"},"items":\#(meta),"contains":\#(meta),
            "additionalProperties":\#(meta),"properties":\#(each),
            "patternProperties":{"type":"object","additionalProperties":\#(meta),"propertyNames":{"format":"regex"}},
            "dependentSchemas":\#(each),"propertyNames":\#(meta),"if":\#(meta),"then":\#(meta),"else":\#(meta),
            "allOf":{"$ref":"#/$defs/schemaArray"},"anyOf":{"$ref":"#/$defs/schemaArray"},
            "oneOf":{"$ref":"#/$defs/schemaArray"},"not":\#(meta)},
            "$defs":{"schemaArray":{"type":"array","minItems":1,"items":\#(meta)}}
            """#,
        "meta/unevaluated": vocabulary("unevaluated")
            + #""properties":{"unevaluatedItems":\#(meta),"unevaluatedProperties":\#(meta)}"#,
        "meta/validation": vocabulary("validation")
            + #"""
            "properties":{"type":{"anyOf":[{"$ref":"#/$defs/simpleTypes"},{"type":"array",
            "items":{"$ref":"#/$defs/simpleTypes"},"minItems":1,"uniqueItems":true}]},"const":true,
            "enum":{"type":"array"},"multipleOf":{"type":"number","exclusiveMinimum":0},
            "maximum":{"type":"number"},"exclusiveMaximum":{"type":"number"},"minimum":{"type":"number"},
            "exclusiveMinimum":{"type":"number"},"maxLength":{"$ref":"#/$defs/count"},
            "minLength":{"$ref":"#/$defs/count"},"pattern":{"type":"string","format":"regex"},
            "maxItems":{"$ref":"#/$defs/count"},"minItems":{"$ref":"#/$defs/count"},
            "uniqueItems":{"type":"boolean"},"maxContains":{"$ref":"#/$defs/count"},
            "minContains":{"$ref":"#/$defs/count"},"maxProperties":{"$ref":"#/$defs/count"},
            "minProperties":{"$ref":"#/$defs/count"},"required":{"$ref":"#/$defs/stringArray"},
            "dependentRequired":{"type":"object","additionalProperties":{"$ref":"#/$defs/stringArray"}}},
            "$defs":{"count":{"type":"integer","minimum":0},"nonNegativeInteger":{"$ref":"#/$defs/count"},
            "nonNegativeIntegerDefault0":{"$ref":"#/$defs/count"},
            "simpleTypes":{"enum":["array","boolean","integer","null","number","object","string"]},
            "stringArray":{"type":"array","items":{"type":"string"},"uniqueItems":true}}
            """#,
        "meta/meta-data": vocabulary("meta-data")
            + #"""
            "properties":{"title":{"type":"string"},"description":{"type":"string"},"default":true,
            "deprecated":{"type":"boolean"},"readOnly":{"type":"boolean"},"writeOnly":{"type":"boolean"},
            "examples":{"type":"array"}}
            """#,
        "meta/format-annotation": vocabulary("format-annotation") + #""properties":{"format":{"type":"string"}}"#,
        "meta/format-assertion": vocabulary("format-assertion") + #""properties":{"format":{"type":"string"}}"#,
        "meta/content": vocabulary("content")
            + #"""
            "properties":{"contentEncoding":{"type":"string"},"contentMediaType":{"type":"string"},
            "contentSchema":\#(meta)}
            """#,
    ]
}
