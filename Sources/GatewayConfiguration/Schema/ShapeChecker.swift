/// Walks the document along the vocabulary: unknown keys, wrong types, values out of range, missing keys.
///
/// It reports everything that one value, or one mapping, shows by itself. References between parts are the business of
/// `CrossReferences`, after decoding.
struct ShapeChecker {
    let document: Document
    var findings: Findings

    init(document: Document, findings: Findings = Findings()) {
        self.document = document
        self.findings = findings
    }

    /// - Parameter name: the key that the value belongs to, as messages begin with it.
    mutating func check(_ id: NodeID, against shape: Shape, name: String) {
        let kind = document.node(id).kind
        switch shape {
        case .anything:
            break
        case .scalar(let scalarKind):
            guard kind == .plain || kind == .quoted else {
                return wrongKind(id, name, wanted: scalarKind.typeName)
            }
            check(id, scalar: scalarKind, name: name)
        case .list(let element):
            guard kind == .sequence else {
                let fix = kind == .mapping ? "begin each element with - " : "write it as a list: [ … ]"
                return wrongKind(id, name, wanted: "a list", fix: fix)
            }
            checkElements(id, element, name)
        case .oneOrList(let element):
            if kind == .sequence { checkElements(id, element, name) } else { check(id, against: element, name: name) }
        case .map(let keys, let values):
            guard kind == .mapping else { return wrongKind(id, name, wanted: "a mapping") }
            for (key, value) in document.entries(id) {
                let text = document.text(key)
                if let problem = keys.problem(in: CoreScalar(text: text, quoted: true)) {
                    report(problem, at: key, name: name, value: quote(text), substituted: false)
                }
                check(value, against: values, name: text)
            }
        case .object(let object):
            guard kind == .mapping else { return wrongKind(id, name, wanted: "a mapping") }
            check(id, object: object)
        case .choice(let alternatives):
            check(id, choice: alternatives, name: name)
        }
    }

    private mutating func checkElements(_ id: NodeID, _ element: Shape, _ name: String) {
        for child in document.children(id) { check(child, against: element, name: name) }
    }

    // MARK: Mappings

    /// Unknown keys, each known one along its shape, missing ones, then the rules that tie keys together. A key that was
    /// probably misspelt counts as present: one mistake, one message.
    private mutating func check(_ id: NodeID, object: ObjectShape) {
        // By position of the field; no mapping of the vocabulary has as many as 64 keys.
        var present: UInt64 = 0
        var guessed: UInt64 = 0
        for (key, value) in document.entries(id) {
            let symbol = document.nodes[Int(key.index)].first
            guard let index = object.index(symbol: symbol) else {
                if let key = reportUnknown(key, in: object) { guessed |= object.bit(of: key) }
                continue
            }
            let field = object.fields[index]
            present |= 1 << UInt64(index)
            check(value, against: field.shape, name: field.key.rawValue)
        }
        if object.requiredMask & ~(present | guessed) != 0 {
            for (index, field) in object.fields.enumerated()
            where field.isRequired && (present | guessed) & 1 << UInt64(index) == 0 {
                findings.error(
                    at: document.location(id), "the key \(quote(field.key.rawValue)) is missing",
                    fix: "add \(field.key.rawValue): …")
            }
        }
        for (rule, mask) in zip(object.rules, object.ruleMasks) {
            let count = (present & mask).nonzeroBitCount
            switch rule {
            case .exactlyOne where count == 1, .atLeastOne where count > 0, .atMostOne where count < 2: continue
            case .exactlyOne where count == 0, .atLeastOne:
                // A misspelt key that was probably one of these has been reported with what it should be.
                guard guessed & mask == 0 else { continue }
                findings.error(
                    at: document.location(id), "one of \(list(rule.keys)) is missing", fix: "add one of them")
            case .exactlyOne, .atMostOne:
                let found = rule.keys.filter { present & object.bit(of: $0) != 0 }
                findings.error(
                    at: document.location(id), "\(list(found)) exclude one another", fix: "keep one of them")
            }
        }
    }

    private func list(_ keys: [Key]) -> String { keys.map { quote($0.rawValue) }.joined(separator: ", ") }

