/// Makes rules from operations.
struct RewriteCompiler {
    typealias Code = JSONRewritePlan.Problem.Code

    /// A node while names are still added to it.
    private struct Draft {
        var node = RewriteRules.Node()
        var names: [(name: [UInt8], child: Int32, target: Int32)] = []
        var positions: [RewriteRules.Position] = []
    }

    /// The first is the document.
    private var drafts: [Draft] = [Draft()]
    private var blocks = RewriteRules.Blocks()
    /// Names of inputs.
    private let inputs: [String]
    private(set) var templates: [JSONTemplate] = []

    init(inputs: [String] = []) { self.inputs = inputs }

    /// How a path ends, for operations that need to know.
    private struct End {
        var parent: Int
        var node: Int
        /// The name that leads from the one to the other, if it is one.
        var name: [UInt8]?
        var lookahead: JSONRewritePlan.Lookahead
    }

    mutating func add(_ operation: JSONRewritePlan.Operation) throws(Code) -> JSONRewritePlan.Lookahead {
        let ends = try ends(of: operation.target)
        var value = RewriteValue.text([])
        var readsDocument = false
        switch operation {
        case .set(_, let template): (value, readsDocument) = try made(template)
        case .default(let target, let template):
            guard Self.isPath(target) else { throw .needsPath }
            (value, readsDocument) = try made(template)
        case .remove, .keep, .rename, .move: break
        }
        var lookahead = ends.map(\.lookahead).max() ?? .none
        for end in ends {
            switch operation {
            case .remove: drafts[end.node].node.removes = true
            case .keep:
                drafts[end.node].node.keeps = true
                blocks.keeps = true
            case .rename(_, let new):
                if try rename(end, to: new) { lookahead = max(lookahead, .object) }
            case .set: try set(end, value, isDefault: false)
            case .default:
                guard end.name != nil else { throw .notAName }
                try set(end, value, isDefault: true)
            case .move: break
            }
        }
        return readsDocument ? .document : lookahead
    }

    /// What is set, and whether the document has to be known for it.
    private mutating func made(_ value: JSONTemplateValue) throws(Code) -> (RewriteValue, readsDocument: Bool) {
        let template: JSONTemplate
        do { template = try JSONTemplate(value, inputs: inputs) } catch { throw .template(error.problems) }
        if case .constant(let text) = template.root { return (.text(text), false) }
        templates.append(template)
        return (.made(templates.count - 1), template.needsBody)
    }

    /// False if that is the name it has.
    private mutating func rename(_ end: End, to new: String) throws(Code) -> Bool {
        guard let name = end.name else { throw .notAName }
        let newName = Array(new.utf8)
        guard name != newName else { return false }
        // Renames to one name are one to the rules, since in an object only one of them can have it.
        let known = blocks.renames.firstIndex { $0.name == newName }
        let rename = Int32(known ?? blocks.renames.count)
        if known == nil { blocks.renames.append((JSONText.quoted(new), newName)) }
        guard [-1, rename].contains(drafts[end.node].node.rename) else { throw .conflict }
        drafts[end.node].node.rename = rename
        drafts[end.parent].names[entry(newName, at: end.parent)].target = rename
        return true
    }

    /// - Returns: the path whose value is to be put into the slot, and taken out.
    mutating func addMove(_ from: String, _ to: String, slot: Int) throws(Code) -> JSONPath {
        guard Self.isPath(from), Self.isPath(to) else { throw .needsPath }
        let source = try path(from)
        let destination = try path(to)
        guard source.isSingular, !source.segments.isEmpty, !destination.segments.isEmpty else { throw .badMove }
        let names = destination.segments.map { segment -> [UInt8]? in
            guard destination.isSingular, case .name(let name) = segment.selectors[0] else { return nil }
            return name
        }
        guard names.allSatisfy({ $0 != nil }) else { throw .badMove }
        // Within the other is also what is the same.
        let common = zip(source.segments, names).allSatisfy { segment, name in
            if case .name(let own) = segment.selectors[0] { own == name } else { false }
        }
        guard !common else { throw .badMove }
        for end in try ends(of: to) { try set(end, .slot(slot), isDefault: false) }
        blocks.moves = true
        let taken = Int32(drafts.count)
        drafts.append(Draft())
        drafts[Int(taken)].node.removes = true
        blocks.marks.append((source, taken))
        return source
    }

    private mutating func set(_ end: End, _ value: RewriteValue, isDefault: Bool) throws(Code) {
        guard drafts[end.node].node.value < 0 else { throw .conflict }
        drafts[end.node].node.value = Int32(blocks.values.count)
        drafts[end.node].node.isDefault = isDefault
        blocks.values.append(value)
    }

    static func isPath(_ target: String) -> Bool {
        target == "$" || target.hasPrefix("$.") || target.hasPrefix("$[")
    }

    private func path(_ text: String) throws(Code) -> JSONPath {
        do { return try JSONPath(text) } catch { throw .path(error) }
    }

    // MARK: Nodes

