import JSONSchema
import JSONStream
import Testing

/// What is told of values that do not fit and of schemas that are wrong, and what a value may cost.
@Suite struct SchemaTests {
    static func compile(
        _ schema: String, dialect: SchemaDialect = .draft2020, use: SchemaUse = .any, formats: Bool = false
    ) throws -> (SchemaProgram, SchemaID) {
        let document = try JSONDocument(Array(schema.utf8))
        var compiler = SchemaCompiler(assertsFormats: formats)
        let number = compiler.add(document, uri: "s.json", dialect: dialect)
        let id = compiler.compile(document.root, in: number, use: use)
        return (try compiler.finish(), id)
    }

    static func errors(_ schema: String, _ value: String, limit: Int = 10) throws -> [String] {
        let (program, id) = try compile(schema)
        let verdict = SchemaValidator().validate(
            try JSONDocument(Array(value.utf8)), by: id, of: program, errors: limit)
        return verdict.errors.map { "\($0.pointer) \($0.message) [\($0.schema)]" } + (verdict.hasMore ? ["…"] : [])
    }

    @Test(arguments: [
        (##"{"type":"string"}"##, "1", [" must be a string [s.json#/type]"]),
        (##"{"type":["string","null"]}"##, "1", [" must be null or a string [s.json#/type]"]),
        (
            ##"{"items":{"minimum":2}}"##, "[3,1,2,0]",
            [
                "/1 must be 2 or more [s.json#/items/minimum]", "/3 must be 2 or more [s.json#/items/minimum]",
            ]
        ),
        (
            ##"{"properties":{"a/b":{"$ref":"#/$defs/x"}},"$defs":{"x":{"enum":[1,"z"]}}}"##, ##"{"a/b":2}"##,
            [##"/a~1b must be one of 1, "z" [s.json#/$defs/x/enum]"##]
        ),
        (
            ##"{"required":["a","b","c"]}"##, ##"{"b":1}"##,
            [
                ##" misses the member "a" [s.json#/required]"##, ##" misses the member "c" [s.json#/required]"##,
            ]
        ),
        (
            ##"{"properties":{"a":true},"unevaluatedProperties":false}"##, ##"{"a":1,"x":[{"y":1}]}"##,
            ["/x is not allowed here [s.json#/unevaluatedProperties]"]
        ),
        (
            ##"{"anyOf":[{"type":"null"},{"required":["z"]}]}"##, "{}",
            [" fits none of the 2 schemas of which it must fit one [s.json#/anyOf]"]
        ),
        (
            ##"{"if":{"type":"object"},"then":{"minProperties":1}}"##, "{}",
            [" must have 1 members or more [s.json#/then/minProperties]"]
        ),
        (##"{"multipleOf":0.01}"##, "19.991", [" must be a multiple of 0.01 [s.json#/multipleOf]"]),
        (##"{"pattern":"^[a-z]+$"}"##, "\"a1\"", [" must match ^[a-z]+$ [s.json#/pattern]"]),
        (
            ##"{"propertyNames":{"maxLength":1}}"##, ##"{"ab":1}"##,
            ["/ab has a name that is not allowed [s.json#/propertyNames]"]
        ),
        (
            ##"{"items":{"type":"null"}}"##, "[1,2,3,4,5,6,7,8,9,10,11,12]",
            (0..<10).map { "/\($0) must be null [s.json#/items/type]" } + ["…"]
        ),
    ])
    func whatIsTold(_ schema: String, _ value: String, _ expected: [String]) throws {
        #expect(try Self.errors(schema, value) == expected)
        #expect(try Self.errors(schema, value, limit: 1).first == expected.first)
    }

    @Test(arguments: [
        (##"{"$ref":"#/$defs/no"}"##, "/$ref $ref leads nowhere: #/$defs/no"),
        (##"{"items":{"$ref":"other.json"}}"##, "/items/$ref $ref leads nowhere: other.json"),
        (##"{"allOf":[{"$ref":"#"}]}"##, " this schema refers to itself without an end"),
        (
            ##"{"$schema":"http://json-schema.org/draft-07/schema#"}"##,
            "/$schema this is a schema of draft 7; schemas here are of draft 2020-12"
        ),
        (##"{"type":"text"}"##, "/type type must name null, boolean, object, array, number, integer or string"),
        (##"{"minLength":-1}"##, "/minLength minLength must be a whole number, 0 or more"),
        (##"{"multipleOf":0}"##, "/multipleOf multipleOf must be above 0 and have 19 digits or fewer"),
        (##"{"items":[true]}"##, "/items items must be one schema"),
        (##"{"properties":{"a":3}}"##, "/properties/a a schema must be an object, true or false"),
        (##"{"allOf":[]}"##, "/allOf allOf must be a list of schemas, one or more"),
        (##"{"pattern":"a++"}"##, "/pattern a++ is no regular expression: nothing to repeat, at character 3"),
        (##"{"required":"a"}"##, "/required required must be a list of names"),
    ])
    func whatIsWrongWithSchemas(_ schema: String, _ expected: String) throws {
        let problems = #expect(throws: SchemaProblems.self) { try Self.compile(schema) }
        #expect(problems?.all.map { "\($0.pointer) \($0.message)" } == [expected])
        #expect(problems?.all.allSatisfy { $0.uri == "s.json" } == true)
    }

    @Test func allProblemsAtOnce() throws {
        let problems = #expect(throws: SchemaProblems.self) {
            try Self.compile(##"{"properties":{"a":{"type":1},"b":{"$ref":"#no"}},"minItems":"x"}"##)
        }
        #expect(Set(problems?.all.map(\.pointer) ?? []) == ["/properties/a/type", "/properties/b/$ref", "/minItems"])
    }

    /// Whoever sends a value chooses what it costs only up to a bound.
    @Test func costs() throws {
        let validator = SchemaValidator(limits: SchemaLimits(depth: 64, steps: 10_000))
        // Every level doubles the work.
        let levels = (1...24).map { level in
            let below = ##"{"$ref":"#/$defs/\##(level - 1)"}"##
            return ##""\##(level)":{"anyOf":[{"allOf":[\##(below),false]},\##(below)]}"##
        }
        let value = try JSONDocument(Array("[]".utf8))
        let (program, id) = try Self.compile(
            ##"{"$ref":"#/$defs/24","$defs":{"0":{"type":"null"},\##(levels.joined(separator: ","))}}"##)
        let verdict = validator.validate(value, by: id, of: program, errors: 5)
        #expect(!verdict.isValid && verdict.isTooCostly && verdict.errors.isEmpty)

        // As deep as the value.
        let (deep, root) = try Self.compile(##"{"items":{"$ref":"#"}}"##)
        let text = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let nested = try JSONDocument(Array(text.utf8))
        #expect(validator.validate(nested, by: root, of: deep).isTooCostly)
        #expect(SchemaValidator().validate(nested, by: root, of: deep).isValid)

        // A pattern that goes back and back.
        let (slow, pattern) = try Self.compile(##"{"pattern":"^(a|a)*$"}"##)
        let long = try JSONDocument(Array("\"\(String(repeating: "a", count: 40))b\"".utf8))
        #expect(SchemaValidator().validate(long, by: pattern, of: slow).isTooCostly)
        // Something given up within a negation is not a yes.
        let (negated, not) = try Self.compile(##"{"not":{"pattern":"^(a|a)*$"}}"##)
        #expect(!SchemaValidator().validate(long, by: not, of: negated).isValid)
    }

    @Test(arguments: [
        (##"{"type":"string","nullable":true}"##, "null", true), (##"{"type":"string"}"##, "null", false),
        (##"{"minimum":1,"exclusiveMinimum":true}"##, "1", false),
        (##"{"minimum":1,"exclusiveMinimum":false}"##, "1", true),
        (##"{"$ref":"#/x","type":"null","x":{"type":"string"}}"##, "\"a\"", true),
        (##"{"const":1}"##, "2", true), (##"{"if":true,"then":false}"##, "2", true),
    ])
    func openAPI30(_ schema: String, _ value: String, _ fits: Bool) throws {
        let (program, id) = try Self.compile(schema, dialect: .openAPI30)
        let verdict = SchemaValidator().validate(try JSONDocument(Array(value.utf8)), by: id, of: program)
        #expect(verdict.isValid == fits)
    }

    @Test func membersOfTheOtherSideAreNotRequired() throws {
        let schema = ##"""
            {"required":["id","secret"],"properties":{"id":{"$ref":"#/x"},"secret":{"writeOnly":true}},
            "x":{"readOnly":true}}
            """##
        for (use, value, fits) in [
            (SchemaUse.request, ##"{"secret":1}"##, true), (.request, ##"{"id":1}"##, false),
            (.response, ##"{"id":1}"##, true), (.response, ##"{"secret":1}"##, false), (.any, ##"{"id":1}"##, false),
        ] {
            let (program, id) = try Self.compile(schema, dialect: .openAPI30, use: use)
            let verdict = SchemaValidator().validate(try JSONDocument(Array(value.utf8)), by: id, of: program)
            #expect(verdict.isValid == fits, "\(use) \(value)")
        }
    }

    @Test func undocumentedMembers() throws {
        let (program, id) = try Self.compile(
            ##"{"properties":{"a":{"properties":{"b":{}}},"list":{"items":{"properties":{"x":true}}}},"anyOf":[{"properties":{"c":true}}]}"##
        )
        let value = try JSONDocument(
            Array(##"{"a":{"b":{"any":1},"y":1},"c":1,"d":{"e":1},"list":[{"x":1},{"z":2}]}"##.utf8))
        let verdict = SchemaValidator().validate(value, by: id, of: program, errors: 9, findsUndocumented: true)
        #expect(verdict.isValid && verdict.undocumented == ["/a/y", "/d", "/list/1/z"])
    }

    /// Digits, not floating point.
    @Test(arguments: [
        (##"{"maximum":9007199254740993}"##, "9007199254740994", false),
        (##"{"maximum":9007199254740993}"##, "9007199254740993.0", true),
        (##"{"exclusiveMinimum":0.1}"##, "0.10000000000000000000000000001", true),
        (##"{"multipleOf":0.1}"##, "123456789012345678901234567890.7", true),
        (##"{"multipleOf":7}"##, "1e40", false), (##"{"multipleOf":0.0001}"##, "0.00075", false),
        (##"{"type":"integer"}"##, "1e-1", false), (##"{"type":"integer"}"##, "10e-1", true),
        (##"{"const":1e2}"##, "100", true), (##"{"enum":[0]}"##, "-0.0", true),
        (##"{"minimum":-1e400}"##, "-1e399", true),
    ])
    func numbers(_ schema: String, _ value: String, _ fits: Bool) throws {
        let (program, id) = try Self.compile(schema)
        let verdict = SchemaValidator().validate(try JSONDocument(Array(value.utf8)), by: id, of: program)
        #expect(verdict.isValid == fits)
    }
}
