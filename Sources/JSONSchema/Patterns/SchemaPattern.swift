internal import CPCRE2

/// A regular expression of a schema: ECMA-262's, compiled by PCRE2, to machine code where the system allows that.
///
/// It matches anywhere in a text unless it says otherwise. Texts are UTF-8 that was checked before.
@safe
final class SchemaPattern: @unchecked Sendable {
    struct Failure: Error {
        var message: String
    }

    /// Read-only once compiled, which is what makes sharing it between workers sound.
    fileprivate let code: OpaquePointer

    init(_ text: String) throws(Failure) {
        let translated: String
        do {
            translated = try ECMAPattern.translate(text)
        } catch {
            throw Failure(message: "\(error.message), at character \(error.offset)")
        }
        var error: Int32 = 0
        var offset = 0
        let options =
            PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF
            | PCRE2_NEVER_BACKSLASH_C
        let bytes = Array(translated.utf8)
        // The pattern is read during the call only.
        let compiled = unsafe bytes.withUnsafeBufferPointer { pattern in
            unsafe pcre2_compile_8(
                pattern.baseAddress ?? Self.nothing.utf8Start, pattern.count, options, &error, &offset, nil)
        }
        guard let code = unsafe compiled else { throw Failure(message: Self.text(of: error)) }
        // Without executable memory (hardened kernels) the interpreter serves instead.
        _ = unsafe pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        unsafe self.code = code
    }

    deinit { unsafe pcre2_code_free_8(code) }

    /// What stands for the address of an empty text, since older releases of PCRE2 refuse a null pointer.
    fileprivate static let nothing: StaticString = "-"

    private static func text(of error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.count
        // PCRE2 writes at most `count` bytes with the closing null, and gives their number.
        let length = unsafe buffer.withUnsafeMutableBufferPointer { target in
            unsafe pcre2_get_error_message_8(error, target.baseAddress, count)
        }
        return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
    }
}

/// What matching needs, made once for each validator. No text may keep an expression busy for long: PCRE2 counts its
/// steps, and bounds heap and stack.
@safe
final class PatternScratch {
    enum Outcome { case matches, fails, tooCostly }

    private static let steps: UInt32 = 100_000
    private static let depth: UInt32 = 5_000
    private static let heapKiB: UInt32 = 1024

    private let context: OpaquePointer
    private let stack: OpaquePointer
    private let result: OpaquePointer

    init() {
        // The three come from malloc in a constructor that runs once per worker; without memory there is no gateway.
        guard let context = unsafe pcre2_match_context_create_8(nil),
            let stack = unsafe pcre2_jit_stack_create_8(32 * 1024, 256 * 1024, nil),
            let result = unsafe pcre2_match_data_create_8(1, nil)
        else { preconditionFailure("out of memory while making a regular expression context") }
        unsafe pcre2_set_match_limit_8(context, Self.steps)
        unsafe pcre2_set_depth_limit_8(context, Self.depth)
        unsafe pcre2_set_heap_limit_8(context, Self.heapKiB)
        unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        unsafe self.context = context
        unsafe self.stack = stack
        unsafe self.result = result
    }

    deinit {
        unsafe pcre2_match_data_free_8(result)
        unsafe pcre2_jit_stack_free_8(stack)
        unsafe pcre2_match_context_free_8(context)
    }

    /// - Parameter text: UTF-8, as the tokeniser has checked.
    func match(_ pattern: SchemaPattern, _ text: Span<UInt8>) -> Outcome {
        // The text is read during the call only; the result block keeps its address but never reads there again.
        let status = unsafe text.withUnsafeBufferPointer { bytes in
            unsafe pcre2_match_8(
                pattern.code, bytes.baseAddress ?? SchemaPattern.nothing.utf8Start, bytes.count, 0,
                PCRE2_NO_UTF_CHECK, result, context)
        }
        // 0: it matches, and there was no room for its groups, which nobody asks for.
        if status >= 0 { return .matches }
        return status == PCRE2_ERROR_NOMATCH ? .fails : .tooCostly
    }
}
