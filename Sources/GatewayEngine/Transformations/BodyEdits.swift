internal import JSONStream

/// What is done to bodies, compiled once. Rewriters are kept by whose edits they are made for, hence a class.
final class BodyEdits: Sendable {
    enum Way: Sendable {
        /// Members are edited while the bytes pass.
        case rewrite(JSONRewritePlan)
        /// The body is read as a whole, and another made of it.
        case template(JSONTemplate)
        /// The body passes; values of it are wanted elsewhere.
        case keep
    }

    let way: Way
    /// Bytes of a body that may be held.
    let limit: Int

    /// The body as it came is read as a whole too, because header fields or the like refer to it.
    let keepsDocument: Bool

    init(_ way: Way, limit: Int, keepsDocument: Bool = false) {
        self.way = way
        self.limit = limit
        self.keepsDocument = keepsDocument
    }
}

/// Why a body cannot be reshaped.
enum BodyFault: Error {
    case malformed
    /// Of the body itself, or of what would have to be held, or looked at.
    case tooLarge

    init(_ error: JSONError) {
        switch error.code {
        case .tooDeep, .tooLarge, .bufferLimit, .tooCostly: self = .tooLarge
        case .expectedValue, .expectedKey, .expectedColon, .expectedCommaOrEnd, .badLiteral, .badNumber,
            .controlCharacter, .badEscape, .loneSurrogate, .badUTF8, .truncated, .trailingBytes, .byteOrderMark,
            .duplicateKey:
            self = .malformed
        }
    }
}
