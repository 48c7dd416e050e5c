extension HeaderBlock {
    /// Adds a field under its canonical name.
    package func append(_ known: KnownField, _ value: Span<UInt8>) {
        precondition(known != .none, "only a known field has a canonical name")
        let name = known.canonicalName
        // Both pointers are used within this call only; the name is constant data of the program.
        unsafe value.withUnsafeBufferPointer { value in
            unsafe appendLine(known, 0, name.utf8Start, name.utf8CodeUnitCount, value.baseAddress, value.count)
        }
    }

    package func append(_ known: KnownField, _ value: StaticString) {
        precondition(known != .none, "only a known field has a canonical name")
        let name = known.canonicalName
        // Both texts are constant data of the program.
        unsafe appendLine(
            known, 0, name.utf8Start, name.utf8CodeUnitCount, value.utf8Start, value.utf8CodeUnitCount)
    }

    /// Adds a field under the name as given. Name and value must be valid already: from a scanner, from HTTP/2's
    /// checks, or from the configuration's (`FieldRules.isToken`, `FieldRules.isFieldValue`).
    package func append(name: Span<UInt8>, value: Span<UInt8>) {
        let known = KnownField.lookup(name)
        var flags: UInt8 = 0
        if known == .none {
            for index in name.indices where name[index] == UInt8(ascii: "_") { flags = Field.underscored }
        }
        // The pointers are used within this call only.
        unsafe name.withUnsafeBufferPointer { name in
            unsafe value.withUnsafeBufferPointer { value in
                unsafe appendLine(known, flags, name.baseAddress, name.count, value.baseAddress, value.count)
            }
        }
    }

    /// The field gets this value and stands once: at the place of its first occurrence, or at the end if it was absent.
    package func set(_ known: KnownField, _ value: Span<UInt8>) {
        let first = firstIndex(of: known)
        guard first >= 0 else { return append(known, value) }
        let range = store(value)
        var index = nextIndex(of: known, after: first)
        while index >= 0 {
            remove(at: index)
            index = nextIndex(of: known, after: index)
        }
        setValue(at: first, to: range)
    }

    package func set(_ known: KnownField, _ value: StaticString) {
        // The text is constant data of the program, so the span outlives every use of it.
        set(known, unsafe Span(_unsafeStart: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    /// Gives a field another value out of this arena, keeping its name and its place.
    package func setValue(at index: Int, to range: ByteRange) {
        precondition(index >= 0 && index < fieldCount && range.end <= arena.count, "no such field or range")
        // Within the fields, as just checked.
        var field = unsafe fields[index]
        if !field.isRemoved { liveSize += Int(range.count) - Int(field.value.count) }
        field.value = range
        field.flags &= ~Field.canonical
        unsafe fields[index] = field
    }

    /// Marks a field as removed. Its index and its bytes stay.
    package func remove(at index: Int) {
        precondition(index >= 0 && index < fieldCount, "no such field")
        // Within the fields, as just checked.
        let field = unsafe fields[index]
        if field.isRemoved { return }
        unsafe fields[index].flags |= Field.removed
        liveSize -= field.lineSize
        guard field.known != .none else { return }
        // Another of the same name keeps the bit; most names stand once.
        if nextIndex(of: field.known, after: -1) < 0 { present &= ~field.known.bit }
    }

    package func remove(_ known: KnownField) {
        guard present & known.bit != 0 else { return }
        for index in 0..<fieldCount {
            // Below `fieldCount`.
            let field = unsafe fields[index]
            if field.known != known || field.isRemoved { continue }
            unsafe fields[index].flags |= Field.removed
            liveSize -= field.lineSize
        }
        present &= ~known.bit
    }

    /// Removes all fields of this name in any case; with `foldingUnderscores` also those that have `_` where the name
    /// has `-`. Identity headers are removed so: `X_User_Id` must not reach a service that takes it for `X-User-Id`.
    package func removeAll(named lowercaseName: Span<UInt8>, foldingUnderscores: Bool = false) {
        // Without any underscore in the block the folding search finds nothing more, and the plain one is quicker.
        let folding = foldingUnderscores && sawUnderscore
        var index = firstIndex(named: lowercaseName, foldingUnderscores: folding)
        while index >= 0 {
            remove(at: index)
            index = firstIndex(named: lowercaseName, after: index, foldingUnderscores: folding)
        }
    }

    /// Puts bytes into the arena that belong to no field, such as a path that had to be made.
    package func store(_ bytes: Span<UInt8>) -> ByteRange {
        let start = arena.count
        arena.append(bytes)
        return ByteRange(start, arena.count)
    }

    package func store(_ text: StaticString) -> ByteRange {
        let start = arena.count
        arena.append(text)
        return ByteRange(start, arena.count)
    }

    package func store(decimal value: Int) -> ByteRange {
        let start = arena.count
        arena.append(decimal: value)
        return ByteRange(start, arena.count)
    }

    /// All that was stored since the block had so many bytes.
    package func stored(since byteCount: Int) -> ByteRange {
        precondition(byteCount >= 0 && byteCount <= arena.count, "a block that was emptied since")
        return ByteRange(byteCount, arena.count)
    }

    /// Adds a field whose name is written in the program and has no `KnownField`, so that it need not be looked up.
    package func append(other name: StaticString, value: Span<UInt8>) {
        // The name is constant data of the program; the value is used within this call only.
        unsafe value.withUnsafeBufferPointer { value in
            unsafe appendLine(.none, 0, name.utf8Start, name.utf8CodeUnitCount, value.baseAddress, value.count)
        }
    }

    /// Adds `Name: value\r\n` to the arena and the field that describes it.
    func appendLine(
        _ known: KnownField, _ flags: UInt8, _ name: UnsafePointer<UInt8>?, _ nameSize: Int,
        _ value: UnsafePointer<UInt8>?, _ valueSize: Int
    ) {
        let size = nameSize + valueSize + 4
        // Name and value may lie in this arena; its old block lives until they are copied.
        let old = unsafe arena.makeRoom(size)
        let start = arena.count
        let line = unsafe arena.base.advanced(by: start)
        if let name = unsafe name { unsafe line.update(from: name, count: nameSize) }
        unsafe line[nameSize] = UInt8(ascii: ":")
        unsafe line[nameSize + 1] = UInt8(ascii: " ")
        if let value = unsafe value { unsafe line.advanced(by: nameSize + 2).update(from: value, count: valueSize) }
        unsafe line[size - 2] = UInt8(ascii: "\r")
        unsafe line[size - 1] = UInt8(ascii: "\n")
        arena.commit(size)
        unsafe old?.deallocate()
        addField(
            Field(
                name: ByteRange(start, start + nameSize),
                value: ByteRange(start + nameSize + 2, start + size - 2),
                known: known, flags: flags | Field.canonical))
    }

    /// Notes a field whose bytes are in the arena.
    @inline(__always)
    func addField(_ field: Field) {
        if _slowPath(fieldCount == fieldCapacity) { growFields() }
        // Room for one more, as just made sure.
        unsafe fields[fieldCount] = field
        fieldCount &+= 1
        if field.known == .none {
            otherLengths |= Self.lengthBit(Int(field.name.count))
        } else {
            present |= field.known.bit
        }
        if field.flags & Field.underscored != 0 { sawUnderscore = true }
        liveSize &+= field.lineSize
    }

    @inline(never)
    private func growFields() {
        let larger = UnsafeMutablePointer<Field>.allocate(capacity: fieldCapacity * 2)
        unsafe larger.update(from: fields, count: fieldCount)
        unsafe fields.deallocate()
        unsafe fields = larger
        fieldCapacity *= 2
    }
}

extension HeaderBlock.Field {
    /// `Name: value\r\n`.
    @inline(__always)
    var lineSize: Int { Int(name.count) &+ Int(value.count) &+ 4 }
}
