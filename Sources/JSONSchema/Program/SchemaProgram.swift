internal import JSONStream

/// Schemas, compiled: flat tables that are read and never changed, shared by all workers.
///
/// A schema is a run of instructions. References are resolved, names hashed, patterns compiled, numbers read; what is
/// left to do for a value is to walk its entries. Several schemas that refer to each other (all those of an OpenAPI
/// document) share one program.
package final class SchemaProgram: Sendable {
    struct Node: Sendable {
        var start: Int32 = 0
        var end: Int32 = 0
        /// The resource (core §4.3.5) that it is a part of.
        var resource: Int32 = 0
        /// It has `unevaluatedItems` or `unevaluatedProperties`.
        var asksForEvaluated = false
        var location: Int32 = 0
    }

    /// Where a `$dynamicRef` leads: to the outermost resource in the dynamic scope that has the anchor (core §8.2.3.2).
    struct DynamicTarget: Sendable {
        var fallback: Int32
        var byResource: [Int32: Int32]
    }

    struct Tables: Sendable {
        var nodes: [Node] = []
        var instructions: [Instruction] = []
        var lists: [Int32] = []
        var objects: [ObjectRules] = []
        var constants: [PlacedValue] = []
        var enumerations: [Enumeration] = []
        var dynamicTargets: [DynamicTarget] = []
        var dependentNames: [[DependentNames]] = []
        var dependentSchemas: [[DependentSchema]] = []
        var patterns: [SchemaPattern] = []
        var patternTexts: [String] = []
        var bounds: [NumberBound] = []
        var divisors: [NumberDivisor] = []
        /// Where schemas stand, for errors.
        var locations: [String] = []
    }

    let tables: Tables
    /// Something asks what was evaluated.
    let tracksEvaluated: Bool
    let isDynamic: Bool

    init(_ tables: Tables) {
        self.tables = tables
        tracksEvaluated = tables.nodes.contains { $0.asksForEvaluated }
        isDynamic = !tables.dynamicTargets.isEmpty
    }

    /// Schemas in all: what compiling has made of the documents.
    package var count: Int { tables.nodes.count }
}

/// A schema of a program.
package struct SchemaID: Sendable, Hashable {
    let index: Int32
}
