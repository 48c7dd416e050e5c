internal import GatewayConfiguration

/// Compiles a route's path edit, and its upstream's or redirect's path, into a `TargetPlan`. Plans are shared: 100,000
/// routes with `strip_prefix: /api` have one.
struct TargetPlanCompiler {
    /// What a plan depends on besides the edit: where the route's parameters stand and which segments are its prefix.
    struct Shape: Hashable {
        var parameterNames: [String]
        /// The last parameter is a `{name+}`.
        var lastIsRest: Bool
        /// Segments of the pattern in front of `**`, `*` or `{x+}`; nil for a regular expression.
        var prefixSegments: Int?
    }

    private struct Key: Hashable {
        var edit: PathEdit
        var path: PathTemplate?
        var query: String?
        var shape: Shape
    }

    private var plans: [Key: TargetPlan] = [:]

    /// `path` and `query` are those of an `upstream` URL. Problems are sentences that the caller gives a place.
    mutating func plan(
        edit: PathEdit, path: PathTemplate?, query: String?, shape: Shape, problems: inout [String]
    ) -> TargetPlan {
        if case .none = edit, (path?.parts ?? []).isEmpty, query == nil { return .unchanged }
        let key = Key(edit: edit, path: path, query: query, shape: shape)
        if let plan = plans[key] { return plan }
        let before = problems.count
        let plan = Self.compile(key, problems: &problems)
        // One with problems is not kept, so that each route that has them is told.
        if problems.count == before { plans[key] = plan }
        return plan
    }

    private static func compile(_ key: Key, problems: inout [String]) -> TargetPlan {
        var query = key.query.map(CanonicalText.query) ?? []
        if let path = key.path, path.hasParameters {
            if case .none = key.edit {
            } else {
                problems.append(
                    "the upstream's path has a placeholder and so is the whole target, but the route also edits the path"
                )
            }
            return TargetPlan(edit: .template(pieces(path, key.shape, &problems)), base: [], query: query)
        }
        let base = withoutFinalSlash(bytes(key.path, &problems))
        switch key.edit {
        case .none:
            return TargetPlan(edit: .none, base: base, query: query)
        case .stripPrefix(let prefix):
            let pieces = withoutFinalSlash(pieces(prefix, key.shape, &problems))
            return TargetPlan(edit: .strip(pieces), base: base, query: query)
        case .rewrite(let path, query: let own):
            let own = own.map(CanonicalText.query) ?? []
            if !query.isEmpty, !own.isEmpty { query.append(UInt8(ascii: "&")) }
            return TargetPlan(edit: .template(pieces(path, key.shape, &problems)), base: base, query: query + own)
        case .rewritePrefix(let prefix):
            if key.shape.prefixSegments == nil {
                problems.append("a path given as a regular expression has no prefix that could be rewritten")
            }
            let pieces = withoutFinalSlash(pieces(prefix, key.shape, &problems))
            return TargetPlan(
                edit: .replacePrefix(segments: key.shape.prefixSegments ?? 0, pieces), base: base, query: query)
        }
    }

    private static func pieces(
        _ template: PathTemplate, _ shape: Shape, _ problems: inout [String]
    ) -> [TargetPlan.Piece] {
        template.parts.compactMap { part in
            switch part {
            case .literal(let text):
                guard let bytes = CanonicalText.path(text.utf8) else {
                    problems.append("\"\(text)\" has a % without two hexadecimal digits behind it")
                    return nil
                }
                return bytes.isEmpty ? nil : .literal(bytes)
            case .parameter(let name):
                guard let index = shape.parameterNames.firstIndex(of: name) else {
                    problems.append("{\(name)} is not a parameter of the route's path")
                    return nil
                }
                return shape.lastIsRest && index == shape.parameterNames.count - 1 ? .rest(index) : .segment(index)
            }
        }
    }

    private static func bytes(_ path: PathTemplate?, _ problems: inout [String]) -> [UInt8] {
        guard let path else { return [] }
        let none = Shape(parameterNames: [], lastIsRest: false, prefixSegments: nil)
        return pieces(path, none, &problems).reduce(into: []) { bytes, piece in
            if case .literal(let text) = piece { bytes += text }
        }
    }

    /// `/api/` and `/api` are the same prefix: what follows brings its own slash.
    private static func withoutFinalSlash(_ bytes: [UInt8]) -> [UInt8] {
        bytes.last == UInt8(ascii: "/") ? Array(bytes.dropLast()) : bytes
    }

    private static func withoutFinalSlash(_ pieces: [TargetPlan.Piece]) -> [TargetPlan.Piece] {
        guard case .literal(let bytes)? = pieces.last, bytes.last == UInt8(ascii: "/") else { return pieces }
        let rest = pieces.dropLast()
        return bytes.count == 1 ? Array(rest) : rest + [.literal(Array(bytes.dropLast()))]
    }
}
