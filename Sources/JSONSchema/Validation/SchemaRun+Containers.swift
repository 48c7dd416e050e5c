internal import JSONStream

/// What is asked of objects and arrays.
extension SchemaRun {
    /// Members or elements; not counted beyond `limit`.
    func count(_ at: Int, isObject: Bool, upTo limit: Int) -> Int {
        var count = 0
        var child = at + 1
        let end = Int(entries[at].next)
        while child < end, count < limit {
            count += 1
            child = Int(entries[isObject ? child + 1 : child].next)
        }
        return count
    }

    // MARK: Objects

    /// One pass over the members: each is looked up by its name, matched against the patterns, or is an additional one.
    mutating func object(_ place: Int, _ at: Int, _ id: Int32, _ collects: Bool) -> Bool {
        let rules = tables.objects[place]
        var fits = true
        var required = 0
        if !listed.isEmpty, rules.listsMembers { listed[at] |= 2 }
        var key = at + 1
        let end = Int(entries[at].next)
        while key < end {
            let value = key + 1
            var isKnown = false
            var isListed = false
            let slot = find(key, in: rules.names)
            if slot >= 0 {
                let (schema, isRequired) = (rules.slots[slot].schema, rules.slots[slot].isRequired)
                if isRequired { required += 1 }
                if schema >= 0 {
                    isKnown = true
                    isListed = true
                    if !evaluate(schema, value, collects: false) { fits = false }
                }
            }
            var index = 0
            while index < rules.patterns.count {
                let rule = rules.patterns[index]
                index += 1
                switch match(Int(rule.pattern), key) {
                case .matches:
                    isKnown = true
                    isListed = true
                    if !evaluate(rule.schema, value, collects: false) { fits = false }
                case .fails: break
                case .tooCostly: return giveUp()
                }
            }
            if !isKnown, rules.additional >= 0 {
                isKnown = true
                // What has a schema of its own is described by it.
                isListed = tables.nodes[Int(rules.additional)].start < tables.nodes[Int(rules.additional)].end
                if !evaluate(rules.additional, value, collects: false) { fits = false }
            }
            if !fits, !isReporting { return false }
            if isKnown, collects { mark(value) }
            if isListed, !listed.isEmpty { listed[value] |= 1 }
            key = Int(entries[value].next)
        }
        guard required < rules.required else { return fits }
        return missing(rules, at, id)
    }

    /// Names that stand in a document twice are refused when it is read, so a count tells.
    private mutating func missing(_ rules: ObjectRules, _ at: Int, _ id: Int32) -> Bool {
        guard isReporting else { return false }
        var seen: Set<Int> = []
        var key = at + 1
        while key < Int(entries[at].next) {
            seen.insert(find(key, in: rules.names))
            key = Int(entries[key + 1].next)
        }
        for (place, slot) in rules.slots.enumerated() where slot.isRequired && !seen.contains(place) {
            _ = fail(id, "required", at) { "misses the member \"\(slot.name)\"" }
        }
        return false
    }

    private func find(_ key: Int, in names: NameTable) -> Int {
        let entry = entries[key]
        if entry.isEscaped {
            let name = ValueComparison.text(placed(key))
            return names.find(name.span, 0, name.count)
        }
        return names.find(bytes.span, Int(entry.start) + 1, Int(entry.end) - 1)
    }

    /// The entry of the member's value; -1: there is none.
    private func member(_ name: [UInt8], of at: Int) -> Int {
        var key = at + 1
        let end = Int(entries[at].next)
        while key < end {
            let entry = entries[key]
            let text = bytes.span.extracting(Int(entry.start) + 1..<Int(entry.end) - 1)
            if JSONText.equals(text, isEscaped: entry.isEscaped, name.span) { return key + 1 }
            key = Int(entries[key + 1].next)
        }
        return -1
    }

    mutating func propertyNames(_ schema: Int32, _ at: Int, _ id: Int32) -> Bool {
        var fits = true
        var key = at + 1
        let end = Int(entries[at].next)
        while key < end {
            if !name(key, fits: schema) {
                fits = false
                guard isReporting else { return false }
                _ = fail(id, "propertyNames", key + 1) { "has a name that is not allowed" }
            }
            key = Int(entries[key + 1].next)
        }
        return fits
    }

