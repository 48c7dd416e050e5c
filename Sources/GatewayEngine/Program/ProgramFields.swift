internal import HTTPWire

/// Fields that Swift code sets: checked, since their values may come from anywhere, before they stand in a head.
enum ProgramFields {
    /// Whether they can stand in a message at all (RFC 9110 §5.1, §5.5).
    static func areValid(_ name: [UInt8], _ value: [UInt8]) -> Bool {
        FieldRules.isToken(name.span) && FieldRules.isFieldValue(value.span)
    }

    /// How a message is framed, and what concerns the connection, is the gateway's own affair: `Host` too, which says
    /// where a request goes.
    static func isFraming(_ name: [UInt8]) -> Bool {
        let known = KnownField.lookup(name.span)
        return known.isHopByHop || known == .contentLength || known == .host
    }

    /// Carries out edits; false: one of them is not possible, and the others behind it were left out.
    static func apply(_ edits: [ProgramEdit], to fields: HeaderBlock) -> Bool {
        for edit in edits {
            switch edit {
            case .set(let field):
                guard check(field) else { return false }
                remove(field.name, from: fields)
                append(field, to: fields)
            case .add(let field):
                guard check(field) else { return false }
                append(field, to: fields)
            case .remove(let name):
                guard !isFraming(Array(name.utf8)) else { return false }
                remove(name, from: fields)
            }
        }
        return true
    }

    private static func check(_ field: ProgramField) -> Bool {
        let name = Array(field.name.utf8)
        return areValid(name, Array(field.value.utf8)) && !isFraming(name)
    }

    private static func remove(_ name: String, from fields: HeaderBlock) {
        let lower = Array(name.utf8).map(PathBytes.lowercase)
        fields.removeAll(named: lower.span)
    }

    private static func append(_ field: ProgramField, to fields: HeaderBlock) {
        let (name, value) = (Array(field.name.utf8), Array(field.value.utf8))
        fields.append(name: name.span, value: value.span)
    }

    static func copies(of fields: HeaderBlock) -> [ProgramField] {
        var copies: [ProgramField] = []
        copies.reserveCapacity(fields.liveCount)
        for index in 0..<fields.count where !fields.field(index).isRemoved {
            copies.append(ProgramField(fields.name(index).text, fields.value(index).text))
        }
        return copies
    }
}

extension [ProgramField] {
    /// The same edits, for the policies that come after.
    mutating func apply(_ edits: [ProgramEdit]) {
        for edit in edits {
            switch edit {
            case .set(let field):
                removeAll { Self.equal($0.name, field.name) }
                append(field)
            case .add(let field): append(field)
            case .remove(let name): removeAll { Self.equal($0.name, name) }
            }
        }
    }

    private static func equal(_ one: String, _ other: String) -> Bool {
        one.utf8.count == other.utf8.count
            && zip(one.utf8, other.utf8).allSatisfy { PathBytes.lowercase($0) == PathBytes.lowercase($1) }
    }
}