    /// Returns the key that was probably meant.
    private mutating func reportUnknown(_ key: NodeID, in object: ObjectShape) -> Key? {
        let name = document.text(key)
        var message = "unknown key \(quote(name))"
        var meant: Key?
        var fix = "known here: \(object.fields.map(\.key.rawValue).joined(separator: ", "))"
        if findings.wantsSuggestion(among: object.fields.count),
            let near = EditDistance.nearest(to: name, among: object.fields.lazy.map(\.key.rawValue))
        {
            message += "; did you mean \(quote(near))?"
            fix = "write \(near)"
            meant = Key(rawValue: near)
        }
        findings.error(at: document.location(key), message, fix: fix)
        return meant
    }

    // MARK: Scalars

    private mutating func check(_ id: NodeID, scalar kind: ScalarKind, name: String) {
        guard let scalar = document.scalar(id) else { return }
        if let problem = kind.problem(in: scalar) { report(problem, at: id, name: name) }
    }

    /// The alternatives are told apart by kind; where several scalars fit, one without a problem is enough.
    private mutating func check(_ id: NodeID, choice alternatives: [Shape], name: String) {
        let kind = document.node(id).kind
        let fitting = alternatives.filter { $0.fits(kind) }
        guard let last = fitting.last else {
            return wrongKind(id, name, wanted: alternatives.map(\.typeName).joined(separator: " or "))
        }
        if fitting.count > 1, let scalar = document.scalar(id) {
            for case .scalar(let scalarKind) in fitting where scalarKind.problem(in: scalar) == nil { return }
            let wanted = fitting.map(\.typeName).joined(separator: " or ")
            return report(Problem("is not \(wanted)", fix: "write \(wanted)"), at: id, name: name)
        }
        check(id, against: last, name: name)
    }

    /// A list where a mapping must stand, and so on.
    private mutating func wrongKind(_ id: NodeID, _ name: String, wanted: String, fix: String? = nil) {
        findings.error(
            at: document.location(id), "\(name): \(document.display(id)) stands where \(wanted) must",
            fix: fix ?? "write \(wanted)")
    }

    private mutating func report(_ problem: Problem, at id: NodeID, name: String) {
        // A reference that could not be resolved is an error of its own already.
        if document.isUnresolved(id) { return }
        let substituted = document.node(id).substituted
        report(problem, at: id, name: name, value: document.display(id), substituted: substituted)
    }

    private mutating func report(_ problem: Problem, at id: NodeID, name: String, value: String, substituted: Bool) {
        findings.error(
            document.diagnostic(problem, at: document.location(id), name: name, value: value, substituted: substituted))
    }
}

extension Document {
    /// Puts a problem into words, leaving out what must not be shown.
    func diagnostic(
        _ problem: Problem, at location: SourceLocation, name: String, value: String, substituted: Bool
    ) -> Diagnostic {
        var message = "\(name): \(value) \(problem.reason)"
        if let part = problem.part, !substituted, quote(part) != value { message += " (\(quote(part)))" }
        var fix = problem.fix
        if let suggestion = problem.suggestion, !substituted { fix = "write \(suggestion)" }
        return Diagnostic(.error, at: location, message, fix: fix)
    }
}

extension Shape {
    /// Whether a node of this kind could be meant for it.
    func fits(_ kind: Node.Kind) -> Bool {
        switch self {
        case .scalar: kind == .plain || kind == .quoted
        case .list: kind == .sequence
        case .map, .object: kind == .mapping
        case .oneOrList(let element): kind == .sequence || element.fits(kind)
        case .choice(let alternatives): alternatives.contains { $0.fits(kind) }
        case .anything: true
        }
    }
}

extension ObjectShape {
    func index(symbol: UInt32) -> Int? {
        guard symbol < UInt32(positions.count), positions[Int(symbol)] >= 0 else { return nil }
        return Int(positions[Int(symbol)])
    }

    func bit(of key: Key) -> UInt64 {
        index(symbol: UInt32(key.ordinal)).map { 1 << UInt64($0) } ?? 0
    }
}
