/// How a route makes the target that is sent upstream: what the three keys `strip_prefix`, `rewrite` (or `rewrite_prefix`)
/// and the path of `upstream` come to.
///
/// 1. `edit` turns the request's path into another one, or a template replaces it.
/// 2. `base`, the path of an `upstream` without placeholders, is put in front.
/// 3. `query`, the target's own, comes before the client's.
/// Equal plans of different routes are one object.
package final class TargetPlan: Sendable {
    /// A part of a template.
    enum Piece: Sendable, Hashable {
        case literal([UInt8])
        /// A parameter's value as one segment: a slash in it becomes `%2F`.
        case segment(Int)
        /// The value of a `{name+}`, which keeps its slashes.
        case rest(Int)
    }

    enum Edit: Sendable, Hashable {
        case none
        /// Takes whole segments away from the front; a path that does not begin with them stays.
        case strip([Piece])
        /// The whole new path.
        case template([Piece])
        /// The first segments of the path are replaced; what follows them, its slash included, stays.
        case replacePrefix(segments: Int, [Piece])
    }

    let edit: Edit
    /// Without a slash at its end; empty for none.
    let base: [UInt8]
    /// Without `?`; empty for none.
    let query: [UInt8]

    init(edit: Edit, base: [UInt8], query: [UInt8]) {
        self.edit = edit
        self.base = base
        self.query = query
    }

    static let unchanged = TargetPlan(edit: .none, base: [], query: [])

    /// The target is the normalised path and the client's query as they are: nothing has to be built.
    package var isIdentity: Bool {
        if case .none = edit { return base.isEmpty && query.isEmpty }
        return false
    }
}
