internal import GatewayConfiguration
internal import HTTPWire
internal import JSONSchema
internal import JSONStream

/// Makes JSON of a request's parameters, as their styles say (OpenAPI 3.1 §4.8.12.3), and asks their schemas.
///
/// A text says nothing of its type, so the schema does: where it lets in a number and the text is one, it is that, and
/// likewise `true`, `false` and `null`; otherwise it is a string. A schema that says nothing of its type gets strings.
struct ParameterReader {
    private let program: SchemaProgram
    private let validator: SchemaValidator
    private let errors: Int
    private let path: [UInt8]
    private let fields: HeaderBlock
    private let query: [(name: [UInt8], value: ArraySlice<UInt8>)]
    private let cookies: [(name: [UInt8], value: ArraySlice<UInt8>)]
    private(set) var issues: [ValidationIssue] = []

    init(_ rule: CompiledValidation, _ validator: SchemaValidator, path: [UInt8], query: [UInt8], fields: HeaderBlock) {
        program = rule.program
        self.validator = validator
        errors = rule.errors
        self.path = path
        self.fields = fields
        let places = Set(rule.parameters.map(\.configuration.place))
        self.query = places.contains(.query) ? RequestText.pairs(ofQuery: query) : []
        cookies = places.contains(.cookie) ? RequestText.cookies(fields) : []
    }

    mutating func read(_ parameters: [CompiledValidation.Parameter]) {
        for parameter in parameters where issues.count < errors { read(parameter) }
    }

    private mutating func read(_ parameter: CompiledValidation.Parameter) {
        guard let value = value(of: parameter) else {
            if parameter.configuration.isRequired { report(parameter, "is missing") }
            return
        }
        guard let schema = parameter.schema else { return }
        guard String(validating: value, as: UTF8.self) != nil else { return report(parameter, "is not UTF-8") }
        guard let document = try? JSONDocument(value) else {
            return report(parameter, parameter.configuration.isJSON ? "must be JSON" : "cannot be read")
        }
        let verdict = validator.validate(document, by: schema, of: program, errors: errors - issues.count)
        if verdict.isTooCostly { return report(parameter, "costs too much to check") }
        for error in verdict.errors {
            report(parameter, error.message, pointer: error.pointer, schema: error.schema)
        }
    }

    private mutating func report(
        _ parameter: CompiledValidation.Parameter, _ message: String, pointer: String = "", schema: String = ""
    ) {
        let place: StaticString =
            switch parameter.configuration.place {
            case .path: "path"
            case .query: "query"
            case .header: "header"
            case .cookie: "cookie"
            }
        issues.append(
            ValidationIssue(
                place: place, name: parameter.configuration.name, pointer: pointer, message: message, schema: schema))
    }

    // MARK: Where it stands

    /// As JSON text; nil: it is not there.
    private func value(of parameter: CompiledValidation.Parameter) -> [UInt8]? {
        switch parameter.configuration.place {
        case .path:
            guard let text = RequestText.segment(parameter.segment, isRest: parameter.isRest, of: path) else {
                return nil
            }
            return json(text, of: parameter, isEncoded: true)
        case .header:
            guard let text = RequestText.field(parameter.lowercaseName, fields) else { return nil }
            return json(text[...], of: parameter, isEncoded: false)
        case .cookie:
            guard let cookie = cookies.first(where: { $0.name == parameter.name }) else { return nil }
            return json(cookie.value, of: parameter, isEncoded: true)
        case .query: return queryValue(of: parameter)
        }
    }

    private func queryValue(of parameter: CompiledValidation.Parameter) -> [UInt8]? {
        let configuration = parameter.configuration
        if configuration.style == .deepObject { return deepObject(parameter) }
        let found = query.filter { $0.name == parameter.name }
        let shape = shape(of: parameter)
        if configuration.style == .form, configuration.explode, !configuration.isJSON {
            if shape == .object { return explodedObject(parameter) }
            if shape == .array {
                guard !found.isEmpty else { return nil }
                return array(found.map(\.value), of: parameter, isEncoded: true, plusIsSpace: true)
            }
        }
        guard let first = found.first else { return nil }
        return json(first.value, of: parameter, isEncoded: true, plusIsSpace: true)
    }

