package import JSONStream

/// Compiles schemas into a program.
///
/// 1. `add` every document that schemas are in or refer to; `offer` those that are only read when something refers to
///    them. Nothing is ever fetched.
/// 2. `compile` each schema that is used. What it refers to is compiled along, each schema once, without recursion.
/// 3. `finish` gives the program, or everything that is wrong, each problem at its place.
///
/// Wrong is: a keyword with a value of another type than it must have, a pattern that is none, a reference that leads
/// nowhere, schemas that refer to each other without an end. Unknown keywords mean nothing (core §6.5).
package struct SchemaCompiler {
    struct Key: Hashable {
        var place: SchemaRegistry.Place
        var use: SchemaUse
    }

    var registry = SchemaRegistry()
    var tables = SchemaProgram.Tables()
    var problems: [SchemaProblem] = []
    let assertsFormats: Bool
    private var known: [Key: Int32] = [:]
    private var waiting: [(key: Key, index: Int32)] = []
    /// `$dynamicRef`s by name and use: which of the program's dynamic targets they are.
    private var dynamic: [DynamicKey: Int] = [:]
    private var places: [SchemaRegistry.Place] = []

    private struct DynamicKey: Hashable {
        var name: String
        var use: SchemaUse
        var fallback: Int32
    }

    /// - Parameter assertsFormats: `format` is a rule and not a remark (validation §7.2).
    package init(assertsFormats: Bool = false) { self.assertsFormats = assertsFormats }

    /// - Parameter isSchema: the whole document is a schema.
    package mutating func add(
        _ document: JSONDocument, uri: String, dialect: SchemaDialect = .draft2020, isSchema: Bool = true
    ) -> Int {
        registry.add(document, uri: uri, dialect: dialect, isSchema: isSchema)
    }

    package mutating func offer(_ document: JSONDocument, uri: String, dialect: SchemaDialect = .draft2020) {
        registry.addUnread(document, uri: uri, dialect: dialect)
    }

    /// Makes `$id` and anchors within a schema known that is only a part of its document.
    package mutating func read(_ node: JSONNode, in document: Int) {
        _ = registry.read(SchemaRegistry.Place(document: document, entry: node.index))
    }

    /// - Parameter node: a value of `document`.
    package mutating func compile(_ node: JSONNode, in document: Int, use: SchemaUse = .any) -> SchemaID {
        let place = SchemaRegistry.Place(document: document, entry: node.index)
        let index = schema(place, use)
        while let (key, index) = waiting.popLast() { compile(key, into: index) }
        return SchemaID(index: index)
    }

    package mutating func finish() throws(SchemaProblems) -> SchemaProgram {
        bindDynamicReferences()
        findEndlessReferences()
        let all = registry.problems + problems
        if !all.isEmpty { throw SchemaProblems(all) }
        return SchemaProgram(tables)
    }

    /// The program's number of a schema; compiled later if it is new.
    mutating func schema(_ place: SchemaRegistry.Place, _ use: SchemaUse) -> Int32 {
        let key = Key(place: place, use: use)
        if let index = known[key] { return index }
        let index = Int32(truncatingIfNeeded: tables.nodes.count)
        tables.nodes.append(SchemaProgram.Node())
        places.append(place)
        known[key] = index
        waiting.append((key, index))
        return index
    }

    private mutating func compile(_ key: Key, into index: Int32) {
        let resource = registry.read(key.place)
        let document = registry.documents[key.place.document].json
        var body = SchemaBody(
            node: document.node(key.place.entry), place: key.place, use: key.use, resource: resource,
            dialect: registry.resources[resource].dialect)
        body.compile(with: &self)
        var node = SchemaProgram.Node()
        node.start = Int32(truncatingIfNeeded: tables.instructions.count)
        tables.instructions += body.instructions
        node.end = Int32(truncatingIfNeeded: tables.instructions.count)
        node.resource = Int32(truncatingIfNeeded: resource)
        node.asksForEvaluated = body.asksForEvaluated
        node.location = Int32(truncatingIfNeeded: tables.locations.count)
        tables.locations.append(location(of: key.place))
        tables.nodes[Int(index)] = node
    }

    /// The document's name, if there are several that could be meant, and the pointer.
    private func location(of place: SchemaRegistry.Place) -> String {
        let document = registry.documents[place.document]
        return document.uri + "#" + Pointers.pointer(to: place.entry, in: document.json)
    }

    // MARK: Dynamic references

    mutating func dynamicTarget(_ name: String, _ use: SchemaUse, fallback: Int32) -> Int32 {
        let key = DynamicKey(name: name, use: use, fallback: fallback)
        if let known = dynamic[key] { return Int32(truncatingIfNeeded: known) }
        dynamic[key] = tables.dynamicTargets.count
        tables.dynamicTargets.append(SchemaProgram.DynamicTarget(fallback: fallback, byResource: [:]))
        return Int32(truncatingIfNeeded: tables.dynamicTargets.count - 1)
    }

    /// A resource counts when some schema of it is a part of the program; compiling its anchor may bring in others.
    private mutating func bindDynamicReferences() {
        var isComplete = dynamic.isEmpty
        while !isComplete {
            isComplete = true
            let used = Set(tables.nodes.map(\.resource))
            for (key, number) in dynamic {
                for resource in used where tables.dynamicTargets[number].byResource[resource] == nil {
                    let owner = registry.resources[Int(resource)]
                    guard let entry = owner.dynamicAnchors[key.name] else { continue }
                    let place = SchemaRegistry.Place(document: owner.document, entry: entry)
                    tables.dynamicTargets[number].byResource[resource] = schema(place, key.use)
                    isComplete = false
                }
            }
            while let (key, index) = waiting.popLast() { compile(key, into: index) }
        }
    }

    // MARK: References without an end

    /// Schemas that are asked about the same value, along which a circle would never end.
    private func inPlace(_ node: SchemaProgram.Node) -> [Int32] {
        var found: [Int32] = []
        for instruction in tables.instructions[Int(node.start)..<Int(node.end)] {
            switch instruction {
            case .call(let schema), .not(let schema): found.append(schema)
            case .all(let list), .any(let list), .one(let list):
                found += tables.lists[Int(list.start)..<Int(list.start + list.count)]
            case .conditional(let condition, let then, let otherwise):
                found += [condition, then, otherwise].filter { $0 >= 0 }
            case .dependentSchemas(let table): found += tables.dependentSchemas[Int(table)].map(\.schema)
            case .never, .type, .constant, .enumeration, .dynamicCall, .object, .propertyNames, .minProperties,
                .maxProperties, .dependentRequired, .array, .contains, .minItems, .maxItems, .uniqueItems, .minLength,
                .maxLength, .pattern, .format, .bound, .multipleOf, .unevaluatedItems, .unevaluatedProperties:
                break
            }
        }
        return found
    }

    private mutating func findEndlessReferences() {
        // 0: not seen, 1: on the way that is being walked, 2: done.
        var states = [UInt8](repeating: 0, count: tables.nodes.count)
        for start in tables.nodes.indices where states[start] == 0 {
            var way = [(index: start, next: inPlace(tables.nodes[start])[...])]
            states[start] = 1
            while let (index, next) = way.last {
                guard let step = next.first else {
                    states[index] = 2
                    way.removeLast()
                    continue
                }
                way[way.count - 1].next = next.dropFirst()
                let target = Int(step)
                if states[target] == 1 {
                    report(places[target], "", "this schema refers to itself without an end", fix: nil)
                } else if states[target] == 0 {
                    states[target] = 1
                    way.append((target, inPlace(tables.nodes[target])[...]))
                }
            }
        }
    }

    mutating func report(_ place: SchemaRegistry.Place, _ suffix: String, _ message: String, fix: String?) {
        let document = registry.documents[place.document]
        problems.append(
            SchemaProblem(
                uri: document.uri, pointer: Pointers.pointer(to: place.entry, in: document.json) + suffix,
                message: message, fix: fix))
    }
}

/// Everything that is wrong with some schemas.
package struct SchemaProblems: Error, Sendable {
    package let all: [SchemaProblem]

    init(_ all: [SchemaProblem]) {
        var seen: Set<SchemaProblem> = []
        self.all = all.filter { seen.insert($0).inserted }
    }
}
