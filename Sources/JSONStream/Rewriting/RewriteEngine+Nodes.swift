/// Where the machine is in an object or array, and what has to be added at an object's end.
extension RewriteEngine {
    /// Goes to the nodes that the current value leads to.
    func enterNodes(_ frame: inout Frame) {
        frame.activeStart = active.count
        if frames.count > 0 {
            let parent = frames[frames.count - 1]
            for place in parent.activeStart..<parent.activeStart + parent.activeCount {
                // Active and matched are nodes of these rules, here and below.
                if unsafe rules.nodes[Int(active[place])].loops { enter(active[place], from: frame.activeStart) }
            }
        }
        for place in 0..<matched.count {
            let node = matched[place]
            enter(node, from: frame.activeStart)
            let descendants = unsafe rules.nodes[Int(node)].descendants
            if descendants >= 0 { enter(descendants, from: frame.activeStart) }
        }
        frame.activeCount = active.count - frame.activeStart
        frame.isSame = true
        frame.isPlain = frame.isKept && marks.isEmpty
        for place in frame.activeStart..<active.count {
            let node = unsafe rules.nodes[Int(active[place])]
            if !node.loops { frame.isSame = false }
            if node.wildcard >= 0 || node.positionCount > 0 { frame.isPlain = false }
        }
    }

    private func enter(_ node: Int32, from start: Int) {
        guard !active.contains(node, from: start) else { return }
        active.append(node)
    }

    /// At an object's end: writes members that are to be set, or have a default, and were not there.
    func addMissing(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        let frame = frames[frames.count - 1]
        for place in frame.activeStart..<frame.activeStart + frame.activeCount {
            // As in `enterNodes`; names are found by the places that the nodes give.
            let node = unsafe rules.nodes[Int(active[place])]
            guard node.adds else { continue }
            for index in Int(node.names)..<Int(node.names + node.nameCount) {
                let child = unsafe rules.names[index].child
                guard child >= 0, !hasSeen(child), hasValue(Int(child)) else { continue }
                unsafe cut(base, write)
                openLazily(write)
                separate(write)
                add(index, write)
                // Another path may end in the same name.
                markSeen(name(at: index))
            }
        }
    }

    private func name(at index: Int) -> [UInt8] {
        let entry = unsafe rules.names[index]
        return Array(rules.blocks.bytes[Int(entry.start)..<Int(entry.start + entry.count)])
    }

    /// There is something to add here or below.
    private func hasValue(_ index: Int) -> Bool {
        let node = unsafe rules.nodes[index]
        if node.value >= 0, text(of: node.value) != nil { return true }
        guard node.adds else { return false }
        for place in Int(node.names)..<Int(node.names + node.nameCount) {
            let child = unsafe rules.names[place].child
            if child >= 0, hasValue(Int(child)) { return true }
        }
        return false
    }

    /// Writes a member: its value, or an object of what is below. As deep as the paths of the rules are long.
    private func add(_ index: Int, _ write: (Span<UInt8>) -> Void) {
        output.append(rules.blocks.quotedNames[index], write)
        output.append(byte: UInt8(ascii: ":"), write)
        let node = unsafe rules.nodes[Int(rules.names[index].child)]
        if node.value >= 0, let text = text(of: node.value) {
            // The array lives through the call.
            unsafe text.withUnsafeBufferPointer { unsafe output.append(start(of: $0), $0.count, write) }
            return
        }
        output.append(byte: UInt8(ascii: "{"), write)
        var isFirst = true
        for place in Int(node.names)..<Int(node.names + node.nameCount) {
            let child = unsafe rules.names[place].child
            guard child >= 0, hasValue(Int(child)) else { continue }
            if !isFirst { output.append(byte: UInt8(ascii: ","), write) }
            isFirst = false
            add(place, write)
        }
        output.append(byte: UInt8(ascii: "}"), write)
    }
}
