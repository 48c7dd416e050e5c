/// A JSON value that the admin API answers with: built as a tree, members in the order in which they were written.
///
/// Answers of the API are rare and small, so a tree is no cost; what it gives is that every answer is well-formed, and
/// that the OpenAPI document is written by the same hand as the answers that it describes.
indirect enum AdminJSON: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([AdminJSON])
    case object([(name: String, value: AdminJSON)])

    static func text(_ text: String?) -> AdminJSON { text.map { AdminJSON.text($0) } ?? .null }

    static func integer(_ number: Int?) -> AdminJSON { number.map { AdminJSON.integer($0) } ?? .null }

    static func texts(_ texts: some Sequence<String>) -> AdminJSON { .list(texts.map { .text($0) }) }

    /// An instant, as RFC 3339 in UTC; null for 0.
    static func time(_ nanoseconds: Int64) -> AdminJSON {
        if nanoseconds == 0 { return .null }
        var line = LineWriter(capacity: 64)
        var timestamp = Timestamp()
        timestamp.write(nanoseconds, into: &line)
        return .text(line.span.text)
    }

    func write(into line: inout LineWriter) {
        switch self {
        case .null: line.append("null")
        case .boolean(let value): line.append(value ? "true" : "false")
        case .integer(let number): line.append(decimal: number)
        case .number(let number):
            // JSON has no infinity; the description of what is finite is JSON.
            if number.isFinite { line.append(text: number.description) } else { line.append("null") }
        case .text(let text): line.append(quotedJSON: text)
        case .list(let items):
            line.append(byte: UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { line.append(", ") }
                item.write(into: &line)
            }
            line.append(byte: UInt8(ascii: "]"))
        case .object(let members):
            line.append(byte: UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { line.append(", ") }
                line.append(quotedJSON: member.name)
                line.append(": ")
                member.value.write(into: &line)
            }
            line.append(byte: UInt8(ascii: "}"))
        }
    }

    /// The members of an object, with more behind them.
    func adding(_ more: [(name: String, value: AdminJSON)]) -> AdminJSON {
        guard case .object(let members) = self else { return self }
        return .object(members + more)
    }
}

extension AdminJSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    init(dictionaryLiteral elements: (String, AdminJSON)...) { self = .object(elements.map { ($0.0, $0.1) }) }
    init(arrayLiteral elements: AdminJSON...) { self = .list(elements) }
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
}