    /// `?filter[color]=red&filter[size]=5`
    private func deepObject(_ parameter: CompiledValidation.Parameter) -> [UInt8]? {
        let prefix = parameter.name + [UInt8(ascii: "[")]
        var members: [(name: [UInt8], value: [UInt8])] = []
        for pair in query where pair.name.starts(with: prefix) && pair.name.last == UInt8(ascii: "]") {
            let name = Array(pair.name[prefix.count..<(pair.name.count - 1)])
            members.append((name, scalar(pair.value, member(name, of: parameter), isEncoded: true, plusIsSpace: true)))
        }
        return members.isEmpty ? nil : object(members)
    }

    /// `?color=red&size=5`: the members are parameters themselves.
    private func explodedObject(_ parameter: CompiledValidation.Parameter) -> [UInt8]? {
        guard let schema = parameter.schema else { return nil }
        var members: [(name: [UInt8], value: [UInt8])] = []
        for name in program.memberNames(of: schema).map({ Array($0.utf8) }) {
            guard let pair = query.first(where: { $0.name == name }) else { continue }
            members.append((name, scalar(pair.value, member(name, of: parameter), isEncoded: true, plusIsSpace: true)))
        }
        return members.isEmpty ? nil : object(members)
    }

    // MARK: How it is written

    private enum Shape { case scalar, array, object }

    private func shape(of parameter: CompiledValidation.Parameter) -> Shape {
        guard let schema = parameter.schema else { return .scalar }
        let kinds = program.kinds(of: schema)
        if kinds == .all { return .scalar }
        return kinds.contains(.array) ? .array : kinds.contains(.object) ? .object : .scalar
    }

    private func json(
        _ text: ArraySlice<UInt8>, of parameter: CompiledValidation.Parameter, isEncoded: Bool,
        plusIsSpace: Bool = false
    ) -> [UInt8] {
        let configuration = parameter.configuration
        if configuration.isJSON {
            return isEncoded ? RequestText.decoded(text, plusIsSpace: plusIsSpace) : Array(text)
        }
        var text = text
        let shape = shape(of: parameter)
        var separator = UInt8(ascii: ",")
        switch configuration.style {
        case .simple, .form, .deepObject: break
        case .label:
            if text.first == UInt8(ascii: ".") { text.removeFirst() }
            separator = configuration.explode ? UInt8(ascii: ".") : separator
        case .matrix: return matrix(text, parameter, shape)
        case .spaceDelimited: separator = 0x20
        case .pipeDelimited: separator = UInt8(ascii: "|")
        }
        switch shape {
        case .scalar: return scalar(text, parameter.schema, isEncoded: isEncoded, plusIsSpace: plusIsSpace)
        case .array:
            return array(
                split(text, separator), of: parameter, isEncoded: isEncoded, plusIsSpace: plusIsSpace)
        case .object: return object(split(text, separator), parameter, isEncoded: isEncoded)
        }
    }

