/// Why bytes are not a JSON document that is accepted here, and where.
///
/// The code is a stable name without any text of the document, so it may stand in logs, metrics and error bodies; the
/// offset counts all bytes since the document's first, however they were cut into pieces.
package struct JSONError: Error, Hashable, Sendable {
    package enum Code: UInt8, Sendable, CaseIterable {
        /// A value must stand here.
        case expectedValue
        /// A member's name in quotes, or `}` behind `{`, must stand here.
        case expectedKey
        case expectedColon
        /// `,` or the end of the object or array must stand here.
        case expectedCommaOrEnd
        /// Something that begins like `true`, `false` or `null` and is not.
        case badLiteral
        /// RFC 8259 §6: no leading zero or `+`, digits on both sides of the point and in the exponent.
        case badNumber
        /// A byte below 0x20 in a string, which must be escaped (RFC 8259 §7).
        case controlCharacter
        case badEscape
        /// Half of a surrogate pair, which is no character.
        case loneSurrogate
        case badUTF8
        /// More open objects and arrays than allowed.
        case tooDeep
        /// More bytes than allowed.
        case tooLarge
        /// The bytes end within the document, or there are none.
        case truncated
        /// Something other than white space behind the document.
        case trailingBytes
        /// A byte order mark, which RFC 8259 §8.1 forbids to send.
        case byteOrderMark
        /// A name twice in one object, where that is refused.
        case duplicateKey
        /// Looking ahead would take more memory than allowed.
        case bufferLimit
        /// A path has to look at more values than allowed.
        case tooCostly

        /// The name under which the code is reported.
        package var label: StaticString {
            switch self {
            case .expectedValue: "json_expected_value"
            case .expectedKey: "json_expected_key"
            case .expectedColon: "json_expected_colon"
            case .expectedCommaOrEnd: "json_expected_comma_or_end"
            case .badLiteral: "json_bad_literal"
            case .badNumber: "json_bad_number"
            case .controlCharacter: "json_control_character"
            case .badEscape: "json_bad_escape"
            case .loneSurrogate: "json_lone_surrogate"
            case .badUTF8: "json_bad_utf8"
            case .tooDeep: "json_too_deep"
            case .tooLarge: "json_too_large"
            case .truncated: "json_truncated"
            case .trailingBytes: "json_trailing_bytes"
            case .byteOrderMark: "json_byte_order_mark"
            case .duplicateKey: "json_duplicate_key"
            case .bufferLimit: "json_buffer_limit"
            case .tooCostly: "json_too_costly"
            }
        }
    }

    package var code: Code
    package var offset: Int

    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}
