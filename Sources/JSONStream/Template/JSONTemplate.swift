/// A body made from constants and from values of other bodies, compiled once.
///
/// In a template
/// - `$` and a string that begins with `$.` or `$[` is a JSONPath into the body;
/// - `$name`, `$name.…`, `$name[…]` is one into the input of that name: the claims, the request, another part; `$body`
///   is always the body;
/// - `$$` at the beginning stands for `$`; all else is a constant;
/// - a path to one value stands for that value, as it is written there; one that may find several, for an array of
///   what it finds; one that finds nothing leaves its member or element out;
/// - `{ each: path, map: template }` is an array with the template for each element of the array that is found, or for
///   each value if the path finds several; in `map`, `$` is that element. Nothing found leaves the member out;
/// - `{ when: path, value: template, else: template }` is the one or the other, as the path finds something or not;
///   `unless:` in place of `when:` turns it round. Without `else`, the member is left out.
///
/// Where the whole template comes to nothing, the result is `null`.
package struct JSONTemplate: Sendable {
    /// Why a template cannot be, and where in it: a JSON Pointer.
    package struct Problem: Error, Hashable, Sendable {
        package enum Code: Hashable, Sendable {
            case path(JSONPathError)
            /// The reference names an input that there is none of.
            case unknownInput(String)
            /// `each`, `when` and `unless` need a reference.
            case notAReference
            case duplicateName(String)
            case badNumber
            /// More than 64 levels.
            case tooDeep
        }

        package var code: Code
        package var pointer: String
        /// What is written there.
        package var text: String
    }

    package struct Problems: Error, Hashable, Sendable {
        package var problems: [Problem]
    }

    package enum Failure: Error, Hashable, Sendable {
        /// The paths look at more values than allowed.
        case tooCostly
        /// The result is larger than allowed.
        case tooLarge
    }

    /// Where a reference begins.
    enum Source: Sendable, Hashable {
        /// The body, or the element that `each` is at.
        case current
        case body
        case input(Int)
    }

    struct Reference: Sendable {
        var source: Source
        var path: JSONPath
        var isSingular: Bool
    }

    indirect enum Part: Sendable {
        /// JSON text without references.
        case constant([UInt8])
        case reference(Reference)
        /// The names with quotes and colon.
        case object([(name: [UInt8], value: Part)])
        case array([Part])
        case each(Reference, Part)
        case condition(Reference, isNegated: Bool, Part, otherwise: Part?)
    }

    let root: Part
    /// Which of the inputs are referred to, by their places in the list given.
    package let inputs: Set<Int>
    /// The body is referred to.
    package let needsBody: Bool

    /// - Parameter names: of the inputs that there are besides the body.
    package init(_ value: JSONTemplateValue, inputs names: [String] = []) throws(Problems) {
        var compiler = TemplateCompiler(names: names)
        root = compiler.part(value, "", depth: 0)
        guard compiler.problems.isEmpty else { throw Problems(problems: compiler.problems) }
        inputs = compiler.inputs
        needsBody = compiler.needsBody
    }
}

/// Turns values into parts and gathers what is wrong with them.
struct TemplateCompiler {
    let names: [String]
    var problems: [JSONTemplate.Problem] = []
    var inputs: Set<Int> = []
    var needsBody = false
    /// Templates of `each` around this place.
    private var nesting = 0

    init(names: [String]) { self.names = names }

    mutating func part(_ value: JSONTemplateValue, _ pointer: String, depth: Int) -> JSONTemplate.Part {
        guard depth < 64 else {
            problems.append(.init(code: .tooDeep, pointer: pointer, text: ""))
            return .constant([])
        }
        switch value {
        case .null: return .constant(Array("null".utf8))
        case .bool(let bool): return .constant(Array((bool ? "true" : "false").utf8))
        case .number(let text):
            if let node = try? JSONDocument(Array(text.utf8)).root, node.kind == .number {
                return .constant(Array(node.text))
            }
            problems.append(.init(code: .badNumber, pointer: pointer, text: text))
            return .constant([])
        case .string(let text):
            if let reference = reference(text, pointer) { return .reference(reference) }
            return .constant(JSONText.quoted(text.hasPrefix("$$") ? String(text.dropFirst()) : text))
        case .array(let elements):
            return Self.joined(
                elements.enumerated().map { part($1, "\(pointer)/\($0)", depth: depth + 1) })
        case .object(let members):
            return directive(members, pointer, depth) ?? object(members, pointer, depth)
        }
    }

