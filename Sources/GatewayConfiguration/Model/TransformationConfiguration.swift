/// What is done to requests and responses under a path, or on a route.
package struct TransformationConfiguration: Sendable, Hashable {
    /// nil on a route, which has its own.
    package var path: PathPattern?
    /// Empty: any method.
    package var methods: [String] = []
    package var request: RequestTransformationConfiguration?
    /// The first whose statuses name the response's is the one that is applied.
    package var responses: [ResponseTransformationConfiguration] = []
    @NotCompared package var location: SourceLocation

    package init(path: PathPattern? = nil, location: SourceLocation = .none) {
        self.path = path
        self.location = location
    }
}

package struct RequestTransformationConfiguration: Sendable, Hashable {
    /// Only messages with one of these media types; empty: any.
    package var types: [String] = []
    /// The path that is forwarded, in place of what the route makes of it.
    package var path: EditedText?
    package var body = BodyEditsConfiguration()
    package var headers: [HeaderEdit] = []
    package var query: [QueryEdit] = []
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }
}

package struct ResponseTransformationConfiguration: Sendable, Hashable {
    /// Empty: any.
    package var statuses: [StatusRange] = []
    package var types: [String] = []
    /// The status that the client gets.
    package var newStatus: Int?
    package var body = BodyEditsConfiguration()
    /// Anything but JSON is answered 502.
    package var requiresJSON = false
    package var headers: [HeaderEdit] = []
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }
}

/// A text with references, and where it stands.
package struct EditedText: Sendable, Hashable {
    package var text: String
    @NotCompared package var location: SourceLocation

    package init(_ text: String, location: SourceLocation = .none) {
        self.text = text
        self.location = location
    }
}

/// What is done to a JSON body: edits of members, or a template of the whole.
package struct BodyEditsConfiguration: Sendable, Hashable {
    package var fields: [FieldEdit] = []
    package var template: TemplateValue?

    package init() {}

    package var isEmpty: Bool { fields.isEmpty && template == nil }
}

/// One edit of members: a plain name means those at any depth, a text with `$` in front is a JSONPath.
package struct FieldEdit: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        case remove
        case keep
        case rename(String)
        case set(TemplateValue)
        case setDefault(TemplateValue)
    }

    package var selector: String
    package var change: Change
    @NotCompared package var location: SourceLocation

    package init(_ selector: String, _ change: Change, location: SourceLocation = .none) {
        self.selector = selector
        self.change = change
        self.location = location
    }
}

/// A value of JSON as the configuration has it, in YAML or JSON, with the places of its parts.
package struct TemplateValue: Sendable, Hashable {
    package indirect enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        /// As it is written.
        case number(String)
        case string(String)
        case array([TemplateValue])
        case object([Member])
    }

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: TemplateValue

        package init(_ name: String, _ value: TemplateValue) {
            self.name = name
            self.value = value
        }
    }

    package var value: Value
    @NotCompared package var location: SourceLocation

    package init(_ value: Value, location: SourceLocation = .none) {
        self.value = value
        self.location = location
    }
}

/// One edit of header fields. Values may refer to path parameters (`{id}`) and to other fields (`{header.x-tenant}`).
package struct HeaderEdit: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        case remove
        case rename(String)
        case set(String)
        case add(String)
    }

    package var name: String
    package var change: Change
    @NotCompared package var location: SourceLocation

    package init(_ name: String, _ change: Change, location: SourceLocation = .none) {
        self.name = name
        self.change = change
        self.location = location
    }
}

/// One edit of the query; values as those of header fields.
package struct QueryEdit: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        case remove
        case set(String)
        case add(String)
    }

    package var name: String
    package var change: Change
    @NotCompared package var location: SourceLocation

    package init(_ name: String, _ change: Change, location: SourceLocation = .none) {
        self.name = name
        self.change = change
        self.location = location
    }
}
