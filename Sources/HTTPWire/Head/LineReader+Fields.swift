extension LineReader {
    /// Parses the field lines that are complete and adds them to the block; true when the empty line that ends the
    /// section was among them. The same for heads of both kinds and for trailers.
    mutating func readFields(into block: HeaderBlock, _ limits: HeadLimits) throws(WireError) -> Bool {
        while true {
            let start = lineStart
            // One quick attempt at each line, and only before any of it has been searched: were it repeated for a line
            // that comes byte by byte, its cost would grow with the square of the length.
            if searched == start && block.fieldCount < limits.fields {
                let next = FieldLineParser.parseAtOnce(block, from: start, limit: limits.head)
                if next >= 0 {
                    lineStart = next
                    searched = next
                    continue
                }
            }
            let end = try next(in: block, limit: limits.head, orThrow: .headTooLarge)
            if end < 0 { return false }
            move(behind: end)
            if end == start { return true }
            if block.fieldCount >= limits.fields { throw .tooManyFields }
            try FieldLineParser.parse(block, from: start, to: end)
        }
    }
}
