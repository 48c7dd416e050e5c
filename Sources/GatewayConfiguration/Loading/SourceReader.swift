/// Reads one or more files into one document.
struct SourceReader {
    private var document = Document()
    private var roots: [NodeID] = []
    private(set) var findings = Findings()
    private(set) var inputs = LoadInputs()

    mutating func fail(_ file: String, _ message: String, fix: String? = nil) {
        findings.error(at: SourceLocation(file: file, line: 0, column: 0), message, fix: fix)
    }

    mutating func missing(_ path: String) { inputs.note(file: path, bytes: nil) }

    /// Hidden files are left out: editors and mounted volumes keep their own things in them.
    mutating func readDirectory(_ path: String) {
        inputs.note(file: path)
        switch FileReading.names(in: path) {
        case .failure(let failure):
            fail(path, "\(quote(path)) \(failure.reason)")
        case .success(let names):
            let fragments = names.filter { name in
                !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
            }
            if fragments.isEmpty {
                fail(path, "\(quote(path)) holds no *.yaml, *.yml or *.json", fix: "name the file itself")
            }
            for name in fragments { readFile(FilePaths.join(path, name)) }
        }
    }

    /// The name decides the format; a name that says nothing leaves it to the text.
    mutating func readFile(_ path: String) {
        switch FileReading.read(path, limit: ConfigurationLoader.maximumFileSize) {
        case .failure(let failure):
            inputs.note(file: path, bytes: nil)
            fail(path, "\(quote(path)) \(failure.reason)")
        case .success(let bytes):
            inputs.note(file: path, bytes: bytes)
            let isYAML = path.hasSuffix(".yaml") || path.hasSuffix(".yml")
            read(bytes, file: path, format: path.hasSuffix(".json") ? .json : isYAML ? .yaml : .automatic)
        }
    }

    /// A text that comes from no file.
    mutating func read(text bytes: [UInt8], name: String, format: ConfigurationLoader.Format) {
        inputs.note(text: bytes)
        read(bytes, file: name, format: format)
    }

    private mutating func read(_ bytes: [UInt8], file: String, format: ConfigurationLoader.Format) {
        guard bytes.count <= ConfigurationLoader.maximumFileSize else {
            let limit = SizeValue.describe(ConfigurationLoader.maximumFileSize)
            return fail(file, "the text is larger than \(limit)", fix: "split it into the files of a directory")
        }
        let isJSON =
            switch format {
            case .json: true
            case .yaml: false
            case .automatic: bytes.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "{")
            }
        // The document moves through the builder and back: one owner at a time, no copy.
        var taken = Document()
        swap(&taken, &document)
        var builder = DocumentBuilder(document: consume taken, file: file, sizeHint: bytes.count)
        do {
            if isJSON {
                try JSONReader.read(bytes, into: &builder)
            } else {
                try YAMLReader.read(bytes, into: &builder)
            }
        } catch {
            findings.error(
                at: SourceLocation(file: file, line: error.line, column: error.column), error.message, fix: error.fix)
        }
        for duplicate in builder.duplicates { findings.error(duplicate) }
        if let root = builder.root, !isEmpty(root, builder.document) { roots.append(root) }
        swap(&document, &builder.document)
    }

    /// `null`, or nothing but comments: a file with every default.
    private func isEmpty(_ root: NodeID, _ document: Document) -> Bool {
        document.node(root).kind == .plain && document.scalar(root)?.type == .null
    }

    /// The joined document, and its root (nil for an empty configuration).
    consuming func merged(_ findings: inout Findings) -> (Document, NodeID?) {
        guard let first = roots.first else { return (document, nil) }
        guard roots.count > 1 else { return (document, first) }
        var merger = DocumentMerger(document: document)
        for other in roots.dropFirst() { merger.merge(other, into: first) }
        for diagnostic in merger.findings.errors { findings.error(diagnostic) }
        return (merger.document, first)
    }
}
