internal import JSONStream

/// One pass over one value.
///
/// What `unevaluatedProperties` and `unevaluatedItems` ask is kept as marks: a stack of entries that some schema was
/// successfully asked about, and for each entry the height of its highest mark. A schema that asks remembers how high
/// the stack was when it began; an entry whose mark is above that was evaluated by the schema itself or by those that it
/// applies in place. What a branch has marked that then failed is taken off again.
struct SchemaRun {
    struct Mark {
        var entry: Int32
        /// The height of the entry's mark before this one; 0: there was none.
        var earlier: Int32
    }

    let document: JSONDocument
    let entries: [JSONDocument.Entry]
    let bytes: [UInt8]
    let program: SchemaProgram
    let tables: SchemaProgram.Tables
    let scratch: PatternScratch
    let isDynamic: Bool
    let tracksEvaluated: Bool

    private var depth: Int
    var steps: Int
    private(set) var isTooCostly = false
    /// Errors that are wanted; 0: none.
    private let wanted: Int
    /// Above 0: in a branch that may fail, about which nothing is said.
    private var silence = 0
    private(set) var errors: [SchemaError] = []
    var marks: [Mark]
    var stamps: [Int32] = []
    /// The resources that were entered, the outermost first.
    private var scope: [Int32] = []
    /// By entry: 1, it is listed; 2, it is an object whose schema lists members. Empty: nobody asks.
    var listed: [UInt8] = []

    init(
        document: JSONDocument, program: SchemaProgram, scratch: PatternScratch, limits: SchemaLimits, wanted: Int,
        marks: [Mark]
    ) {
        self.document = document
        entries = document.entries
        bytes = document.bytes
        self.program = program
        tables = program.tables
        self.scratch = scratch
        isDynamic = program.isDynamic
        tracksEvaluated = program.tracksEvaluated
        depth = limits.depth
        steps = limits.steps
        self.wanted = wanted
        self.marks = marks
    }

    // MARK: Schemas

    /// Whether the value at entry `at` fits schema `id`.
    ///
    /// - Parameter collects: somebody around asks what of this very value was evaluated.
    mutating func evaluate(_ id: Int32, _ at: Int, collects: Bool) -> Bool {
        let node = tables.nodes[Int(id)]
        if node.start == node.end { return true }
        guard depth > 0, steps > 0 else { return giveUp() }
        depth -= 1
        steps -= 1
        defer { depth += 1 }
        let entersResource = isDynamic && scope.last != node.resource
        if entersResource { scope.append(node.resource) }
        defer { if entersResource { scope.removeLast() } }

        let height = marks.count
        let collectsHere = collects || node.asksForEvaluated
        let kind = entries[at].kind
        var fits = true
        var place = Int(node.start)
        while place < Int(node.end) {
            if !step(tables.instructions[place], at, kind, id, collectsHere, height) {
                fits = false
                if !isReporting { break }
            }
            place += 1
        }
        if node.asksForEvaluated, !collects { forget(above: height) }
        return fits
    }

    @inline(__always)
    private mutating func step(
        _ instruction: Instruction, _ at: Int, _ kind: JSONToken.Kind, _ id: Int32, _ collects: Bool, _ height: Int
    ) -> Bool {
        switch instruction {
        case .never: return fail(id, "", at) { "is not allowed here" }
        case .type(let types): return has(types, at, kind) || fail(id, "type", at) { "must be \(types.description)" }
        case .constant(let place): return isConstant(Int(place), at, id)
        case .enumeration(let place): return isListed(Int(place), at, id)
        case .call(let schema): return evaluate(schema, at, collects: collects)
        case .dynamicCall(let place): return evaluate(dynamicTarget(Int(place)), at, collects: collects)
        case .all(let list): return all(list, at, collects)
        case .any(let list): return any(list, at, id, collects)
        case .one(let list): return one(list, at, id, collects)
        case .not(let schema): return not(schema, at, id)
        case .conditional(let condition, let then, let otherwise):
            if speculate(condition, at, collects) { return then < 0 || evaluate(then, at, collects: collects) }
            return otherwise < 0 || evaluate(otherwise, at, collects: collects)

        case .object(let place):
            return kind != .objectStart || object(Int(place), at, id, collects)
        case .propertyNames(let schema):
            return kind != .objectStart || propertyNames(schema, at, id)
        case .minProperties(let minimum):
            return kind != .objectStart || count(at, isObject: true, upTo: minimum) >= minimum
                || fail(id, "minProperties", at) { "must have \(minimum) members or more" }
        case .maxProperties(let maximum):
            return kind != .objectStart || count(at, isObject: true, upTo: maximum &+ 1) <= maximum
                || fail(id, "maxProperties", at) { "must have \(maximum) members or fewer" }
        case .dependentRequired(let place):
            return kind != .objectStart || dependentRequired(Int(place), at, id)
        case .dependentSchemas(let place):
            return kind != .objectStart || dependentSchemas(Int(place), at, collects)
        case .unevaluatedProperties(let schema):
            return kind != .objectStart || unevaluated(schema, at, isObject: true, collects, height)

        case .array(let prefix, let rest):
            return kind != .arrayStart || array(prefix, rest, at, collects)
        case .contains(let schema, let minimum, let maximum):
            return kind != .arrayStart || contains(schema, minimum, maximum, at, id, collects)
        case .minItems(let minimum):
            return kind != .arrayStart || count(at, isObject: false, upTo: minimum) >= minimum
                || fail(id, "minItems", at) { "must have \(minimum) elements or more" }
        case .maxItems(let maximum):
            return kind != .arrayStart || count(at, isObject: false, upTo: maximum &+ 1) <= maximum
                || fail(id, "maxItems", at) { "must have \(maximum) elements or fewer" }
        case .uniqueItems: return kind != .arrayStart || uniqueItems(at, id)
        case .unevaluatedItems(let schema):
            return kind != .arrayStart || unevaluated(schema, at, isObject: false, collects, height)

        case .minLength(let minimum):
            return kind != .string || length(at) >= minimum
                || fail(id, "minLength", at) { "must have \(minimum) characters or more" }
        case .maxLength(let maximum):
            return kind != .string || length(at) <= maximum
                || fail(id, "maxLength", at) { "must have \(maximum) characters or fewer" }
        case .pattern(let place): return kind != .string || matches(Int(place), at, id)
        case .format(let format): return has(format, at, kind, id)
        case .bound(let place): return kind != .number || isWithin(Int(place), at, id)
        case .multipleOf(let place): return kind != .number || isMultiple(Int(place), at, id)
        }
    }

