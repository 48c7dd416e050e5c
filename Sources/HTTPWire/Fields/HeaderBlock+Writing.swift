extension HeaderBlock {
    /// Appends all live fields as `Name: value\r\n` lines: names as they came, blanks around values as one space
    /// before.
    ///
    /// Canonical fields that stand next to each other in the arena, which is all of a head that nobody edited, go out
    /// as one copy. A removed field or one with another value ends such a run.
    package func write(into buffer: WireBuffer) {
        let base = unsafe arena.base
        var runStart = 0
        var runEnd = 0
        for index in 0..<fieldCount {
            // Below `fieldCount`.
            let field = unsafe fields[index]
            if field.isRemoved { continue }
            if _fastPath(field.isCanonical) {
                let start = Int(field.name.start)
                if start != runEnd {
                    // The offsets of a field lie within the arena; so does every run of fields.
                    unsafe buffer.append(base + runStart, runEnd &- runStart)
                    runStart = start
                }
                runEnd = field.value.end &+ 2
                continue
            }
            unsafe buffer.append(base + runStart, runEnd &- runStart)
            runStart = 0
            runEnd = 0
            // As above: name and value lie within the arena.
            unsafe buffer.append(base + Int(field.name.start), Int(field.name.count))
            buffer.append(": ")
            unsafe buffer.append(base + Int(field.value.start), Int(field.value.count))
            buffer.append("\r\n")
        }
        unsafe buffer.append(base + runStart, runEnd &- runStart)
    }

    /// Appends one field as a line.
    package func write(_ index: Int, into buffer: WireBuffer) {
        buffer.append(name(index))
        buffer.append(": ")
        buffer.append(value(index))
        buffer.append("\r\n")
    }
}
