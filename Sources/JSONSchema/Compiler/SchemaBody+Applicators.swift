internal import JSONStream

/// Keywords that apply other schemas.
extension SchemaBody {
    mutating func reference(_ compiler: inout SchemaCompiler) {
        if let value = value("$ref"), let target = target(value, "$ref", &compiler) {
            add(.call(compiler.schema(target.place, use)))
        }
        guard !dialect.isOpenAPI30, let value = value("$dynamicRef"),
            let target = target(value, "$dynamicRef", &compiler)
        else { return }
        let fallback = compiler.schema(target.place, use)
        // To any other place it is a plain reference (core §8.2.3.2).
        guard let name = target.dynamicAnchor else { return add(.call(fallback)) }
        add(.dynamicCall(compiler.dynamicTarget(name, use, fallback: fallback)))
    }

    private func target(
        _ value: JSONNode, _ keyword: String, _ compiler: inout SchemaCompiler
    ) -> SchemaRegistry.Target? {
        guard let text = value.string else {
            report(&compiler, keyword, "\(keyword) must be a string")
            return nil
        }
        guard let target = compiler.registry.resolve(text, from: resource) else {
            report(
                &compiler, keyword, "\(keyword) leads nowhere: \(text)",
                fix: "name a schema that is there, as in #/$defs/name")
            return nil
        }
        return target
    }

    mutating func applicators(_ compiler: inout SchemaCompiler) {
        object(&compiler)
        if !dialect.isOpenAPI30, let names = value("propertyNames") { add(.propertyNames(schema(names, &compiler))) }
        array(&compiler)
        for (name, make) in [
            ("allOf", Instruction.all), ("anyOf", Instruction.any), ("oneOf", Instruction.one),
        ] {
            guard let value = value(name) else { continue }
            guard value.isArray, value.element(0) != nil else {
                report(&compiler, name, "\(name) must be a list of schemas, one or more")
                continue
            }
            add(make(list(value, &compiler)))
        }
        if let negated = value("not") { add(.not(schema(negated, &compiler))) }
        guard !dialect.isOpenAPI30 else { return }
        if let condition = value("if") {
            let (then, otherwise) = (optional("then", &compiler), optional("else", &compiler))
            // Alone it can still say what was evaluated.
            add(.conditional(if: schema(condition, &compiler), then: then, else: otherwise))
        }
        if let dependent = value("dependentSchemas") {
            guard dependent.isObject else {
                return report(&compiler, "dependentSchemas", "dependentSchemas must be an object")
            }
            var table: [DependentSchema] = []
            for member in dependent.members {
                table.append(DependentSchema(name: member.nameBytes, schema: schema(member.value, &compiler)))
            }
            compiler.tables.dependentSchemas.append(table)
            add(.dependentSchemas(Int32(truncatingIfNeeded: compiler.tables.dependentSchemas.count - 1)))
        }
    }

    private func list(_ node: JSONNode, _ compiler: inout SchemaCompiler) -> SchemaList {
        let schemas = node.elements.map { schema($0, &compiler) }
        let start = compiler.tables.lists.count
        compiler.tables.lists += schemas
        return SchemaList(
            start: Int32(truncatingIfNeeded: start), count: Int32(truncatingIfNeeded: schemas.count))
    }

    private mutating func array(_ compiler: inout SchemaCompiler) {
        var prefix = SchemaList.empty
        if let value = value("prefixItems"), !dialect.isOpenAPI30 {
            if value.isArray, value.element(0) != nil {
                prefix = list(value, &compiler)
            } else {
                report(&compiler, "prefixItems", "prefixItems must be a list of schemas, one or more")
            }
        }
        if let items = value("items"), items.isArray {
            report(
                &compiler, "items", "items must be one schema",
                fix: "since draft 2020-12 a list of schemas stands in prefixItems")
        } else {
            let rest = optional("items", &compiler)
            if prefix.count > 0 || rest >= 0 { add(.array(prefix: prefix, rest: rest)) }
        }
        guard !dialect.isOpenAPI30, let contained = value("contains") else { return }
        // The counts belong to the validation vocabulary.
        let counts = dialect.vocabularies.contains(.validation)
        let minimum = counts ? bound("minContains", 1, &compiler) : 1
        let maximum = counts ? bound("maxContains", .max, &compiler) : .max
        add(.contains(schema(contained, &compiler), minimum: minimum, maximum: maximum))
    }

    private func bound(_ name: String, _ absent: Int, _ compiler: inout SchemaCompiler) -> Int {
        guard let value = value(name) else { return absent }
        guard let number = value.int64, number >= 0 else {
            report(&compiler, name, "\(name) must be a whole number, 0 or more")
            return absent
        }
        return Int(number)
    }

    // MARK: Objects

    private mutating func object(_ compiler: inout SchemaCompiler) {
        var order: [[UInt8]] = []
        var schemas: [[UInt8]: Int32] = [:]
        var isListed = false
        if let properties = value("properties") {
            if !properties.isObject { report(&compiler, "properties", "properties must be an object") }
            isListed = properties.isObject
            for member in properties.members {
                let name = member.nameBytes
                schemas[name] = schema(member.value, &compiler)
                order.append(name)
            }
        }
        var required: Set<[UInt8]> = []
        if let list = value("required"), dialect.vocabularies.contains(.validation) {
            for name in names(list, "required", &compiler) where !isOfOtherSide(name, &compiler) {
                required.insert(name)
                if schemas[name] == nil, !order.contains(name) { order.append(name) }
            }
        }
        var patterns: [ObjectRules.Pattern] = []
        if let list = value("patternProperties"), !dialect.isOpenAPI30 {
            if !list.isObject { report(&compiler, "patternProperties", "patternProperties must be an object") }
            isListed = isListed || list.isObject
            for member in list.members {
                let number = pattern(member.name, "patternProperties", &compiler)
                if number >= 0 {
                    patterns.append(.init(pattern: number, schema: schema(member.value, &compiler)))
                }
            }
        }
        let additional = optional("additionalProperties", &compiler)
        guard !order.isEmpty || !patterns.isEmpty || additional >= 0 || isListed else { return }
        compiler.tables.objects.append(
            ObjectRules(
                names: NameTable(order),
                slots: order.map {
                    ObjectRules.Slot(
                        name: String(decoding: $0, as: UTF8.self), schema: schemas[$0] ?? -1,
                        isRequired: required.contains($0))
                },
                patterns: patterns, additional: additional, required: required.count, listsMembers: isListed))
        add(.object(Int32(truncatingIfNeeded: compiler.tables.objects.count - 1)))
    }

    /// OpenAPI 3.0: `readOnly` members are required of responses only, `writeOnly` ones of requests.
    private func isOfOtherSide(_ name: [UInt8], _ compiler: inout SchemaCompiler) -> Bool {
        guard dialect.isOpenAPI30, use != .any, var property = value("properties")?.member(name) else { return false }
        // A few steps: what comes after that is a circle.
        for _ in 0..<8 {
            guard let text = property.member("$ref")?.string,
                let target = compiler.registry.resolve(text, from: resource)
            else { break }
            property = compiler.registry.documents[target.place.document].json.node(target.place.entry)
        }
        return property.member(use == .request ? "readOnly" : "writeOnly")?.bool == true
    }
}
