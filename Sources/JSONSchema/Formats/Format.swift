/// The formats that can be asserted (JSON Schema validation §7.3), and those of OpenAPI. Any other is an annotation.
enum Format: UInt8, Sendable, CaseIterable {
    case dateTime, date, time, duration, email, idnEmail, hostname, idnHostname, ipv4, ipv6
    case uri, uriReference, iri, iriReference, uuid, uriTemplate, jsonPointer, relativeJSONPointer, regex
    case int32, int64, byte

    init?(_ name: String) {
        guard let format = Self.names[name] else { return nil }
        self = format
    }

    private static let names: [String: Format] = [
        "date-time": .dateTime, "date": .date, "time": .time, "duration": .duration, "email": .email,
        "idn-email": .idnEmail, "hostname": .hostname, "idn-hostname": .idnHostname, "ipv4": .ipv4, "ipv6": .ipv6,
        "uri": .uri, "uri-reference": .uriReference, "iri": .iri, "iri-reference": .iriReference, "uuid": .uuid,
        "uri-template": .uriTemplate, "json-pointer": .jsonPointer, "relative-json-pointer": .relativeJSONPointer,
        "regex": .regex, "int32": .int32, "int64": .int64, "byte": .byte,
    ]

    var name: String { Self.names.first { $0.value == self }?.key ?? "" }

    /// What it says something about: numbers, else strings.
    var isOfNumbers: Bool { self == .int32 || self == .int64 }

    func accepts(_ text: Span<UInt8>) -> Bool {
        var reader = FormatReader(text)
        switch self {
        case .dateTime: return reader.dateTime() && reader.isAtEnd
        case .date: return reader.date() && reader.isAtEnd
        case .time: return reader.time() && reader.isAtEnd
        case .duration: return reader.duration() && reader.isAtEnd
        case .email: return reader.email(isInternational: false)
        case .idnEmail: return reader.email(isInternational: true)
        case .hostname: return reader.hostname(isInternational: false)
        case .idnHostname: return reader.hostname(isInternational: true)
        case .ipv4: return reader.ipv4() && reader.isAtEnd
        case .ipv6: return reader.ipv6() && reader.isAtEnd
        case .uri: return reader.uri(isReference: false, isInternational: false)
        case .uriReference: return reader.uri(isReference: true, isInternational: false)
        case .iri: return reader.uri(isReference: false, isInternational: true)
        case .iriReference: return reader.uri(isReference: true, isInternational: true)
        case .uuid: return reader.uuid() && reader.isAtEnd
        case .uriTemplate: return reader.uriTemplate()
        case .jsonPointer: return reader.jsonPointer()
        case .relativeJSONPointer: return reader.relativeJSONPointer()
        case .byte: return reader.base64()
        case .regex:
            var copy: [UInt8] = []
            for index in text.indices { copy.append(text[index]) }
            return (try? SchemaPattern(String(decoding: copy, as: UTF8.self))) != nil
        case .int32, .int64: return true
        }
    }
}
