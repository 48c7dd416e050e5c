/// Writes the reference part of docs/configuration.md: one table for each mapping of the vocabulary, in the order in
/// which they are met from the top.
package enum ReferenceWriter {
    package static let begin = "<!-- reference: generated from the vocabulary, do not edit below -->"

    package static func write() -> String {
        // Breadth first: what the top names comes before what lies deep inside.
        var queue: [ObjectShape] = [Vocabulary.root]
        var known: Set<String> = ["gateway"]
        var text = begin + "\n"
        var position = 0
        while position < queue.count {
            let object = queue[position]
            position += 1
            text += section(object)
            for field in object.fields {
                for nested in field.shape.objects where known.insert(nested.name).inserted { queue.append(nested) }
            }
        }
        return text
    }

    private static func section(_ object: ObjectShape) -> String {
        var text = "\n### \(object.name)\n\n\(object.summary)\n\n"
        text += "| key | value | default | meaning |\n|---|---|---|---|\n"
        for field in object.fields {
            var value = field.shape.typeName
            let nested = field.shape.objects.map { "[\($0.name)](#\($0.name))" }
            if !nested.isEmpty { value += ": " + nested.joined(separator: ", ") }
            var meaning = field.summary
            if field.isRequired { meaning = "**Required.** " + meaning }
            let defaultValue = field.defaultValue.map(escaped) ?? ""
            text += "| `\(field.key.rawValue)` | \(escaped(value)) | \(defaultValue) | \(escaped(meaning)) |\n"
        }
        for rule in object.rules {
            let keys = rule.keys.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            switch rule {
            case .exactlyOne: text += "\nExactly one of \(keys).\n"
            case .atLeastOne: text += "\nAt least one of \(keys).\n"
            case .atMostOne: text += "\nAt most one of \(keys).\n"
            }
        }
        return text
    }

    /// A bar would end the table's cell.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}

extension Shape {
    /// The mappings that stand directly in it.
    fileprivate var objects: [ObjectShape] {
        switch self {
        case .object(let object): [object]
        case .list(let inner), .oneOrList(let inner), .map(_, let inner): inner.objects
        case .choice(let alternatives): alternatives.flatMap(\.objects)
        case .scalar, .anything: []
        }
    }
}
