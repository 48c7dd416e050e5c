/// What requests and responses must look like, under a path or on a route.
package struct ValidationConfiguration: Sendable, Hashable {
    package enum Source: Sendable, Hashable {
        case configuration
        /// An operation of an OpenAPI document, by its `operationId`, or method and path.
        case operation(String)
    }

    /// nil on a route, which has its own.
    package var path: PathPattern?
    /// Empty: any method.
    package var methods: [String] = []
    package var parameters: [ParameterConfiguration] = []
    package var body: BodyRules?
    /// The first whose statuses name the response's is the one that counts.
    package var responses: [ResponseRules] = []
    package var reporting = Reporting()
    package var source = Source.configuration
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }

    package struct Reporting: Sendable, Hashable {
        package var isReportOnly = false
        /// Else the first error only.
        package var tellsAll = true
        package var assertsFormats = false
        package var findsUndocumented = false

        package init() {}
    }

    package struct BodyRules: Sendable, Hashable {
        package var isRequired = true
        package var content: [ContentRule] = []
        @NotCompared package var location: SourceLocation

        package init(location: SourceLocation = .none) { self.location = location }
    }

    package struct ResponseRules: Sendable, Hashable {
        /// Empty: any.
        package var statuses: [StatusRange] = []
        /// Empty: nothing is said about its body.
        package var content: [ContentRule] = []
        @NotCompared package var location: SourceLocation

        package init(location: SourceLocation = .none) { self.location = location }
    }

    package struct ContentRule: Sendable, Hashable {
        /// `application/json`, `application/*+json`, `text/*`, `*/*`; lower case, without parameters.
        package var mediaType: String
        /// nil: anything.
        package var schema: SchemaReference?

        package init(mediaType: String, schema: SchemaReference?) {
            self.mediaType = mediaType
            self.schema = schema
        }
    }
}

/// A parameter, as OpenAPI describes them (3.1 §4.8.12).
package struct ParameterConfiguration: Sendable, Hashable {
    package enum Place: String, Sendable, Hashable, CaseIterable { case path, query, header, cookie }

    package enum Style: String, Sendable, Hashable {
        case simple, label, matrix, form, spaceDelimited, pipeDelimited, deepObject

        /// Where it has a meaning.
        package func fits(_ place: Place) -> Bool {
            switch self {
            case .simple: place == .path || place == .header
            case .label, .matrix: place == .path
            case .form: place == .query || place == .cookie
            case .spaceDelimited, .pipeDelimited, .deepObject: place == .query
            }
        }
    }

    package var name: String
    package var place: Place
    package var isRequired: Bool
    package var style: Style
    package var explode: Bool
    /// The value is a JSON text.
    package var isJSON = false
    package var schema: SchemaReference?
    @NotCompared package var location: SourceLocation

    package init(name: String, place: Place, location: SourceLocation = .none) {
        self.name = name
        self.place = place
        isRequired = place == .path
        style = place == .query || place == .cookie ? .form : .simple
        explode = style == .form
        self.location = location
    }
}

/// A schema: a place in one of the configuration's documents.
package struct SchemaReference: Sendable, Hashable {
    package var document: Int
    /// A JSON Pointer.
    package var pointer: String

    package init(document: Int, pointer: String) {
        self.document = document
        self.pointer = pointer
    }
}

/// A document that schemas are in: a file, or what stands in the configuration itself.
package struct SchemaDocumentConfiguration: Sendable, Hashable {
    package enum Dialect: Sendable, Hashable { case draft2020, openAPI30, openAPI31 }

    /// The file's path; for what stands in the configuration, that of the configuration with a query that tells it from
    /// others.
    package var uri: String
    package var value: TemplateValue
    package var dialect: Dialect
    /// The whole document is a schema.
    package var isSchema: Bool

    package init(uri: String, value: TemplateValue, dialect: Dialect, isSchema: Bool) {
        self.uri = uri
        self.value = value
        self.dialect = dialect
        self.isSchema = isSchema
    }
}

extension TemplateValue {
    package subscript(name: String) -> TemplateValue? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var members: [Member] {
        if case .object(let members) = value { return members }
        return []
    }

    package var isObject: Bool { if case .object = value { true } else { false } }

    package var elements: [TemplateValue] {
        if case .array(let elements) = value { return elements }
        return []
    }

    package var string: String? { if case .string(let text) = value { text } else { nil } }

    package var bool: Bool? { if case .bool(let bool) = value { bool } else { nil } }

    /// The part that a JSON Pointer leads to.
    package func find(_ pointer: String) -> TemplateValue? {
        var current = self
        for step in Self.steps(pointer) {
            switch current.value {
            case .array(let elements):
                guard let index = Int(step), elements.indices.contains(index) else { return nil }
                current = elements[index]
            case .object:
                guard let member = current[step] else { return nil }
                current = member
            case .null, .bool, .number, .string: return nil
            }
        }
        return current
    }

    /// The place of what a JSON Pointer leads to; as far as it leads.
    package func place(at pointer: String) -> SourceLocation {
        var steps = Self.steps(pointer)
        while true {
            if let found = find(steps.map { "/" + Self.escaped($0) }.joined()) { return found.location }
            if steps.popLast() == nil { return location }
        }
    }

    private static func steps(_ pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    /// A name as a step of a pointer.
    package static func escaped(_ name: String) -> String {
        name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
