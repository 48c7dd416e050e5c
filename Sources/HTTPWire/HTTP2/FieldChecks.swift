/// The rules of RFC 9113 §8.2 for one field, whatever section it stands in.
///
/// In HTTP/2 a name and a value may hold any byte as far as the framing goes; in HTTP/1 a line feed ends a field and a
/// colon a name. So what passes here is exactly what `FieldLineParser` would read back out of the line that is forwarded:
/// no byte changes its meaning on the way from one protocol to the other.
enum FieldChecks {
    /// A token in lower case; says whether it has a `_` in it.
    static func checkName(_ name: Span<UInt8>) throws(WireError) -> Bool {
        if name.isEmpty { throw .badFieldName }
        var classes: UInt8 = 0
        for index in name.indices {
            let byte = name[index]
            let byteClass = ByteClass.of(byte)
            if byteClass & ByteClass.token == 0 { throw .badFieldName }
            if byte &- 0x41 < 26 { throw .uppercaseName }
            classes |= byteClass
        }
        return classes & ByteClass.underscore != 0
    }

    /// No control character but HTAB, no blank at either end (§8.2.1).
    static func checkValue(_ value: Span<UInt8>) throws(WireError) {
        for index in value.indices where ByteClass.of(value[index]) & ByteClass.fieldValue == 0 {
            throw value[index] == 0x0A ? .bareLF : FieldLineParser.fault(of: value[index])
        }
        if value.isEmpty { return }
        if ByteClass.isBlank(value[0]) || ByteClass.isBlank(value[value.count - 1]) { throw .blankAtEnd }
    }

    /// Fields of the connection do not exist in HTTP/2 (§8.2.2), but `te: trailers`.
    static func checkPlace(_ known: KnownField, _ value: Span<UInt8>) throws(WireError) {
        switch known {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: throw .connectionField
        case .te: if !Text.equals(value, "trailers") { throw .connectionField }
        default: break
        }
    }
}

extension HeaderBlock {
    /// Adds a field that has passed the checks.
    func append(checked name: Span<UInt8>, _ value: Span<UInt8>, known: KnownField, hasUnderscore: Bool) {
        // The pointers are used within this call only.
        unsafe name.withUnsafeBufferPointer { name in
            unsafe value.withUnsafeBufferPointer { value in
                unsafe appendLine(
                    known, hasUnderscore ? Field.underscored : 0, name.baseAddress, name.count, value.baseAddress,
                    value.count)
            }
        }
    }
}
