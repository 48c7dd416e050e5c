internal import HTTPWire

/// The path that a transformation has made, in place of what the route makes of it.
extension Exchange {
    var hasEditedPath: Bool { !editedPath.isEmpty }

    /// False: the value is no path, or leads out of where it stands, which was answered.
    func writePath(_ value: FieldValue, _ source: FieldValue.Source) -> Bool {
        let made = worker.bodyBuffer
        made.removeAll()
        guard value.write(source, into: made, .path), !Self.climbs(made.span) else {
            refuse(.pathRejected)
            return false
        }
        let normal = worker.pathBuffer
        normal.removeAll()
        switch PathNormalizer.normalize(made.span, into: normal) {
        case .unchanged: editedPath = request.fields.store(made.span)
        case .rewritten(let range, _): editedPath = request.fields.store(normal.slice(range))
        case .rejected(let rejection):
            refuse(path: rejection)
            return false
        }
        return true
    }

    /// Whether a segment is `.` or `..`: a value must not decide where the rest of a path leads.
    private static func climbs(_ path: Span<UInt8>) -> Bool {
        var start = 0
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            let count = end - start
            if count == 1 || count == 2, path[start] == UInt8(ascii: "."), path[end - 1] == UInt8(ascii: ".") {
                return true
            }
            start = end + 1
        }
        return false
    }

    /// The target from that path and the query.
    func buildEditedTarget() -> Bool {
        let fields = request.fields
        let buffer = worker.pathBuffer
        buffer.removeAll()
        buffer.append(fields.bytes(editedPath))
        if request.hasQuery {
            buffer.append("?")
            buffer.append(fields.bytes(request.query))
        }
        target = fields.store(buffer.span)
        return true
    }
}
