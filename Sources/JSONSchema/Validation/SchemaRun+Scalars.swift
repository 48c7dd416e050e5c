internal import JSONStream

/// What is asked of strings and numbers.
extension SchemaRun {
    func has(_ types: TypeSet, _ at: Int, _ kind: JSONToken.Kind) -> Bool {
        switch kind {
        case .objectStart: return types.contains(.object)
        case .arrayStart: return types.contains(.array)
        case .string: return types.contains(.string)
        case .true, .false: return types.contains(.boolean)
        case .null: return types.contains(.null)
        case .number:
            if types.contains(.number) { return true }
            guard types.contains(.integer) else { return false }
            let text = bytes.span.extracting(range(at))
            // 1.0 is an integer (validation §6.1.1).
            return ExactNumber.small(text) != nil || ExactNumber(text).isInteger
        case .objectEnd, .arrayEnd, .key, .needMore, .end, .failed: return false
        }
    }

    func range(_ at: Int) -> Range<Int> { Int(entries[at].start)..<Int(entries[at].end) }

    func placed(_ at: Int) -> PlacedValue { PlacedValue(document: document, index: at) }

    /// The inside of a string that has no escapes.
    private func inside(_ at: Int) -> Range<Int> { Int(entries[at].start) + 1..<Int(entries[at].end) - 1 }

    mutating func isConstant(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        let constant = tables.constants[place]
        guard spend(on: at) else { return false }
        return ValueComparison.equal(constant, placed(at))
            || fail(id, "const", at) { "must be \(Self.shown([constant]))" }
    }

    mutating func isListed(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        let enumeration = tables.enumerations[place]
        guard spend(on: at) else { return false }
        return enumeration.contains(placed(at))
            || fail(id, "enum", at) { "must be one of \(Self.shown(enumeration.values))" }
    }

    /// Values of a schema, as far as a sentence has room for them.
    private static func shown(_ values: [PlacedValue]) -> String {
        var text = ""
        for value in values {
            let bytes = value.document.bytes[Int(value.entry.start)..<Int(value.entry.end)]
            if text.utf8.count + bytes.count > 160 { return text.isEmpty ? "another value" : text + " …" }
            if !text.isEmpty { text += ", " }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    /// Looking through a value costs by its size.
    mutating func spend(on at: Int) -> Bool {
        steps -= Int(entries[at].end &- entries[at].start) >> 5
        return steps > 0 || giveUp()
    }

    // MARK: Strings

    /// Characters are code points (validation §6.3.1).
    func length(_ at: Int) -> Int {
        var count = 0
        if entries[at].isEscaped {
            for byte in ValueComparison.text(placed(at)) where byte & 0xC0 != 0x80 { count += 1 }
            return count
        }
        let range = inside(at)
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] & 0xC0 != 0x80 { count += 1 }
            index += 1
        }
        return count
    }

    mutating func matches(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        switch match(place, at) {
        case .matches: return true
        case .fails:
            let pattern = tables.patternTexts[place]
            return fail(id, "pattern", at) { "must match \(pattern)" }
        case .tooCostly: return giveUp()
        }
    }

    /// Of a string or name.
    mutating func match(_ place: Int, _ at: Int) -> PatternScratch.Outcome {
        guard spend(on: at) else { return .tooCostly }
        let pattern = tables.patterns[place]
        if entries[at].isEscaped {
            let text = ValueComparison.text(placed(at))
            return scratch.match(pattern, text.span)
        }
        return scratch.match(pattern, bytes.span.extracting(inside(at)))
    }

    mutating func has(_ format: Format, _ at: Int, _ kind: JSONToken.Kind, _ id: Int32) -> Bool {
        if format.isOfNumbers {
            guard kind == .number else { return true }
            let number = JSONNumber.int64(bytes.span.extracting(range(at)))
            let fits = number.map { format == .int64 || Int32(exactly: $0) != nil } ?? false
            return fits || fail(id, "format", at) { "must be a number of the format \(format.name)" }
        }
        guard kind == .string else { return true }
        guard spend(on: at) else { return false }
        let fits: Bool
        if entries[at].isEscaped {
            let text = ValueComparison.text(placed(at))
            fits = format.accepts(text.span)
        } else {
            fits = format.accepts(bytes.span.extracting(inside(at)))
        }
        return fits || fail(id, "format", at) { "must be a string of the format \(format.name)" }
    }

    // MARK: Numbers

    mutating func isWithin(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        let bound = tables.bounds[place]
        let bytes = bytes
        let text = bytes.span.extracting(range(at))
        let order: Int
        if let small = bound.small, let number = ExactNumber.small(text) {
            order = number < small ? -1 : number == small ? 0 : 1
        } else {
            guard spend(on: at) else { return false }
            order = ExactNumber(text).compare(bound.value)
        }
        if bound.admits(order) { return true }
        switch bound.kind {
        case .minimum: return fail(id, "minimum", at) { "must be \(bound.text) or more" }
        case .maximum: return fail(id, "maximum", at) { "must be \(bound.text) or less" }
        case .exclusiveMinimum: return fail(id, "exclusiveMinimum", at) { "must be more than \(bound.text)" }
        case .exclusiveMaximum: return fail(id, "exclusiveMaximum", at) { "must be less than \(bound.text)" }
        }
    }

    mutating func isMultiple(_ place: Int, _ at: Int, _ id: Int32) -> Bool {
        let divisor = tables.divisors[place]
        let bytes = bytes
        let text = bytes.span.extracting(range(at))
        let fits: Bool
        if let small = divisor.small, let number = ExactNumber.small(text) {
            fits = number % small == 0
        } else {
            guard spend(on: at) else { return false }
            fits = ExactNumber(text).isMultiple(of: divisor.value)
        }
        return fits || fail(id, "multipleOf", at) { "must be a multiple of \(divisor.text)" }
    }
}