    /// The reference that a string is; nil if it is a constant.
    private mutating func reference(_ text: String, _ pointer: String) -> JSONTemplate.Reference? {
        guard text.first == "$", !text.hasPrefix("$$") else { return nil }
        let rest = text.dropFirst()
        let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == "-" })
        let path = rest.dropFirst(name.count)
        guard path.isEmpty || path.first == "." || path.first == "[" else { return nil }
        let source: JSONTemplate.Source
        if name.isEmpty {
            source = .current
        } else if name == "body" {
            source = .body
        } else if let index = names.firstIndex(of: name) {
            source = .input(index)
            inputs.insert(index)
        } else {
            // `$5` and `$USD` are no references; `$claim.sub` is one that is mistaken.
            guard !path.isEmpty, name.first?.isLetter == true else { return nil }
            problems.append(.init(code: .unknownInput(name), pointer: pointer, text: text))
            return nil
        }
        if source == .body || (source == .current && nesting == 0) { needsBody = true }
        do {
            let compiled = try JSONPath("$" + path)
            return .init(source: source, path: compiled, isSingular: compiled.isSingular)
        } catch {
            // Offsets count in what is written.
            let moved = JSONPathError(error.code, at: error.offset + name.utf8.count)
            problems.append(.init(code: .path(moved), pointer: pointer, text: text))
            return nil
        }
    }

    private mutating func needed(_ value: JSONTemplateValue, _ pointer: String) -> JSONTemplate.Reference? {
        let count = problems.count
        guard case .string(let text) = value else {
            problems.append(.init(code: .notAReference, pointer: pointer, text: ""))
            return nil
        }
        let reference = reference(text, pointer)
        if reference == nil, problems.count == count {
            problems.append(.init(code: .notAReference, pointer: pointer, text: text))
        }
        return reference
    }

    /// An object that means something other than itself: one with exactly the names that belong to it.
    private mutating func directive(
        _ members: [JSONTemplateValue.Member], _ pointer: String, _ depth: Int
    ) -> JSONTemplate.Part? {
        let names = members.map(\.name).sorted()
        func value(_ name: String) -> JSONTemplateValue? { members.first { $0.name == name }?.value }
        if names == ["each", "map"], let each = value("each"), let map = value("map") {
            let reference = needed(each, pointer + "/each")
            nesting += 1
            let inside = part(map, pointer + "/map", depth: depth + 1)
            nesting -= 1
            return reference.map { .each($0, inside) } ?? .constant([])
        }
        for (word, isNegated) in [("when", false), ("unless", true)] {
            guard [["value", word].sorted(), ["else", "value", word].sorted()].contains(names) else { continue }
            guard let condition = value(word), let first = value("value") else { continue }
            let reference = needed(condition, pointer + "/" + word)
            let inside = part(first, pointer + "/value", depth: depth + 1)
            let otherwise = value("else").map { part($0, pointer + "/else", depth: depth + 1) }
            return reference.map { .condition($0, isNegated: isNegated, inside, otherwise: otherwise) } ?? .constant([])
        }
        return nil
    }

    private mutating func object(
        _ members: [JSONTemplateValue.Member], _ pointer: String, _ depth: Int
    ) -> JSONTemplate.Part {
        var known: Set<String> = []
        var parts: [(name: [UInt8], value: JSONTemplate.Part)] = []
        for member in members {
            let step = member.name.replacing("~", with: "~0").replacing("/", with: "~1")
            let place = pointer + "/" + step
            if !known.insert(member.name).inserted {
                problems.append(.init(code: .duplicateName(member.name), pointer: place, text: member.name))
            }
            var name = JSONText.quoted(member.name)
            name.append(UInt8(ascii: ":"))
            parts.append((name, part(member.value, place, depth: depth + 1)))
        }
        // What holds no reference is one constant.
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (name, value) in parts {
            guard case .constant(let constant) = value else { return .object(parts) }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += name + constant
        }
        return .constant(text + [UInt8(ascii: "}")])
    }

    private static func joined(_ parts: [JSONTemplate.Part]) -> JSONTemplate.Part {
        var text: [UInt8] = [UInt8(ascii: "[")]
        for part in parts {
            guard case .constant(let constant) = part else { return .array(parts) }
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text += constant
        }
        return .constant(text + [UInt8(ascii: "]")])
    }
}
