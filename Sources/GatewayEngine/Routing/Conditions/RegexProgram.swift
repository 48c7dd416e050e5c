internal import CPCRE2

/// A regular expression, compiled by PCRE2 to machine code where the system allows that.
///
/// It always has to match the whole subject. Subjects are bytes: normalised paths are ASCII, and field values are compared
/// as they came. What an expression may cost is bounded in `RegexScratch`, not here.
@safe
final class RegexProgram: @unchecked Sendable {
    /// Why an expression was not accepted: PCRE2's words and the offset of the offending place.
    struct Failure: Error {
        var message: String
        var offset: Int
    }

    /// A named group; its number is at most `RegexScratch.groups`.
    struct Group: Sendable {
        var name: String
        var number: Int
    }

    /// Read-only once compiled, which is what makes sharing it between workers sound.
    fileprivate let code: OpaquePointer
    let groups: [Group]

    init(_ text: String) throws(Failure) {
        var error: Int32 = 0
        var offset = 0
        let options =
            PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF
        let bytes = Array(text.utf8)
        // The pattern is read during the call only.
        let compiled = unsafe bytes.withUnsafeBufferPointer { pattern in
            unsafe pcre2_compile_8(
                pattern.baseAddress ?? Self.nothing.utf8Start, pattern.count, options, &error, &offset, nil)
        }
        guard let code = unsafe compiled else {
            throw Failure(message: Self.text(of: error), offset: offset)
        }
        // Without executable memory (hardened kernels) the interpreter serves instead.
        _ = unsafe pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        unsafe self.code = code
        groups = unsafe Self.groups(of: code)
        if let far = groups.first(where: { $0.number >= RegexScratch.groups }) {
            throw Failure(
                message: "the named group \"\(far.name)\" comes after more than \(RegexScratch.groups - 1) groups",
                offset: 0)
        }
    }

    deinit { unsafe pcre2_code_free_8(code) }

    /// What stands for the address of an empty string, since older releases of PCRE2 refuse a null pointer.
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

    /// The name table: entries of equal size, two bytes of group number and the name up to a null.
    private static func groups(of code: OpaquePointer) -> [Group] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        // The table belongs to the code and is read before this function returns.
        unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table = unsafe table else { return [] }
        return (0..<Int(count)).map { index in
            let entry = unsafe table.advanced(by: index * Int(size))
            let number = unsafe Int(entry[0]) << 8 | Int(entry[1])
            return unsafe Group(name: String(cString: entry.advanced(by: 2)), number: number)
        }
        .sorted { $0.number < $1.number }
    }
}

/// What a worker needs to run expressions, made once: result blocks, limits, a stack.
///
/// No input may keep an expression busy for long. The match limit counts the steps of backtracking and ends the search
/// (some tenths of a millisecond at the very most); heap and stack are bounded too. A search that was ended counts as no
/// match, and is counted.
@safe
final class RegexScratch {
    /// Groups whose places are noted, the whole match included.
    static let groups = 32
    private static let steps: UInt32 = 20_000
    private static let depth: UInt32 = 2_000
    private static let heapKiB: UInt32 = 512
    private static let stackBytes = 256 * 1024

    private let context: OpaquePointer
    private let stack: OpaquePointer
    private let result: OpaquePointer

    /// Searches that a limit ended.
    private(set) var limitHits = 0

    init() {
        // The three come from malloc in a constructor that runs once per worker; without memory there is no gateway.
        guard let context = unsafe pcre2_match_context_create_8(nil),
            let stack = unsafe pcre2_jit_stack_create_8(32 * 1024, Self.stackBytes, nil),
            let result = unsafe pcre2_match_data_create_8(UInt32(Self.groups), nil)
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

    func matches(_ program: RegexProgram, _ subject: Span<UInt8>) -> Bool {
        // The subject is read during the call only; the result block keeps its address but never reads there again.
        let status = unsafe subject.withUnsafeBufferPointer { bytes in
            unsafe pcre2_match_8(
                program.code, bytes.baseAddress ?? RegexProgram.nothing.utf8Start, bytes.count, 0, 0, result, context)
        }
        if status >= 0 { return true }
        if status != PCRE2_ERROR_NOMATCH { limitHits &+= 1 }
        return false
    }

    /// Where a group of the last successful match stands; nil when it took no part.
    func group(_ number: Int) -> Range<Int>? {
        guard number < Self.groups, let places = unsafe pcre2_get_ovector_pointer_8(result) else { return nil }
        // The block was made with room for `groups` pairs.
        let start = unsafe places[2 * number]
        let end = unsafe places[2 * number + 1]
        return start <= end && end != Int(bitPattern: UInt.max) ? start..<end : nil
    }
}
