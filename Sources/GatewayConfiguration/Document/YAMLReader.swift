import CLibyaml

/// Reads YAML through libyaml's event interface into the document.
///
/// Events, not libyaml's own document: composing a tree there and copying it here would cost twice the memory. The text
/// is UTF-8; explicit tags other than `!!str` are refused, since nothing in the vocabulary needs one and a tag that is
/// ignored is a surprise.
enum YAMLReader {
    static func read(_ text: [UInt8], into builder: inout DocumentBuilder) throws(ReadFailure) {
        let reader = Reader(text)
        defer { reader.finish() }
        try reader.run(into: &builder)
    }
}

/// Owns libyaml's parser and the text that it reads, for the length of one file.
@safe private final class Reader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>
    private let ready: Bool

    init(_ bytes: [UInt8]) {
        // libyaml keeps a pointer to its input: the copy lives until finish().
        unsafe text = .allocate(capacity: max(bytes.count, 1))
        unsafe parser = .allocate(capacity: 1)
        _ = unsafe text.initialize(from: bytes)
        unsafe ready = yaml_parser_initialize(parser) == 1
        if ready {
            unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
        }
    }

    func finish() {
        if ready { unsafe yaml_parser_delete(parser) }
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    func run(into builder: inout DocumentBuilder) throws(ReadFailure) {
        guard ready else { throw ReadFailure(line: 0, column: 0, message: "out of memory") }
        var documents = 0
        // One event at a time: the document grows in the builder, libyaml keeps only its own stack.
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxFailure() }
            defer { unsafe yaml_event_delete(&event) }
            let mark = unsafe event.start_mark
            let position = DocumentBuilder.Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)

            switch unsafe event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
                return
            case YAML_DOCUMENT_START_EVENT:
                documents += 1
                if documents > 1 {
                    throw ReadFailure(
                        line: position.line, column: position.column, message: "a second YAML document in one file",
                        fix: "keep one document a file; a directory of files is read as one configuration")
                }
            case YAML_SCALAR_EVENT:
                try unsafe scalar(event.data.scalar, at: position, into: &builder)
            case YAML_SEQUENCE_START_EVENT:
                let start = unsafe event.data.sequence_start
                try unsafe refuseTag(start.tag, "seq", at: position)
                try begin(mapping: false, anchor: unsafe string(start.anchor), at: position, into: &builder)
            case YAML_MAPPING_START_EVENT:
                let start = unsafe event.data.mapping_start
                try unsafe refuseTag(start.tag, "map", at: position)
                try begin(mapping: true, anchor: unsafe string(start.anchor), at: position, into: &builder)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                try builder.end(at: position)
            case YAML_ALIAS_EVENT:
                if builder.expectsKey { throw keyFailure(position) }
                try builder.alias(unsafe string(event.data.alias.anchor) ?? "", at: position)
            default:
                continue  // stream start, document end
            }
        }
    }

    /// A list or a mapping as a key is YAML, but nothing in the vocabulary.
    private func begin(
        mapping: Bool, anchor: String?, at position: DocumentBuilder.Position, into builder: inout DocumentBuilder
    ) throws(ReadFailure) {
        if builder.expectsKey { throw keyFailure(position) }
        try builder.begin(mapping: mapping, anchor: anchor, at: position)
    }

    private func scalar(
        _ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar, at position: DocumentBuilder.Position,
        into builder: inout DocumentBuilder
    ) throws(ReadFailure) {
        // The event owns the text until it is deleted, after this call.
        let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let span = unsafe Span(_unsafeElements: bytes)
        // `<<` is YAML 1.1. Taken as a plain key it would be "unknown", which does not say why.
        if builder.expectsKey {
            if unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE, span.count == 2, span[0] == 0x3c, span[1] == 0x3c {
                throw ReadFailure(
                    line: position.line, column: position.column, message: "merge keys (<<) are not part of YAML 1.2",
                    fix: "use an alias for a whole value, or write the keys out")
            }
            try builder.key(span, at: position)
            return
        }
        var quoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
        if unsafe scalar.tag != nil {
            try unsafe refuseTag(scalar.tag, "str", at: position)
            quoted = true
        }
        try builder.scalar(span, quoted: quoted, anchor: unsafe string(scalar.anchor), at: position)
    }

    private func string(_ text: UnsafeMutablePointer<UInt8>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(decodingCString: text, as: UTF8.self)
    }

    /// `!!str` on a scalar and the tags that a node has anyway are harmless; any other asks for a type that is not there.
    private func refuseTag(
        _ tag: UnsafeMutablePointer<UInt8>?, _ accepted: String, at position: DocumentBuilder.Position
    ) throws(ReadFailure) {
        guard let tag = unsafe string(tag), tag != "tag:yaml.org,2002:\(accepted)", tag != "!" else { return }
        throw ReadFailure(
            line: position.line, column: position.column, message: "the tag \(quote(tag)) has no meaning here",
            fix: "leave the tag out; quotes make a value a string")
    }

    private func keyFailure(_ position: DocumentBuilder.Position) -> ReadFailure {
        ReadFailure(
            line: position.line, column: position.column, message: "a key must be a plain text",
            fix: "put a value that begins with { or [ or * between quotes")
    }

    /// libyaml's own words, with the place: they say what was found and what was expected.
    private func syntaxFailure() -> ReadFailure {
        let state = unsafe parser.pointee
        let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? "the text is not YAML"
        if unsafe state.error == YAML_MEMORY_ERROR { return ReadFailure(line: 0, column: 0, message: "out of memory") }
        if unsafe state.error == YAML_READER_ERROR {
            let (line, column) = unsafe place(of: state.problem_offset)
            return ReadFailure(
                line: line, column: column, message: "not readable as UTF-8 text: \(problem)",
                fix: "save the file as UTF-8 without control characters")
        }
        var message = problem
        if let context = unsafe state.context {
            message += unsafe ", \(String(cString: context)) that begins at line \(state.context_mark.line + 1)"
        }
        var fix: String?
        if problem.contains("cannot start any token") {
            fix = "indent with spaces; quote values that begin with @, ` or %"
        }
        if problem.contains("mapping values are not allowed") {
            fix = "put a value that contains \": \" between quotes"
        }
        return unsafe ReadFailure(
            line: Int(state.problem_mark.line) + 1, column: Int(state.problem_mark.column) + 1,
            message: "not YAML: \(message)", fix: fix)
    }

    /// A reader error comes with a byte offset only.
    private func place(of offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for index in unsafe 0..<min(offset, text.count) {
            let byte = unsafe text[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}
