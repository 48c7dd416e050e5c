extension HeaderBlock {
    /// Whether a field of this name is there. Exact, and one bit test.
    package func contains(_ known: KnownField) -> Bool { present & known.bit != 0 }

    /// The first field of this name, or -1.
    package func firstIndex(of known: KnownField) -> Int {
        if present & known.bit == 0 { return -1 }
        return nextIndex(of: known, after: -1)
    }

    /// The next field of this name behind `index`, or -1.
    package func nextIndex(of known: KnownField, after index: Int) -> Int {
        var next = index + 1
        while next < fieldCount {
            // `next` is below `fieldCount`, and never negative: `index` is -1 or an index.
            let field = unsafe fields[next]
            if field.known == known && !field.isRemoved && known != .none { return next }
            next += 1
        }
        return -1
    }

    /// Whether a name without a `KnownField` may be there that has one of these lengths: see `lengthBit`.
    @inline(__always)
    package func mayHoldOther(ofLengths lengths: UInt64) -> Bool { otherLengths & lengths != 0 }

    /// The bit of a name's length; all from 63 bytes on share the last one.
    @inline(__always)
    package static func lengthBit(_ length: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: min(length, 63)) }

    /// The next field behind `index` whose name is this one in any case, or -1.
    ///
    /// - Parameter foldingUnderscores: takes `_` in the block's names for `-`, as servers with CGI-like interfaces do.
    ///   For names that must not be forged.
    package func firstIndex(
        named lowercaseName: Span<UInt8>, after index: Int = -1, foldingUnderscores: Bool = false
    ) -> Int {
        let known = KnownField.lookup(lowercaseName)
        if known != .none && !foldingUnderscores {
            return index < 0 ? firstIndex(of: known) : nextIndex(of: known, after: index)
        }
        let mayBeThere = (present & known.bit) | (otherLengths & Self.lengthBit(lowercaseName.count))
        if mayBeThere == 0 { return -1 }
        var next = index + 1
        while next < fieldCount {
            // Below `fieldCount`, as above.
            let field = unsafe fields[next]
            if !field.isRemoved && field.name.count == lowercaseName.count
                && name(of: field, equals: lowercaseName, foldingUnderscores: foldingUnderscores)
            {
                return next
            }
            next += 1
        }
        return -1
    }

    private func name(of field: Field, equals lowercaseName: Span<UInt8>, foldingUnderscores: Bool) -> Bool {
        let name = bytes(field.name)
        for index in name.indices {
            var byte = ByteClass.lowercase(name[index])
            if foldingUnderscores && byte == UInt8(ascii: "_") { byte = UInt8(ascii: "-") }
            if byte != lowercaseName[index] { return false }
        }
        return true
    }
}

extension HeaderBlock {
    /// The next field behind `index` that is not a known one and has this name, both in any case; or -1.
    func firstIndex(unknown name: Span<UInt8>, after index: Int) -> Int {
        var next = index + 1
        while next < fieldCount {
            // Below `fieldCount`.
            let field = unsafe fields[next]
            if field.known == .none && !field.isRemoved && field.name.count == name.count
                && Text.equalsFoldingCase(bytes(field.name), name)
            {
                return next
            }
            next += 1
        }
        return -1
    }
}
