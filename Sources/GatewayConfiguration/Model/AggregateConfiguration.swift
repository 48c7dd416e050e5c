/// One answer from several calls.
package struct AggregateConfiguration: Sendable, Hashable {
    /// In the order of the file, which is that of the answer's members.
    package var parts: [PartConfiguration] = []
    /// For all parts together; nil: the route's, else 30 seconds.
    package var timeout: Duration?
    /// Request header fields that all parts get.
    package var forwardHeaders: [String] = []
    /// nil: one member a part.
    package var body: TemplateValue?
    /// The member that lists failed parts; nil: none does.
    package var failedParts: String?
    @NotCompared package var location: SourceLocation

    package init(location: SourceLocation = .none) { self.location = location }
}

/// One call of an aggregate, or one for each element of an array.
package struct PartConfiguration: Sendable, Hashable {
    /// What becomes of the answer when the call fails.
    package enum OnError: Sendable, Hashable {
        /// It fails as a whole.
        case fail
        /// The member is left out.
        case omit
        case null
        case value(TemplateValue)
        /// What the service said is the answer.
        case pass
    }

    package var name: String
    package var service = ""
    package var method = "GET"
    package var path: PartTextConfiguration
    package var query: [PartTextConfiguration] = []
    package var headers: [PartTextConfiguration] = []
    package var body: TemplateValue?
    /// A reference to an array.
    package var each: PartTextConfiguration?
    package var concurrency = 8
    package var maxItems = 100
    /// A JSONPath.
    package var pick: PartTextConfiguration?
    package var onError = OnError.fail
    /// nil: the service's.
    package var timeout: Duration?
    package var forwardHeaders: [String] = []
    @NotCompared package var location: SourceLocation

    package init(name: String, location: SourceLocation = .none) {
        self.name = name
        path = PartTextConfiguration("", "/")
        self.location = location
    }
}

/// A text that may hold references, and what it is for.
package struct PartTextConfiguration: Sendable, Hashable {
    /// Of the query parameter or header field; empty for what has none.
    package var name: String
    package var text: String
    @NotCompared package var location: SourceLocation

    package init(_ name: String, _ text: String, location: SourceLocation = .none) {
        self.name = name
        self.text = text
        self.location = location
    }
}
