/// Makes the entries of a document in one pass.
struct JSONIndexBuilder: ~Copyable {
    var entries: [JSONDocument.Entry] = []
    private var tokenizer: JSONTokenizer
    private let refusesDuplicates: Bool
    /// The entry of the innermost open object or array.
    private var open: UInt32 = 0
    /// Reused by the search for duplicates.
    private var names: [Int] = []

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
    /// A few names are compared each with each; many are sorted by their bytes, which no choice of names makes slow.
    private mutating func duplicate(in index: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        names.removeAll(keepingCapacity: true)
        var entry = index + 1
        while entry < entries.count {
            names.append(entry)
            entry = Int(entries[entry + 1].next)
        }
        if names.count <= 8 {
            for second in names.indices {
                for first in 0..<second where unsafe compare(names[first], names[second], bytes) == 0 {
                    return Int(entries[names[second]].start)
                }
            }
            return nil
        }
        // The pointer does not leave this call.
        var sorted = names
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
        if !one.isEscaped, !other.isEscaped, left.count != right.count { return left.count < right.count ? -1 : 1 }
        return JSONText.compare(left, right)
    }
}
