/// Makes the entries of a document in one pass.
struct JSONIndexBuilder: ~Copyable {
    var entries: [JSONDocument.Entry] = []
    private var tokenizer: JSONTokenizer
    private let refusesDuplicates: Bool
    /// The entry of the innermost open object or array.
    private var open: UInt32 = 0
    /// Reused by the search for duplicates: entries, and above them what tells their names apart.
    private var names = Stack<UInt64>(capacity: 32)

    init(limits: JSONLimits, duplicates: JSONDocument.Duplicates) {
        tokenizer = JSONTokenizer(limits: limits)
        refusesDuplicates = duplicates == .refuse
    }

    mutating func build(_ bytes: UnsafeBufferPointer<UInt8>) -> JSONError? {
        // For typical documents one allocation; each entry costs at least one byte of the document.
        entries.reserveCapacity(bytes.count / 8 + 4)
        let base = unsafe start(of: bytes)
        var at = 0
        while true {
            // The tokeniser stays within the count.
            let kind = unsafe tokenizer.advance(base, bytes.count, &at, true)
            switch kind {
            case .objectStart, .arrayStart:
                let index = UInt32(truncatingIfNeeded: entries.count)
                append(kind, next: open)
                open = index
            case .objectEnd, .arrayEnd:
                let index = Int(open)
                open = entries[index].next
                entries[index].next = UInt32(truncatingIfNeeded: entries.count)
                entries[index].end = UInt32(truncatingIfNeeded: at)
                if refusesDuplicates, kind == .objectEnd, let offset = unsafe duplicate(in: index, bytes) {
                    return JSONError(.duplicateKey, at: offset)
                }
            case .key, .string, .number, .true, .false, .null:
                append(kind, next: UInt32(truncatingIfNeeded: entries.count + 1))
            case .end: return nil
            case .needMore, .failed: return tokenizer.error
            }
        }
    }

    private mutating func append(_ kind: JSONToken.Kind, next: UInt32) {
        // All offsets and counts fit: the size of a document is limited to 2 GiB.
        entries.append(
            JSONDocument.Entry(
                start: UInt32(truncatingIfNeeded: tokenizer.start), end: UInt32(truncatingIfNeeded: tokenizer.end),
                next: next, kind: kind, isEscaped: tokenizer.flags & JSONToken.escaped != 0))
    }

    /// Where a name stands for the second time in the object at `index`.
    ///
    /// A few names are compared each with each, first by what tells most of them apart; many are sorted by their bytes,
    /// which no choice of names makes slow.
    private mutating func duplicate(in index: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        names.removeAll()
        var isEscaped = false
        var entry = index + 1
        while entry < entries.count {
            let name = entries[entry]
            isEscaped = isEscaped || name.isEscaped
            // With its quotes, a name has two bytes at least: the first and the last of these are within it.
            let first = unsafe UInt64(bytes[Int(name.start) + 1])
            let last = unsafe UInt64(bytes[Int(name.end) - 2])
            let size = UInt64(name.end &- name.start) & 0xFFFF
            names.append((first &<< 8 | last | size &<< 16) &<< 32 | UInt64(entry))
            entry = Int(entries[entry + 1].next)
        }
        guard names.count <= 16, !isEscaped else { return unsafe duplicateBySorting(bytes) }
        for second in 0..<names.count {
            for first in 0..<second where (names[first] ^ names[second]) &>> 32 == 0 {
                let (one, other) = (Int(names[first] & 0xFFFF_FFFF), Int(names[second] & 0xFFFF_FFFF))
                if unsafe compare(one, other, bytes) == 0 { return Int(entries[other].start) }
            }
        }
        return nil
    }

    private func duplicateBySorting(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var sorted = (0..<names.count).map { Int(names[$0] & 0xFFFF_FFFF) }
        // The pointer does not leave this call.
        sorted.sort { unsafe compare($0, $1, bytes) < 0 }
        var found: Int?
        for place in sorted.indices.dropFirst() {
            guard unsafe compare(sorted[place - 1], sorted[place], bytes) == 0 else { continue }
            let offset = Int(entries[max(sorted[place - 1], sorted[place])].start)
            found = min(found ?? offset, offset)
        }
        return found
    }

    private func compare(_ first: Int, _ second: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let (one, other) = (entries[first], entries[second])
        // The ranges are the tokeniser's; a name has two quotes.
        let left = unsafe Span(_unsafeElements: bytes).extracting(Int(one.start) + 1..<Int(one.end) - 1)
        let right = unsafe Span(_unsafeElements: bytes).extracting(Int(other.start) + 1..<Int(other.end) - 1)
        guard !one.isEscaped, !other.isEscaped else { return JSONText.compare(left, right) }
        for place in 0..<min(left.count, right.count) where left[place] != right[place] {
            return left[place] < right[place] ? -1 : 1
        }
        return left.count - right.count
    }
}
