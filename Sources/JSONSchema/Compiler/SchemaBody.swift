internal import JSONStream

/// One schema while it is compiled: its keywords, looked up by name, become instructions in an order in which what is
/// cheap comes first and what asks for the results of others comes last.
struct SchemaBody {
    let node: JSONNode
    let place: SchemaRegistry.Place
    let use: SchemaUse
    let resource: Int
    let dialect: SchemaDialect
    private(set) var instructions: [Instruction] = []
    private(set) var asksForEvaluated = false
    private var members: [String: JSONNode] = [:]

    init(node: JSONNode, place: SchemaRegistry.Place, use: SchemaUse, resource: Int, dialect: SchemaDialect) {
        self.node = node
        self.place = place
        self.use = use
        self.resource = resource
        self.dialect = dialect
    }

    mutating func compile(with compiler: inout SchemaCompiler) {
        guard node.isObject else {
            switch node.bool {
            case true?: break
            case false?: instructions.append(.never)
            case nil:
                compiler.report(place, "", "a schema must be an object, true or false", fix: nil)
            }
            return
        }
        for member in node.members { members[member.name] = member.value }
        if dialect.isOpenAPI30, members["$ref"] != nil {
            // Nothing counts beside it (OpenAPI 3.0.3, Reference Object).
            reference(&compiler)
            return
        }
        if dialect.vocabularies.contains(.validation) { scalars(&compiler) }
        if let format = value("format")?.string.flatMap(Format.init),
            compiler.assertsFormats || dialect.vocabularies.contains(.formatAssertion)
        {
            add(.format(format))
        }
        reference(&compiler)
        if dialect.vocabularies.contains(.applicator) { applicators(&compiler) }
        if dialect.vocabularies.contains(.validation) { containers(&compiler) }
        if dialect.vocabularies.contains(.unevaluated) { unevaluated(&compiler) }
    }

    // MARK: Parts

    func value(_ name: String) -> JSONNode? { members[name] }

    mutating func add(_ instruction: Instruction) { instructions.append(instruction) }

    func report(_ compiler: inout SchemaCompiler, _ keyword: String, _ message: String, fix: String? = nil) {
        compiler.report(place, "/" + Pointers.escaped(keyword), message, fix: fix)
    }

    /// A schema below this one.
    func schema(_ node: JSONNode, _ compiler: inout SchemaCompiler) -> Int32 {
        compiler.schema(SchemaRegistry.Place(document: place.document, entry: node.index), use)
    }

    func optional(_ name: String, _ compiler: inout SchemaCompiler) -> Int32 {
        value(name).map { schema($0, &compiler) } ?? -1
    }

