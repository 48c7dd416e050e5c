import HTTPWire

/// Each character is one byte (so `\u{80}` is obs-text, not UTF-8), which lets tables show what is on the wire.
func octets(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

func text(_ span: Span<UInt8>) -> String {
    var result = ""
    for index in span.indices { result.unicodeScalars.append(Unicode.Scalar(span[index])) }
    return result
}

func text(_ buffer: WireBuffer) -> String { text(buffer.span) }

/// How a static text reads.
func text(_ text: StaticString) -> String { text.description }

/// A field as a test sees it.
struct PlainField: Equatable, CustomStringConvertible {
    var name: String
    var value: String
    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
    var description: String { "\(name): \(value)" }
}

extension HeaderBlock {
    /// The live fields in order.
    var plain: [PlainField] {
        (0..<count).filter { !field($0).isRemoved }.map { PlainField(text(name($0)), text(value($0))) }
    }

    func append(_ name: String, _ value: String) {
        append(name: octets(name).span, value: octets(value).span)
    }

    /// What `write(into:)` makes.
    var written: String {
        let buffer = WireBuffer(capacity: 64)
        write(into: buffer)
        return text(buffer)
    }

    convenience init(_ fields: KeyValuePairs<String, String>) {
        self.init()
        for (name, value) in fields { append(name, value) }
    }
}

// An expectation cannot hold a span that is an argument of the call it examines; these take arrays.

func isToken(_ bytes: [UInt8]) -> Bool { FieldRules.isToken(bytes.span) }

func isFieldValue(_ bytes: [UInt8]) -> Bool { FieldRules.isFieldValue(bytes.span) }