    /// Separators that may be percent-encoded are looked for in both spellings.
    private func split(_ text: ArraySlice<UInt8>, _ separator: UInt8) -> [ArraySlice<UInt8>] {
        guard separator == 0x20 || separator == UInt8(ascii: "|") else {
            return RequestText.split(text, at: separator).map(RequestText.trimmed)
        }
        var plain: [UInt8] = []
        let code = Array((separator == 0x20 ? "%20" : "%7C").utf8)
        let lowercase = Array("%7c".utf8)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].starts(with: code) || separator != 0x20 && text[index...].starts(with: lowercase) {
                plain.append(separator)
                index += 3
            } else {
                plain.append(text[index] == UInt8(ascii: "+") && separator == 0x20 ? separator : text[index])
                index += 1
            }
        }
        return RequestText.split(plain[...], at: separator)
    }

    /// `;id=5`, `;id=1,2`, `;id=1;id=2`, `;color=red;size=5`
    private func matrix(
        _ text: ArraySlice<UInt8>, _ parameter: CompiledValidation.Parameter, _ shape: Shape
    ) -> [UInt8] {
        let parts = RequestText.split(text.first == UInt8(ascii: ";") ? text.dropFirst() : text, at: UInt8(ascii: ";"))
        let explodes = parameter.configuration.explode
        if shape == .object, explodes { return object(parts, parameter, isEncoded: true, pairsHaveSigns: true) }
        let values = parts.map { part in
            part.firstIndex(of: UInt8(ascii: "=")).map { part[($0 + 1)...] } ?? part[part.endIndex...]
        }
        if shape == .array, explodes { return array(values, of: parameter, isEncoded: true) }
        let value = values.first ?? []
        switch shape {
        case .scalar: return scalar(value, parameter.schema, isEncoded: true)
        case .array: return array(RequestText.split(value, at: UInt8(ascii: ",")), of: parameter, isEncoded: true)
        case .object:
            return object(
                RequestText.split(value, at: UInt8(ascii: ",")), parameter, isEncoded: true, pairsHaveSigns: false)
        }
    }

    private func array(
        _ parts: [ArraySlice<UInt8>], of parameter: CompiledValidation.Parameter, isEncoded: Bool,
        plusIsSpace: Bool = false
    ) -> [UInt8] {
        let elements = parameter.schema.flatMap { program.elements(of: $0) }
        var output = [UInt8(ascii: "[")]
        for (place, part) in parts.enumerated() {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            output += scalar(part, elements, isEncoded: isEncoded, plusIsSpace: plusIsSpace)
        }
        return output + [UInt8(ascii: "]")]
    }

    /// `color=red,size=5`, or `color,red,size,5`.
    private func object(
        _ parts: [ArraySlice<UInt8>], _ parameter: CompiledValidation.Parameter, isEncoded: Bool,
        pairsHaveSigns: Bool? = nil
    ) -> [UInt8] {
        var pairs: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] = []
        if pairsHaveSigns ?? parameter.configuration.explode {
            for part in parts {
                let sign = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
                pairs.append((part[..<sign], sign < part.endIndex ? part[(sign + 1)...] : part[part.endIndex...]))
            }
        } else {
            for place in stride(from: 0, to: parts.count, by: 2) {
                pairs.append((parts[place], place + 1 < parts.count ? parts[place + 1] : []))
            }
        }
        return object(
            pairs.map { pair in
                let name = isEncoded ? RequestText.decoded(pair.name, plusIsSpace: false) : Array(pair.name)
                return (name, scalar(pair.value, member(name, of: parameter), isEncoded: isEncoded))
            })
    }

    private func object(_ members: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var output = [UInt8(ascii: "{")]
        for (place, member) in members.enumerated() {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            JSONStream.JSONText.appendQuoted(member.name.span, to: &output)
            output.append(UInt8(ascii: ":"))
            output += member.value
        }
        return output + [UInt8(ascii: "}")]
    }

    private func member(_ name: [UInt8], of parameter: CompiledValidation.Parameter) -> SchemaID? {
        parameter.schema.flatMap { program.member(name, of: $0) }
    }

    /// One value by itself.
    private func scalar(
        _ text: ArraySlice<UInt8>, _ schema: SchemaID?, isEncoded: Bool, plusIsSpace: Bool = false
    ) -> [UInt8] {
        let plain = isEncoded ? RequestText.decoded(text, plusIsSpace: plusIsSpace) : Array(text)
        let kinds = schema.map { program.kinds(of: $0) } ?? .all
        if kinds != .all, let document = try? JSONDocument(plain), document.root.range == plain.indices {
            let kind: SchemaProgram.ValueKinds =
                switch document.root.kind {
                case .number: .number
                case .true, .false: .boolean
                case .null: .null
                default: []
                }
            if !kind.isEmpty, kinds.contains(kind) {
                // Where a string would do as well, the schema's other rules decide.
                guard kinds.contains(.string), let schema else { return plain }
                if validator.validate(document, by: schema, of: program).isValid { return plain }
            }
        }
        if plain.isEmpty, kinds != .all, !kinds.contains(.string), kinds.contains(.null) { return Array("null".utf8) }
        // What is not UTF-8 is kept as it is, for whoever reports it.
        guard String(validating: plain, as: UTF8.self) != nil else { return [UInt8(ascii: "\"")] + plain }
        var output: [UInt8] = []
        JSONStream.JSONText.appendQuoted(plain.span, to: &output)
        return output
    }
}