    /// The outermost resource in scope that has the anchor.
    private func dynamicTarget(_ place: Int) -> Int32 {
        let target = tables.dynamicTargets[place]
        for resource in scope {
            if let schema = target.byResource[resource] { return schema }
        }
        return target.fallback
    }

    // MARK: Combining

    private mutating func all(_ list: SchemaList, _ at: Int, _ collects: Bool) -> Bool {
        var fits = true
        for place in list.start..<list.start + list.count
        where !evaluate(tables.lists[Int(place)], at, collects: collects) {
            fits = false
            if !isReporting { return false }
        }
        return fits
    }

    private mutating func any(_ list: SchemaList, _ at: Int, _ id: Int32, _ collects: Bool) -> Bool {
        var fits = false
        for place in list.start..<list.start + list.count where speculate(tables.lists[Int(place)], at, collects) {
            fits = true
            // What the others have to say about evaluated members may still be asked for.
            if !collects { return true }
        }
        return fits || fail(id, "anyOf", at) { "fits none of the \(list.count) schemas of which it must fit one" }
    }

    private mutating func one(_ list: SchemaList, _ at: Int, _ id: Int32, _ collects: Bool) -> Bool {
        let height = marks.count
        var fitting = 0
        for place in list.start..<list.start + list.count where speculate(tables.lists[Int(place)], at, collects) {
            fitting += 1
            if fitting > 1 { break }
        }
        if fitting == 1 { return true }
        forget(above: height)
        return fail(id, "oneOf", at) {
            fitting == 0
                ? "fits none of the \(list.count) schemas of which it must fit exactly one"
                : "fits several of the schemas of which it must fit exactly one"
        }
    }

    private mutating func not(_ schema: Int32, _ at: Int, _ id: Int32) -> Bool {
        let height = marks.count
        let fits = speculate(schema, at, false)
        forget(above: height)
        // Given up is neither.
        if isTooCostly { return false }
        return !fits || fail(id, "not", at) { "fits a schema that it must not fit" }
    }

    /// A branch that may fail: nothing is said about it, and what it has marked is taken off when it does.
    mutating func speculate(_ schema: Int32, _ at: Int, _ collects: Bool) -> Bool {
        let height = marks.count
        silence += 1
        let fits = evaluate(schema, at, collects: collects)
        silence -= 1
        if !fits { forget(above: height) }
        return fits
    }

    // MARK: Marks

    @inline(__always)
    mutating func mark(_ entry: Int) {
        guard tracksEvaluated else { return }
        marks.append(Mark(entry: Int32(truncatingIfNeeded: entry), earlier: stamps[entry]))
        stamps[entry] = Int32(truncatingIfNeeded: marks.count)
    }

    private mutating func forget(above height: Int) {
        while marks.count > height {
            let mark = marks.removeLast()
            stamps[Int(mark.entry)] = mark.earlier
        }
    }

    /// `unevaluatedProperties`, `unevaluatedItems`.
    private mutating func unevaluated(
        _ schema: Int32, _ at: Int, isObject: Bool, _ collects: Bool, _ height: Int
    ) -> Bool {
        var fits = true
        var child = at + 1
        let end = Int(entries[at].next)
        while child < end {
            let value = isObject ? child + 1 : child
            child = Int(entries[value].next)
            if stamps[value] > height { continue }
            if !evaluate(schema, value, collects: false) {
                fits = false
                if !isReporting { return false }
            }
            if collects { mark(value) }
        }
        return fits
    }

    // MARK: Failing

    /// Errors are wanted, and this is not a branch that may fail.
    var isReporting: Bool { wanted > 0 && silence == 0 && errors.count <= wanted }

    /// False, and if that is wanted, why.
    mutating func fail(_ id: Int32, _ keyword: StaticString, _ at: Int, _ message: () -> String) -> Bool {
        guard isReporting else { return false }
        let location = tables.locations[Int(tables.nodes[Int(id)].location)]
        errors.append(
            SchemaError(
                pointer: Pointers.pointer(to: at, in: document),
                schema: keyword.utf8CodeUnitCount == 0 ? location : "\(location)/\(keyword)", message: message()))
        return false
    }

    mutating func giveUp() -> Bool {
        isTooCostly = true
        // Everything around comes to its end without going on.
        steps = 0
        return false
    }
}