    /// A count, 0 or more.
    private func count(_ name: String, _ compiler: inout SchemaCompiler) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.int64, number >= 0 else {
            report(&compiler, name, "\(name) must be a whole number, 0 or more")
            return nil
        }
        return Int(number)
    }

    // MARK: Scalars

    private mutating func scalars(_ compiler: inout SchemaCompiler) {
        let isNullable = dialect.isOpenAPI30 && value("nullable")?.bool == true
        if let type = value("type") {
            if var types = types(type, &compiler) {
                if isNullable { types.insert(.null) }
                add(.type(types))
            }
        }
        if let constant = value("const"), !dialect.isOpenAPI30 {
            compiler.tables.constants.append(placed(constant))
            add(.constant(last(compiler.tables.constants.count)))
        }
        if let values = value("enum") {
            if values.isArray {
                compiler.tables.enumerations.append(Enumeration(values.elements.map(placed)))
                add(.enumeration(last(compiler.tables.enumerations.count)))
            } else {
                report(&compiler, "enum", "enum must be a list")
            }
        }
        bounds(&compiler)
        if let minimum = count("minLength", &compiler), minimum > 0 { add(.minLength(minimum)) }
        if let maximum = count("maxLength", &compiler) { add(.maxLength(maximum)) }
        if let text = value("pattern") {
            let pattern = pattern(text.string, "pattern", &compiler)
            if pattern >= 0 { add(.pattern(pattern)) }
        }
    }

    private func types(_ value: JSONNode, _ compiler: inout SchemaCompiler) -> TypeSet? {
        let names = value.isArray && !dialect.isOpenAPI30 ? Array(value.elements) : [value]
        var types: TypeSet = []
        for name in names {
            guard let text = name.string, let type = TypeSet(text) else {
                report(
                    &compiler, "type", "type must name null, boolean, object, array, number, integer or string")
                return nil
            }
            types.insert(type)
        }
        return types
    }

    private func placed(_ node: JSONNode) -> PlacedValue { PlacedValue(document: node.document, index: node.index) }

    private func last(_ count: Int) -> Int32 { Int32(truncatingIfNeeded: count - 1) }

    private mutating func bounds(_ compiler: inout SchemaCompiler) {
        let names: [(String, NumberBound.Kind)] = [
            ("minimum", .minimum), ("maximum", .maximum), ("exclusiveMinimum", .exclusiveMinimum),
            ("exclusiveMaximum", .exclusiveMaximum),
        ]
        for (name, kind) in names {
            guard let value = value(name) else { continue }
            var kind = kind
            if dialect.isOpenAPI30 {
                // `exclusiveMinimum: true` says something about `minimum`.
                if kind == .exclusiveMinimum || kind == .exclusiveMaximum {
                    if value.bool == nil { report(&compiler, name, "\(name) must be true or false in OpenAPI 3.0") }
                    continue
                }
                if kind == .minimum, self.value("exclusiveMinimum")?.bool == true { kind = .exclusiveMinimum }
                if kind == .maximum, self.value("exclusiveMaximum")?.bool == true { kind = .exclusiveMaximum }
            }
            guard let number = number(value, name, &compiler) else { continue }
            compiler.tables.bounds.append(
                NumberBound(
                    kind: kind, value: number, small: small(value), text: String(decoding: value.text, as: UTF8.self)))
            add(.bound(last(compiler.tables.bounds.count)))
        }
        guard let value = value("multipleOf"), let number = number(value, "multipleOf", &compiler) else { return }
        guard number.isDivisor else {
            return report(&compiler, "multipleOf", "multipleOf must be above 0 and have 19 digits or fewer")
        }
        compiler.tables.divisors.append(
            NumberDivisor(value: number, small: small(value), text: String(decoding: value.text, as: UTF8.self)))
        add(.multipleOf(last(compiler.tables.divisors.count)))
    }

    private func number(_ node: JSONNode, _ name: String, _ compiler: inout SchemaCompiler) -> ExactNumber? {
        guard node.kind == .number else {
            report(&compiler, name, "\(name) must be a number")
            return nil
        }
        return ValueComparison.number(placed(node))
    }

    private func small(_ node: JSONNode) -> Int64? {
        let bytes = node.document.bytes
        return ExactNumber.small(bytes.span.extracting(node.range))
    }

    /// -1: it is no pattern, which is reported.
    func pattern(_ text: String?, _ keyword: String, _ compiler: inout SchemaCompiler) -> Int32 {
        guard let text else {
            report(&compiler, keyword, "\(keyword) must be a string")
            return -1
        }
        do {
            compiler.tables.patterns.append(try SchemaPattern(text))
            compiler.tables.patternTexts.append(text)
            return last(compiler.tables.patterns.count)
        } catch {
            report(&compiler, keyword, "\(text) is no regular expression: \(error.message)")
            return -1
        }
    }

    // MARK: Counts of containers

    private mutating func containers(_ compiler: inout SchemaCompiler) {
        if let minimum = count("minItems", &compiler), minimum > 0 { add(.minItems(minimum)) }
        if let maximum = count("maxItems", &compiler) { add(.maxItems(maximum)) }
        if let minimum = count("minProperties", &compiler), minimum > 0 { add(.minProperties(minimum)) }
        if let maximum = count("maxProperties", &compiler) { add(.maxProperties(maximum)) }
        if let unique = value("uniqueItems") {
            switch unique.bool {
            case true?: add(.uniqueItems)
            case false?: break
            case nil: report(&compiler, "uniqueItems", "uniqueItems must be true or false")
            }
        }
        if let dependent = value("dependentRequired"), !dialect.isOpenAPI30 {
            guard dependent.isObject else {
                return report(&compiler, "dependentRequired", "dependentRequired must be an object")
            }
            var table: [DependentNames] = []
            for member in dependent.members {
                table.append(
                    DependentNames(
                        name: member.nameBytes, required: names(member.value, "dependentRequired", &compiler)))
            }
            compiler.tables.dependentNames.append(table)
            add(.dependentRequired(last(compiler.tables.dependentNames.count)))
        }
    }

    func names(_ node: JSONNode, _ keyword: String, _ compiler: inout SchemaCompiler) -> [[UInt8]] {
        let names = node.elements.compactMap(\.stringBytes)
        if !node.isArray || names.count != node.count {
            report(&compiler, keyword, "\(keyword) must be a list of names")
        }
        return names
    }

    private mutating func unevaluated(_ compiler: inout SchemaCompiler) {
        if let node = value("unevaluatedItems") {
            add(.unevaluatedItems(schema(node, &compiler)))
            asksForEvaluated = true
        }
        if let node = value("unevaluatedProperties") {
            add(.unevaluatedProperties(schema(node, &compiler)))
            asksForEvaluated = true
        }
    }
}
