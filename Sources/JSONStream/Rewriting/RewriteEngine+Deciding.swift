/// What is done with a value, decided when its first token is there.
extension RewriteEngine {
    /// False if the value does not come out as it is: then it is skipped, and all that stands for it has been written.
    @inline(__always)
    func isWanted(
        isContainer: Bool, _ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void
    ) -> Bool {
        decision = .copied
        let top = frames.count &- 1
        guard top >= 0 else { return true }
        if frames[top].isObject {
            guard isPending else { return true }
        } else {
            if !matched.isEmpty { matched.removeAll() }
            if frames[top].isPlain { return true }
            matchElement()
        }
        return unsafe decide(isContainer: isContainer, base, write)
    }

    /// Finds what an element leads to.
    private func matchElement() {
        target = -1
        let top = frames.count - 1
        let index = frames[top].index
        frames[top].index += 1
        for place in frames[top].activeStart..<frames[top].activeStart + frames[top].activeCount {
            // Nodes and positions refer to each other by places that the compiler of the rules has made.
            let node = unsafe rules.nodes[Int(active[place])]
            if node.wildcard >= 0 { matched.append(node.wildcard) }
            for place in Int(node.positions)..<Int(node.positions + node.positionCount) {
                let position = unsafe rules.positions[place]
                guard index >= position.first, index < position.last else { continue }
                if (index - position.first) % position.step == 0 { matched.append(position.child) }
            }
        }
    }

    @inline(never)
    private func decide(
        isContainer: Bool, _ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void
    ) -> Bool {
        let isMember = isPending
        isPending = false
        if !marks.isEmpty { matchMarks() }
        var removes = false
        var keeps = false
        var value: Int32 = -1
        var rename: Int32 = -1
        for place in 0..<matched.count {
            // What is matched are nodes of these rules.
            let node = unsafe rules.nodes[Int(matched[place])]
            removes = removes || node.removes
            keeps = keeps || node.keeps
            if node.rename >= 0 { rename = node.rename }
            guard value < 0, node.value >= 0, !node.isDefault else { continue }
            if text(of: node.value) != nil {
                value = node.value
            } else if case .made = rules.blocks.values[Int(node.value)] {
                removes = true
            }
        }
        if removes, value < 0 || !rules.blocks.moves { return unsafe leaveOut(isContainer, base, write) }
        if !frames[frames.count - 1].isKept {
            if !keeps, value < 0 {
                guard isContainer, target < 0 else { return unsafe leaveOut(isContainer, base, write) }
                unsafe cut(base, write)
                decision = .onTheWay
                return true
            }
            decision = .kept
        }
        if isMember {
            guard isNameFree(rename, write) else { return unsafe leaveOut(isContainer, base, write) }
            openLazily(write)
            separate(write)
            if rename >= 0 {
                output.append(rules.blocks.renames[Int(rename)].text, write)
            } else if nameStart >= 0 {
                unsafe output.append(base + nameStart, nameEnd - nameStart, write)
            } else {
                output.append(name, write)
            }
            isBehindName = true
        } else if decision == .kept {
            unsafe cut(base, write)
            openLazily(write)
        }
        guard value >= 0, let text = text(of: value) else { return true }
        unsafe cut(base, write)
        separateValue(write)
        // The array lives through the call.
        unsafe text.withUnsafeBufferPointer { unsafe output.append(start(of: $0), $0.count, write) }
        unsafe endValue(base, write)
        return unsafe leaveOut(isContainer, base, write)
    }

    /// What a value is set to; nil if a move or a template found nothing.
    func text(of value: Int32) -> ArraySlice<UInt8>? {
        switch rules.blocks.values[Int(value)] {
        case .text(let text): text[...]
        case .slot(let slot): slots[slot]
        case .made(let number): made[number].map { $0[...] }
        }
    }

    private func matchMarks() {
        let offset = tokenizer.pieceStart + tokenizer.start
        while nextMark < marks.count, marks[nextMark].offset < offset { nextMark += 1 }
        while nextMark < marks.count, marks[nextMark].offset == offset {
            matched.append(marks[nextMark].node)
            nextMark += 1
        }
    }

    /// Skips the value. Always false.
    private func leaveOut(
        _ isContainer: Bool, _ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void
    ) -> Bool {
        unsafe cut(base, write)
        matched.removeAll()
        if isContainer {
            // The depth counts the container already.
            mode = .skip(depth: tokenizer.depth - 1)
        } else if tokenizer.flags & JSONToken.last == 0 {
            mode = .skip(depth: tokenizer.depth)
        }
        return false
    }

    // MARK: Renames

    /// Settles who has a name: false if this member must give way. One that may yet have to is held.
    private func isNameFree(_ rename: Int32, _ write: (Span<UInt8>) -> Void) -> Bool {
        if rename >= 0 {
            guard !hasSeen(-1 - rename) else { return false }
            seen.append(-1 - rename)
            markSeen(rules.blocks.renames[Int(rename)].name)
            takeBack(rename)
            return true
        }
        guard target >= 0 else { return true }
        guard !hasSeen(-1 - target) else { return false }
        openLazily(write)
        if holds.isEmpty { output.flush(write) }
        output.isHeld = true
        holds.append(
            Hold(
                depth: frames.count, rename: target, start: output.count, isFirst: !frames[frames.count - 1].hasContent)
        )
        return true
    }

    /// Removes from the output what has the name that the rename makes.
    private func takeBack(_ rename: Int32) {
        let depth = frames.count
        while let index = holds.lastIndex(where: { $0.rename == rename && $0.depth == depth }) {
            let hold = holds.remove(at: index)
            output.remove(hold.start..<hold.end)
            shift(behind: hold.end, by: hold.end - hold.start)
            guard hold.isFirst else { continue }
            // The next becomes the first, and has no comma then.
            guard output.hasComma(at: hold.start) else {
                frames[depth - 1].hasContent = false
                continue
            }
            output.remove(hold.start..<hold.start + 1)
            for other in holds.indices where holds[other].start == hold.start { holds[other].isFirst = true }
            shift(behind: hold.start + 1, by: 1)
        }
        if holds.isEmpty { output.isHeld = false }
    }

    private func shift(behind place: Int, by count: Int) {
        for index in holds.indices {
            if holds[index].start >= place { holds[index].start -= count }
            if holds[index].end >= place { holds[index].end -= count }
        }
    }

    /// The object at this depth has ended, and with it what could replace its members.
    func endHolds(depth: Int) {
        holds.removeAll { $0.depth == depth }
        if holds.isEmpty { output.isHeld = false }
    }

    // MARK: What is on the way

    /// Writes the beginnings of all objects and arrays that are open and not written.
    func openLazily(_ write: (Span<UInt8>) -> Void) {
        guard frames.count > 0, !frames[frames.count - 1].isOpen else { return }
        for index in 0..<frames.count where !frames[index].isOpen {
            frames[index].isOpen = true
            if index > 0 {
                if frames[index - 1].hasContent { output.append(byte: UInt8(ascii: ","), write) }
                frames[index - 1].hasContent = true
            }
            var end = lazyNames.count
            if index + 1 < frames.count { end = frames[index + 1].nameStart }
            let name = lazyNames[frames[index].nameStart..<end]
            if !name.isEmpty {
                // The array lives through the call.
                unsafe name.withUnsafeBufferPointer { unsafe output.append(start(of: $0), $0.count, write) }
                output.append(byte: UInt8(ascii: ":"), write)
            }
            output.append(byte: frames[index].isObject ? UInt8(ascii: "{") : UInt8(ascii: "["), write)
        }
    }
}
