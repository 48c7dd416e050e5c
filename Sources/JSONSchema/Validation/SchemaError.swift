/// Why a value does not fit.
package struct SchemaError: Sendable, Hashable {
    /// Where in the value, as a JSON Pointer; empty: the whole.
    package var pointer: String
    /// Which keyword of which schema said so: the document's name, `#`, and a JSON Pointer.
    package var schema: String
    /// Continues "the value at …": `must be a string`.
    package var message: String
}

/// What validating has found.
package struct SchemaVerdict: Sendable {
    package var isValid: Bool
    /// In the order of the schema; empty unless they were asked for.
    package var errors: [SchemaError] = []
    /// There are more errors than were asked for.
    package var hasMore = false
    /// It was given up: the value costs more than it may.
    package var isTooCostly = false
    /// Members that no schema lists, as JSON Pointers; only if they were asked for.
    package var undocumented: [String] = []
}

/// What validating one value may cost.
package struct SchemaLimits: Sendable, Hashable {
    /// Schemas within schemas; each takes some of the stack.
    package var depth: Int
    /// Schemas asked, one for each value that one is asked about, and what looking through long texts costs.
    package var steps: Int

    package init(depth: Int = 512, steps: Int = 2_000_000) {
        self.depth = depth
        self.steps = steps
    }
}
