/// Names: found at the nodes of their object, put aside if they lead somewhere.
extension RewriteEngine {
    /// A name, or a fragment of one.
    @inline(__always)
    func takeName(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        let flags = tokenizer.flags
        guard _fastPath(flags & JSONToken.whole == JSONToken.whole) else {
            unsafe takeFragment(base, write)
            return
        }
        // The token lies in the piece, here and below; a name has two quotes.
        let text = unsafe base + tokenizer.start
        let count = tokenizer.end &- tokenizer.start
        if !matched.isEmpty { matched.removeAll() }
        target = -1
        if flags & JSONToken.escaped == 0 {
            unsafe lookUp(text + 1, count &- 2)
        } else {
            unsafe lookUpEscaped(text, count)
        }
        let top = frames.count &- 1
        if _fastPath(matched.isEmpty && target < 0 && frames[top].isPlain) {
            if run < 0 {
                separate(write)
                run = tokenizer.start
            } else {
                frames[top].hasContent = true
            }
            lastEnd = tokenizer.end
            isBehindName = true
            return
        }
        unsafe cut(base, write)
        nameStart = tokenizer.start
        nameEnd = tokenizer.end
        isPending = true
    }

    /// The piece ends, or its name is needed beyond it.
    @inline(never)
    func keepName(_ base: UnsafePointer<UInt8>) {
        name.removeAll(keepingCapacity: true)
        unsafe name.append(contentsOf: UnsafeBufferPointer(start: base + nameStart, count: nameEnd - nameStart))
        nameStart = -1
    }

    /// Names that a piece cuts through are put together, and written only when all of them is known.
    @inline(never)
    private func takeFragment(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        if tokenizer.flags & JSONToken.first != 0 {
            unsafe cut(base, write)
            name.removeAll(keepingCapacity: true)
            nameStart = -1
        }
        unsafe name.append(
            contentsOf: UnsafeBufferPointer(start: base + tokenizer.start, count: tokenizer.end &- tokenizer.start))
        // A name waits like anything else.
        if name.count > output.limit { output.refuse() }
        guard tokenizer.flags & JSONToken.last != 0 else { return }
        if !matched.isEmpty { matched.removeAll() }
        target = -1
        let isEscaped = tokenizer.flags & JSONToken.escaped != 0
        // The array is not changed meanwhile.
        unsafe name.withUnsafeBufferPointer { bytes in
            guard let text = bytes.baseAddress else { return }
            if isEscaped {
                unsafe lookUpEscaped(text, bytes.count)
            } else {
                unsafe lookUp(text + 1, bytes.count &- 2)
            }
        }
        if matched.isEmpty, target < 0, frames[frames.count &- 1].isPlain {
            separate(write)
            output.append(name, write)
            isBehindName = true
        } else {
            isPending = true
        }
    }

    @inline(never)
    private func lookUpEscaped(_ text: UnsafePointer<UInt8>, _ count: Int) {
        decoded.removeAll(keepingCapacity: true)
        // Without the quotes; the array is not changed meanwhile.
        unsafe JSONText.unescape(Span(_unsafeStart: text + 1, count: count &- 2), into: &decoded)
        unsafe decoded.withUnsafeBufferPointer { unsafe lookUp(start(of: $0), $0.count) }
    }

    /// Finds what the name leads to.
    @inline(__always)
    private func lookUp(_ name: UnsafePointer<UInt8>, _ count: Int) {
        let top = frames.count &- 1
        let isPlain = frames[top].isPlain
        let first = frames[top].activeStart
        let bit = unsafe RewriteRules.bit(name, count)
        for place in first..<first &+ frames[top].activeCount {
            // What is active are nodes of these rules.
            let node = unsafe rules.nodes + Int(active[place])
            if unsafe node.pointee.filter & bit != 0 { unsafe found(name, count, at: Int(active[place])) }
            if !isPlain, unsafe node.pointee.wildcard >= 0 { unsafe matched.append(node.pointee.wildcard) }
        }
    }

    @inline(never)
    private func found(_ name: UnsafePointer<UInt8>, _ count: Int, at node: Int) {
        let index = unsafe rules.find(name, count, at: node)
        guard index >= 0 else { return }
        // The index is one of the rules' names.
        let entry = unsafe rules.names[index]
        if entry.target >= 0 { target = entry.target }
        guard entry.child >= 0 else { return }
        matched.append(entry.child)
        if adds { seen.append(entry.child) }
    }

    /// A member that was renamed counts as present under its new name.
    func markSeen(_ name: [UInt8]) {
        guard adds else { return }
        let top = frames.count - 1
        let range = frames[top].activeStart..<frames[top].activeStart + frames[top].activeCount
        // The array lives through the call, and the nodes are those of these rules.
        unsafe name.withUnsafeBufferPointer { bytes in
            for place in range {
                let index = unsafe rules.find(start(of: bytes), bytes.count, at: Int(active[place]))
                if index >= 0, unsafe rules.names[index].child >= 0 { unsafe seen.append(rules.names[index].child) }
            }
        }
    }

    func hasSeen(_ mark: Int32) -> Bool {
        seen.contains(mark, from: frames[frames.count - 1].seenStart)
    }
}
