internal import HTTPWire

/// Edits of header fields, compiled, in the order in which they are done.
///
/// A `set` whose value refers to something that is not there removes the field, so that no client can put in what the
/// gateway was to set; an `add` adds nothing then.
struct HeaderEdits: Sendable {
    enum Operation: Sendable {
        /// Names in lower case.
        case remove([UInt8])
        case rename([UInt8], to: [UInt8])
        case set([UInt8], FieldValue)
        case add([UInt8], FieldValue)
    }

    let operations: [Operation]

    /// The values of what is set and added.
    var values: [FieldValue] {
        operations.compactMap { operation in
            switch operation {
            case .set(_, let value), .add(_, let value): value
            case .remove, .rename: nil
            }
        }
    }

    func apply(_ source: FieldValue.Source, scratch: WireBuffer) {
        let fields = source.fields
        for index in 0..<operations.count {
            switch operations[index] {
            case .remove(let name):
                fields.removeAll(named: name.span)
            case .rename(let name, let new):
                rename(name, new, fields)
            case .set(let name, let value):
                scratch.removeAll()
                let hasValue = value.write(source, into: scratch)
                let lowercase = Self.lowercase(name)
                fields.removeAll(named: lowercase.span)
                if hasValue { fields.append(name: name.span, value: scratch.span) }
            case .add(let name, let value):
                scratch.removeAll()
                if value.write(source, into: scratch) { fields.append(name: name.span, value: scratch.span) }
            }
        }
    }

    /// All fields of the name; one that has the new name already gives way.
    private func rename(_ name: [UInt8], _ new: [UInt8], _ fields: HeaderBlock) {
        var index = fields.firstIndex(named: name.span)
        guard index >= 0 else { return }
        let lowercase = Self.lowercase(new)
        guard lowercase != name else { return }
        fields.removeAll(named: lowercase.span)
        while index >= 0 {
            fields.append(name: new.span, value: fields.value(index))
            fields.remove(at: index)
            index = fields.firstIndex(named: name.span, after: index)
        }
    }

    private static func lowercase(_ name: [UInt8]) -> [UInt8] {
        name.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    }
}

/// Edits of the query: parameters that go, and those that are set, at the end.
struct QueryEdits: Sendable {
    /// Decoded names of what goes; what is set stands among them.
    let removed: [[UInt8]]
    /// `name=`, encoded, and the value.
    let set: [(name: [UInt8], value: FieldValue)]

    func apply(to request: RequestHead, path: ByteRange, scratch buffer: WireBuffer, exchange: Exchange? = nil) {
        let fields = request.fields
        buffer.removeAll()
        copy(fields.bytes(request.query), into: buffer)
        let source = FieldValue.Source(pathBlock: fields, path: path, fields: fields, exchange: exchange)
        for parameter in set {
            let start = buffer.count
            if start > 0 { buffer.append("&") }
            let name = parameter.name
            buffer.append(name.span)
            if !parameter.value.write(source, into: buffer, .query) { buffer.truncate(to: start) }
        }
        // Behind a question mark, as queries stand in targets.
        _ = fields.store("?")
        request.query = fields.store(buffer.span)
        request.hasQuery = buffer.count > 0
    }

    private func copy(_ query: Span<UInt8>, into buffer: WireBuffer) {
        var start = 0
        while start < query.count {
            var end = start
            var nameEnd = -1
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if nameEnd < 0, query[end] == UInt8(ascii: "=") { nameEnd = end }
                end += 1
            }
            let name = query.extracting(start..<(nameEnd < 0 ? end : nameEnd))
            if end > start, !isRemoved(name) {
                if buffer.count > 0 { buffer.append("&") }
                buffer.append(query.extracting(start..<end))
            }
            start = end + 1
        }
    }

    private func isRemoved(_ name: Span<UInt8>) -> Bool {
        for other in removed where QueryReader.equals(name, other.span) { return true }
        return false
    }
}
