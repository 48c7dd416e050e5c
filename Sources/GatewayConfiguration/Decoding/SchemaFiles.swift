/// The documents that schemas are in: read once each, with all that they refer to by file.
struct SchemaFiles {
    /// More than any API is split into.
    private static let maximumFiles = 1_000

    private(set) var documents: [SchemaDocumentConfiguration] = []
    /// Read, or looked for.
    private(set) var files: [String] = []
    private var places: [String: Int] = [:]
    private var inlineCount = 0

    /// What stands in the configuration itself.
    mutating func add(_ value: TemplateValue, _ findings: inout Findings) -> SchemaReference {
        inlineCount += 1
        let uri = "\(value.location.file)?schema=\(inlineCount)"
        documents.append(SchemaDocumentConfiguration(uri: uri, value: value, dialect: .draft2020, isSchema: true))
        let place = documents.count - 1
        readReferences(of: value, in: value.location.file, .draft2020, &findings)
        return SchemaReference(document: place, pointer: "")
    }

    /// nil: it cannot be read, which is reported.
    mutating func read(
        _ file: String, namedAt location: SourceLocation, isSchema: Bool,
        dialect: (TemplateValue) -> SchemaDocumentConfiguration.Dialect?, _ findings: inout Findings
    ) -> Int? {
        let path = Self.normalised(FilePaths.resolve(file, besides: location.file))
        if let known = places[path] { return known }
        if !files.contains(path) { files.append(path) }
        guard case .success(.file) = FileReading.kind(of: path) else {
            findings.error(at: location, "the file \(quote(path)) does not exist", fix: "write its path from here")
            return nil
        }
        guard let value = Self.parse(path, &findings) else { return nil }
        guard let dialect = dialect(value) else { return nil }
        return keep(path, value, dialect, isSchema, &findings)
    }

    private mutating func keep(
        _ path: String, _ value: TemplateValue, _ dialect: SchemaDocumentConfiguration.Dialect, _ isSchema: Bool,
        _ findings: inout Findings
    ) -> Int {
        documents.append(SchemaDocumentConfiguration(uri: path, value: value, dialect: dialect, isSchema: isSchema))
        let place = documents.count - 1
        places[path] = place
        readReferences(of: value, in: path, dialect, &findings)
        return place
    }

    /// YAML or JSON, with the places of its parts; nil: it is neither, which is reported.
    private static func parse(_ path: String, _ findings: inout Findings) -> TemplateValue? {
        var sources = SourceReader()
        sources.readFile(path)
        for error in sources.findings.errors { findings.error(error) }
        guard !sources.findings.hasErrors else { return nil }
        let (document, root) = sources.merged(&findings)
        guard let root else { return TemplateValue(.null, location: SourceLocation(file: path, line: 1, column: 1)) }
        return ConfigurationDecoder(document: document, findings: Findings()).template(root)
    }

    /// Other files that a document refers to. One that is not there is reported where the schema is compiled: only there
    /// is it known whether the reference does not mean something else.
    private mutating func readReferences(
        of value: TemplateValue, in file: String, _ dialect: SchemaDocumentConfiguration.Dialect,
        _ findings: inout Findings
    ) {
        var open = [value]
        while let value = open.popLast() {
            for member in value.members {
                if member.name == "$ref", let text = member.value.string {
                    readReferred(text, in: file, dialect, &findings)
                }
                open.append(member.value)
            }
            open += value.elements
        }
    }

    private mutating func readReferred(
        _ reference: String, in file: String, _ dialect: SchemaDocumentConfiguration.Dialect,
        _ findings: inout Findings
    ) {
        let name = String(reference.prefix { $0 != "#" && $0 != "?" })
        let isName = !name.isEmpty && !name.contains(":") && !name.hasPrefix("//")
        guard isName, documents.count < Self.maximumFiles else { return }
        let path = Self.normalised(FilePaths.resolve(name, besides: file))
        guard places[path] == nil, !files.contains(path) else { return }
        files.append(path)
        guard case .success(.file) = FileReading.kind(of: path), let value = Self.parse(path, &findings) else { return }
        _ = keep(path, value, dialect, false, &findings)
    }

    /// Without the dots that references between files bring along.
    static func normalised(_ path: String) -> String {
        var steps: [Substring] = []
        for step in path.split(separator: "/", omittingEmptySubsequences: false) {
            if step == "." { continue }
            if step == "..", let last = steps.last, last != "..", !last.isEmpty {
                steps.removeLast()
            } else {
                steps.append(step)
            }
        }
        return steps.joined(separator: "/")
    }
}
