/// An OpenAPI document (3.0, 3.1) while it is read: its values with the places they have, references followed.
struct OpenAPIDocument {
    /// A value, and how to get there.
    struct Located {
        var value: TemplateValue
        var document: Int
        var pointer: String

        subscript(name: String) -> Located? {
            value[name].map {
                Located(
                    value: $0, document: document, pointer: pointer + "/" + TemplateValue.escaped(name))
            }
        }

        var members: [(name: String, value: Located)] {
            value.members.map { member in
                (
                    member.name,
                    Located(
                        value: member.value, document: document,
                        pointer: pointer + "/" + TemplateValue.escaped(member.name))
                )
            }
        }

        var elements: [Located] {
            value.elements.enumerated().map { place, element in
                Located(value: element, document: document, pointer: "\(pointer)/\(place)")
            }
        }

        var reference: SchemaReference { SchemaReference(document: document, pointer: pointer) }
    }

    let documents: [SchemaDocumentConfiguration]
    let root: Located
    var findings = Findings()

    init(_ documents: [SchemaDocumentConfiguration], root: Int) {
        self.documents = documents
        self.root = Located(value: documents[root].value, document: root, pointer: "")
    }

    var is30: Bool { documents[root.document].dialect == .openAPI30 }

    /// By what the document says of itself; nil: it is none that is known here, which is reported.
    static func dialect(
        _ value: TemplateValue, _ findings: inout Findings
    ) -> SchemaDocumentConfiguration.Dialect? {
        guard let version = value["openapi"] else {
            let isSwagger = value["swagger"] != nil
            findings.error(
                at: value["swagger"]?.location ?? value.location,
                isSwagger ? "this is a document of Swagger 2.0" : "this is no OpenAPI document: it has no openapi",
                fix: isSwagger ? "convert it to OpenAPI 3" : "begin it with openapi: 3.1.0")
            return nil
        }
        let text: String =
            switch version.value {
            case .string(let text), .number(let text): text
            case .null, .bool, .array, .object: ""
            }
        if text.hasPrefix("3.0") { return .openAPI30 }
        if text.hasPrefix("3.1") { return .openAPI31 }
        findings.error(
            at: version.location, "openapi: \(quote(text)) is no version that is understood here",
            fix: "write it for 3.0 or 3.1")
        return nil
    }

    mutating func error(_ value: TemplateValue, _ message: String, fix: String? = nil) {
        findings.error(at: value.location, message, fix: fix)
    }

    // MARK: References

    /// What a Reference Object stands for; nil: it leads nowhere, which is reported.
    mutating func resolve(_ start: Located) -> Located? {
        var current = start
        for _ in 0..<16 {
            guard let reference = current["$ref"] else { return current }
            guard let text = reference.value.string, let target = follow(text, from: current.document) else {
                error(
                    reference.value, "$ref leads nowhere: \(quote(reference.value.string ?? ""))",
                    fix: "name what is there, as in #/components/parameters/name")
                return nil
            }
            current = target
        }
        error(start.value, "$ref leads in a circle")
        return nil
    }

    private func follow(_ reference: String, from document: Int) -> Located? {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var place = document
        if let file = parts.first, !file.isEmpty {
            let path = SchemaFiles.normalised(FilePaths.resolve(file, besides: documents[document].uri))
            guard let found = documents.firstIndex(where: { $0.uri == path }) else { return nil }
            place = found
        }
        let pointer = parts.count > 1 ? parts[1].replacing("%7B", with: "{").replacing("%7D", with: "}") : ""
        return documents[place].value.find(pointer).map {
            Located(value: $0, document: place, pointer: pointer)
        }
    }
}
