/// Why a message was refused: one case for each cause, so that logs and metrics can tell an attack from an old client.
///
/// All of them end the connection. After any of these the place where the next message starts is in doubt, and a guess
/// is what request smuggling lives on. The case is the label (rule: labels have no dynamic text); nothing from the
/// message is kept in it.
package enum WireError: UInt8, Error, Sendable, CaseIterable {
    /// The request line is not method, target and version with one space between them.
    case badRequestLine
    /// The method is not a token of at most 32 bytes.
    case badMethod
    /// The request target has a form or a character that is not allowed.
    case badTarget
    /// The HTTP version is malformed.
    case badVersion
    /// The HTTP version is neither 1.1 nor 1.0.
    case unsupportedVersion
    /// The request line is longer than allowed.
    case requestLineTooLong
    /// The status line is malformed.
    case badStatusLine
    /// The status line is longer than allowed.
    case statusLineTooLong
    /// The header or trailer section is larger than allowed.
    case headTooLarge
    /// There are more fields than allowed.
    case tooManyFields
    /// The Connection field names more options than allowed.
    case tooManyOptions
    /// A line ends with a line feed that has no carriage return before it.
    case bareLF
    /// A carriage return has no line feed behind it.
    case bareCR
    /// A line contains a NUL byte.
    case nulByte
    /// A line contains a control character.
    case controlCharacter
    /// A field line starts with a blank, as if it continued the line before.
    case lineFolding
    /// There is a blank between a field name and its colon.
    case spaceBeforeColon
    /// A field line has no colon.
    case missingColon
    /// A field name is empty or has a character that is not allowed.
    case badFieldName
    /// A field name contains an underscore.
    case underscoreInName
    /// The Host field is missing.
    case missingHost
    /// There is more than one Host field.
    case duplicateHost
    /// The Host field or the target's authority is not a host with an optional port.
    case badHost
    /// Both Content-Length and Transfer-Encoding are given.
    case lengthAndEncoding
    /// There are several Content-Length fields, and they differ.
    case differingLengths
    /// There is more than one Content-Length field.
    case duplicateLength
    /// The Content-Length is not a decimal number in range.
    case badLength
    /// The Transfer-Encoding does not end with a single chunked.
    case badTransferEncoding
    /// A transfer coding other than chunked is used.
    case unsupportedTransferCoding
    /// Transfer-Encoding is used in HTTP/1.0.
    case encodingInOldVersion
    /// Transfer-Encoding is used in a message that has no body.
    case encodingWithoutBody
    /// A chunk size line is malformed.
    case badChunkSize
    /// A chunk size is out of range.
    case chunkSizeOverflow
    /// A chunk size line is longer than allowed.
    case chunkLineTooLong
    /// A chunk's data is not followed by a line end.
    case badChunkEnd
    /// The connection was closed before the end of the body.
    case truncatedBody
    /// A pseudo-header field of HTTP/2 is missing, unknown, repeated, malformed or out of place.
    case badPseudoField
    /// A field of HTTP/2 has a name that is not in lower case.
    case uppercaseName
    /// A field of HTTP/2 concerns a connection of HTTP/1.
    case connectionField
    /// A field value of HTTP/2 begins or ends with a blank.
    case blankAtEnd
    /// The body has another length than the Content-Length says.
    case wrongLength

    /// What a client is answered. The same fault in an upstream's message makes a 502 instead.
    package var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .headTooLarge, .tooManyFields, .tooManyOptions: 431
        case .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        case .badRequestLine, .badMethod, .badTarget, .badVersion, .badStatusLine, .statusLineTooLong, .bareLF,
            .bareCR, .nulByte, .controlCharacter, .lineFolding, .spaceBeforeColon, .missingColon,
            .badFieldName, .underscoreInName, .missingHost, .duplicateHost, .badHost, .lengthAndEncoding,
            .differingLengths, .duplicateLength, .badLength, .badTransferEncoding, .encodingInOldVersion,
            .encodingWithoutBody, .badChunkSize, .chunkSizeOverflow, .chunkLineTooLong, .badChunkEnd,
            .truncatedBody, .badPseudoField, .uppercaseName, .connectionField, .blankAtEnd, .wrongLength:
            400
        }
    }
}