    private mutating func ends(of target: String) throws(Code) -> [End] {
        guard Self.isPath(target) else {
            let loop = descendants(of: 0)
            let name = Array(target.utf8)
            return [End(parent: loop, node: child(name, of: loop), name: name, lookahead: .none)]
        }
        let path = try path(target)
        guard !path.segments.isEmpty else { throw .wholeDocument }
        // What is before the last segment that needs the whole document is looked up; from there on it is walked.
        var first = 0
        for (index, segment) in path.segments.enumerated() where !segment.selectors.allSatisfy(Self.isWalked) {
            first = index + 1
        }
        var start = End(parent: 0, node: 0, name: nil, lookahead: .none)
        if first > 0 {
            start.node = drafts.count
            start.lookahead = .document
            drafts.append(Draft())
            blocks.marks.append((JSONPath(Array(path.segments[..<first]), path.description), Int32(start.node)))
        }
        // A list of selectors is walked as so many paths.
        var ends = [start]
        for segment in path.segments[first...] {
            guard ends.count * segment.selectors.count <= 256 else { throw .tooMany }
            var next: [End] = []
            for end in ends {
                for selector in segment.selectors { next.append(step(selector, segment.isDescendant, from: end)) }
            }
            ends = next
        }
        return ends
    }

    private mutating func step(_ selector: JSONPath.Selector, _ isDescendant: Bool, from end: End) -> End {
        var next = end
        next.parent = isDescendant ? descendants(of: end.node) : end.node
        next.name = nil
        switch selector {
        case .name(let name):
            next.name = name
            next.node = child(name, of: next.parent)
        case .wildcard: next.node = wildcard(of: next.parent)
        case .index(let index): next.node = position(index, index + 1, 1, of: next.parent)
        case .slice(let first, let last, let step):
            next.node = position(first ?? 0, last ?? .max, step, of: next.parent)
        // Looked up, and so before the first that is walked.
        case .filter: break
        }
        return next
    }

    private static func isWalked(_ selector: JSONPath.Selector) -> Bool {
        switch selector {
        case .name, .wildcard: true
        case .index(let index): index >= 0
        case .slice(let start, let end, let step): start ?? 0 >= 0 && end ?? 0 >= 0 && step > 0
        case .filter: false
        }
    }

    private mutating func descendants(of node: Int) -> Int {
        if drafts[node].node.descendants >= 0 { return Int(drafts[node].node.descendants) }
        var draft = Draft()
        draft.node.loops = true
        drafts[node].node.descendants = Int32(drafts.count)
        drafts.append(draft)
        return drafts.count - 1
    }

    private mutating func entry(_ name: [UInt8], at node: Int) -> Int {
        if let index = drafts[node].names.firstIndex(where: { $0.name == name }) { return index }
        drafts[node].names.append((name, -1, -1))
        return drafts[node].names.count - 1
    }

    private mutating func child(_ name: [UInt8], of node: Int) -> Int {
        let entry = entry(name, at: node)
        if drafts[node].names[entry].child < 0 {
            drafts[node].names[entry].child = Int32(drafts.count)
            drafts.append(Draft())
        }
        return Int(drafts[node].names[entry].child)
    }

    private mutating func wildcard(of node: Int) -> Int {
        if drafts[node].node.wildcard < 0 {
            drafts[node].node.wildcard = Int32(drafts.count)
            drafts.append(Draft())
        }
        return Int(drafts[node].node.wildcard)
    }

    private mutating func position(_ first: Int, _ last: Int, _ step: Int, of node: Int) -> Int {
        for position in drafts[node].positions where position.first == first && position.last == last {
            if position.step == step { return Int(position.child) }
        }
        drafts[node].positions.append(.init(first: first, last: last, step: step, child: Int32(drafts.count)))
        drafts.append(Draft())
        return drafts.count - 1
    }

    /// Lays everything out flat.
    func finish() -> RewriteRules {
        var blocks = blocks
        for (index, draft) in drafts.enumerated() {
            var node = draft.node
            node.names = Int32(blocks.names.count)
            node.nameCount = Int32(draft.names.count)
            for entry in draft.names {
                // The name lives through the call.
                node.filter |= unsafe entry.name.withUnsafeBufferPointer {
                    unsafe RewriteRules.bit(start(of: $0), $0.count)
                }
                blocks.names.append(
                    .init(
                        start: Int32(blocks.bytes.count), count: Int32(entry.name.count), child: entry.child,
                        target: entry.target))
                blocks.bytes += entry.name
                blocks.quotedNames.append(JSONText.quoted(String(decoding: entry.name, as: UTF8.self)))
            }
            node.positions = Int32(blocks.positions.count)
            node.positionCount = Int32(draft.positions.count)
            blocks.positions += draft.positions
            node.adds = adds(index)
            blocks.adds = blocks.adds || node.adds
            blocks.nodes.append(node)
        }
        return RewriteRules(blocks)
    }

    /// A member may be missing below this node. Where the machine loops, nothing is missing: members that nobody has
    /// are not added to every object.
    private func adds(_ index: Int) -> Bool {
        let draft = drafts[index]
        guard !draft.node.loops else { return false }
        return draft.names.contains { $0.child >= 0 && (drafts[Int($0.child)].node.value >= 0 || adds(Int($0.child))) }
    }
}

extension JSONRewritePlan.Operation {
    fileprivate var target: String {
        switch self {
        case .remove(let target), .keep(let target), .rename(let target, _), .set(let target, _),
            .default(let target, _), .move(let target, _):
            target
        }
    }
}
