internal import HTTPWire

/// What the media type of a request says about the call in it.
enum CallForm: Sendable {
    /// `application/grpc`
    case plain
    /// `application/grpc-web`: what browsers can speak, with trailers as the last part of the body.
    case web
    /// `application/grpc-web-text`: the same in base64.
    case webText

    static let base: StaticString = "application/grpc"

    /// nil: no call at all. What stands behind `+` or `;` names the messages' form, which is no matter here.
    init?(_ value: Span<UInt8>) {
        guard let rest = CallForm.matches(CallForm.base, value, from: 0) else { return nil }
        if CallForm.ends(value, at: rest) {
            self = .plain
        } else if let end = CallForm.matches("-web", value, from: rest) {
            if CallForm.ends(value, at: end) {
                self = .web
            } else if let end = CallForm.matches("-text", value, from: end), CallForm.ends(value, at: end) {
                self = .webText
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    /// Where what follows `application/grpc`, `-web` and `-text` begins.
    func rest(of value: Span<UInt8>) -> Int {
        let length = CallForm.base.utf8CodeUnitCount
        switch self {
        case .plain: return length
        case .web: return length + 4
        case .webText: return length + 9
        }
    }

    /// Where the text ends, which stands there whatever the case of its letters.
    private static func matches(_ text: StaticString, _ value: Span<UInt8>, from start: Int) -> Int? {
        guard value.count - start >= text.utf8CodeUnitCount else { return nil }
        for index in 0..<text.utf8CodeUnitCount {
            let byte = value[start + index]
            // Within the text, which is constant data of the program.
            let wanted = unsafe text.utf8Start[index]
            if byte != wanted && !(byte &- 0x41 < 26 && byte | 0x20 == wanted) { return nil }
        }
        return start + text.utf8CodeUnitCount
    }

    private static func ends(_ value: Span<UInt8>, at index: Int) -> Bool {
        guard index < value.count else { return true }
        let next = value[index]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == UInt8(ascii: " ")
    }
}
