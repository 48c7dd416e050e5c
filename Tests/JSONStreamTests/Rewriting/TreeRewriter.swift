import JSONStream

/// The operations on a tree, written to be plainly right: what the streaming rewriter must do.
struct TreeRewriter {
    enum Step: Equatable {
        case name(String)
        case any
        case index(Int)
        case anywhere(String)
        case everything

        var text: String {
            switch self {
            case .name(let name): "['\(name)']"
            case .any: "[*]"
            case .index(let index): "[\(index)]"
            case .anywhere(let name): "..['\(name)']"
            case .everything: "..[*]"
            }
        }
    }

    enum Place: Equatable {
        case member(String)
        case element(Int)
    }

    enum Action: Equatable {
        case remove, keep
        case rename(String)
        case set(String)
        case fill(String)
        /// By a template that makes this, or nothing.
        case setMade(String?)
        case fillMade(String?)
    }

    /// What templates refer to, as `$in`.
    static let made = "{\"m\":[1,\"x\"]}"
    static let input = "{\"value\":\(made)}"

    struct Rule {
        var steps: [Step]
        /// Written as a plain name.
        var isPlain = false
        var action: Action

        var operation: JSONRewritePlan.Operation {
            var target = "$" + steps.map(\.text).joined()
            if isPlain, case .anywhere(let name) = steps[0] { target = name }
            switch action {
            case .remove: return .remove(target)
            case .keep: return .keep(target)
            case .rename(let name): return .rename(target, to: name)
            case .set(let text): return .set(target, Array(text.utf8))
            case .fill(let text): return .default(target, Array(text.utf8))
            case .setMade(let text): return .set(target, .string(text == nil ? "$in.nothing" : "$in.value"))
            case .fillMade(let text): return .default(target, .string(text == nil ? "$in.nothing" : "$in.value"))
            }
        }
    }

    var rules: [Rule]

    private var keeps: Bool { rules.contains { $0.action == .keep } }

    static func matches(_ steps: ArraySlice<Step>, _ place: ArraySlice<Place>) -> Bool {
        guard let step = steps.first else { return place.isEmpty }
        guard let first = place.first else { return false }
        let rest = steps.dropFirst()
        switch step {
        case .name(let name): return first == .member(name) && matches(rest, place.dropFirst())
        case .any: return matches(rest, place.dropFirst())
        case .index(let index): return first == .element(index) && matches(rest, place.dropFirst())
        case .anywhere(let name):
            if first == .member(name), matches(rest, place.dropFirst()) { return true }
            return matches(steps, place.dropFirst())
        case .everything:
            return matches(rest, place.dropFirst()) || matches(steps, place.dropFirst())
        }
    }

    /// Whether the place is an object that the last step of these is asked in.
    private static func isParent(_ steps: [Step], _ place: [Place]) -> Bool {
        switch steps[steps.count - 1] {
        case .anywhere, .everything:
            // Anywhere below a place that the steps before select.
            return (0...place.count).contains { matches(steps.dropLast(), place.prefix($0)) }
        default: return matches(steps.dropLast(), place[...])
        }
    }

    func rewrite(_ tree: Tree) -> Tree {
        if let result = self.tree(tree, [], isKept: !keeps) { return result }
        if case .array = tree { return .array([]) }
        return .object([])
    }

    private func actions(_ place: [Place]) -> [Action] {
        rules.filter { Self.matches($0.steps[...], place[...]) }.map(\.action)
    }

    private func value(_ actions: [Action]) -> String? {
        for action in actions {
            switch action {
            case .set(let text), .setMade(let text?): return text
            case .remove, .keep, .rename, .fill, .setMade(nil), .fillMade: continue
            }
        }
        return nil
    }

    private func removes(_ actions: [Action]) -> Bool { actions.contains(.remove) || actions.contains(.setMade(nil)) }

    private func rename(_ actions: [Action]) -> String? {
        for case .rename(let name) in actions { return name }
        return nil
    }

    /// Nil if it is only on the way and nothing in it is kept.
    private func tree(_ tree: Tree, _ place: [Place], isKept: Bool) -> Tree? {
        switch tree {
        case .scalar: return tree
        case .array(let elements):
            var output: [Tree] = []
            for (index, element) in elements.enumerated() {
                if let element = child(element, place + [.element(index)], isKept: isKept) { output.append(element) }
            }
            return isKept || !output.isEmpty ? .array(output) : nil
        case .object(let members): return object(members, place, isKept: isKept)
        }
    }

    private func child(_ child: Tree, _ place: [Place], isKept: Bool) -> Tree? {
        let actions = actions(place)
        if removes(actions) { return nil }
        if let text = value(actions) { return .scalar(text) }
        let isKept = isKept || actions.contains(.keep)
        guard isKept || child.isContainer else { return nil }
        return tree(child, place, isKept: isKept)
    }

    private func object(
        _ members: [(text: String, name: String, value: Tree)], _ place: [Place], isKept: Bool
    ) -> Tree? {
        func isSure(_ actions: [Action]) -> Bool {
            !removes(actions) && (isKept || actions.contains(.keep) || value(actions) != nil)
        }
        var output: [(text: String, name: String, value: Tree)] = []
        var present: Set<String> = []
        let made = Set(
            members.compactMap { member -> String? in
                let actions = actions(place + [.member(member.name)])
                return isSure(actions) ? rename(actions) : nil
            })
        var done: Set<String> = []
        // New names of renames that are asked in this object.
        let targets = Set(
            rules.compactMap { rule -> String? in
                guard case .rename(let name) = rule.action, Self.isParent(rule.steps, place) else { return nil }
                return name
            })
        for member in members {
            present.insert(member.name)
            let actions = actions(place + [.member(member.name)])
            let isSure = isSure(actions)
            if isSure, let name = rename(actions) {
                present.insert(name)
                guard done.insert(name).inserted else { continue }
                if let value = child(member.value, place + [.member(member.name)], isKept: isKept) {
                    output.append(("\"\(name)\"", name, value))
                }
                continue
            }
            if targets.contains(member.name), made.contains(member.name) || !isSure { continue }
            if let value = child(member.value, place + [.member(member.name)], isKept: isKept) {
                output.append((member.text, member.name, value))
            }
        }
        for (name, value) in missing(rules, place, present) { output.append(("\"\(name)\"", name, value)) }
        return isKept || !output.isEmpty || place.isEmpty ? .object(output) : nil
    }

    /// Members to add to the object at this place.
    private func missing(_ rules: [Rule], _ place: [Place], _ present: Set<String>) -> [(String, Tree)] {
        var added: [(String, Tree)] = []
        for rule in rules {
            let text: String
            switch rule.action {
            case .set(let value), .fill(let value), .setMade(let value?), .fillMade(let value?): text = value
            default: continue
            }
            for count in 0..<rule.steps.count where Self.matches(rule.steps[..<count], place[...]) {
                let names = rule.steps[count...].compactMap { if case .name(let name) = $0 { name } else { nil } }
                guard names.count == rule.steps.count - count, !present.contains(names[0]) else { continue }
                guard !added.contains(where: { $0.0 == names[0] }) else { continue }
                var value = Tree.scalar(text)
                for name in names.dropFirst().reversed() { value = .object([("\"\(name)\"", name, value)]) }
                added.append((names[0], value))
            }
        }
        return added
    }
}