    /// A name is asked about as the string that it is: as a document of its own, of one entry.
    private mutating func name(_ key: Int, fits schema: Int32) -> Bool {
        let text = Array(bytes[range(key)])
        guard spend(on: key), let name = try? JSONDocument(text) else { return false }
        var run = SchemaRun(
            document: name, program: program, scratch: scratch,
            limits: SchemaLimits(depth: 128, steps: steps), wanted: 0, marks: [])
        run.stamps = [0]
        let fits = run.evaluate(schema, 0, collects: false)
        steps = run.steps
        if run.isTooCostly { return giveUp() }
        return fits
    }

    mutating func dependentRequired(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        var fits = true
        for rule in tables.dependentNames[place] where member(rule.name, of: at) >= 0 {
            for name in rule.required where member(name, of: at) < 0 {
                fits = false
                guard isReporting else { return false }
                _ = fail(id, "dependentRequired", at) {
                    let (missing, present) = (
                        String(decoding: name, as: UTF8.self), String(decoding: rule.name, as: UTF8.self)
                    )
                    return "misses the member \"\(missing)\", which goes with \"\(present)\""
                }
            }
        }
        return fits
    }

    mutating func dependentSchemas(_ place: Int, _ at: Int, _ collects: Bool) -> Bool {
        var fits = true
        for rule in tables.dependentSchemas[place] where member(rule.name, of: at) >= 0 {
            if !evaluate(rule.schema, at, collects: collects) {
                fits = false
                if !isReporting { return false }
            }
        }
        return fits
    }

    // MARK: Arrays

    mutating func array(_ prefix: SchemaList, _ rest: Int32, _ at: Int, _ collects: Bool) -> Bool {
        var fits = true
        var position: Int32 = 0
        var element = at + 1
        let end = Int(entries[at].next)
        while element < end {
            let schema = position < prefix.count ? tables.lists[Int(prefix.start + position)] : rest
            guard schema >= 0 else { break }
            if !evaluate(schema, element, collects: false) {
                fits = false
                if !isReporting { return false }
            }
            if collects { mark(element) }
            position &+= 1
            element = Int(entries[element].next)
        }
        return fits
    }

    mutating func contains(
        _ schema: Int32, _ minimum: Int, _ maximum: Int, _ at: Int, _ id: Int32, _ collects: Bool
    ) -> Bool {
        var found = 0
        var element = at + 1
        let end = Int(entries[at].next)
        while element < end {
            if speculate(schema, element, false) {
                found += 1
                if collects { mark(element) }
                if !collects, found >= minimum, maximum == .max || found > maximum { break }
            }
            element = Int(entries[element].next)
        }
        if isTooCostly { return false }
        if found < minimum {
            return fail(id, minimum == 1 ? "contains" : "minContains", at) {
                "must have \(minimum) or more elements of one kind, and has \(found)"
            }
        }
        return found <= maximum
            || fail(id, "maxContains", at) { "must have \(maximum) or fewer elements of one kind, and has more" }
    }

    mutating func uniqueItems(_ at: Int, _ id: Int32) -> Bool {
        guard spend(on: at) else { return false }
        guard let repeated = ValueComparison.firstRepeated(in: placed(at)) else { return true }
        return fail(id, "uniqueItems", repeated) { "must not stand in its array twice" }
    }

    // MARK: What no schema lists

    /// Members of objects whose schemas list members, and not these.
    func undocumented(limit: Int) -> [String] {
        var found: [String] = []
        var open = entries.isEmpty ? [] : [0]
        while let at = open.popLast(), found.count < limit {
            let isObject = entries[at].kind == .objectStart
            guard isObject || entries[at].kind == .arrayStart else { continue }
            var child = at + 1
            while child < Int(entries[at].next) {
                let value = isObject ? child + 1 : child
                if isObject, listed[at] & 2 != 0, listed[value] & 1 == 0 {
                    if found.count < limit { found.append(Pointers.pointer(to: value, in: document)) }
                } else {
                    open.append(value)
                }
                child = Int(entries[value].next)
            }
        }
        return found.sorted()
    }
}
