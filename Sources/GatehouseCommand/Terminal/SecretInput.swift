internal import ArgumentParser

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A secret that is typed or piped in: one line, at most 1 KiB, without its end. On a terminal it is not shown.
enum SecretInput {
    private static let longest = 1_024

    static func read(_ prompt: String) throws -> [UInt8] {
        let isTerminal = isatty(STDIN_FILENO) == 1
        var saved = termios()
        if isTerminal {
            Console.error.write(prompt)
            // The structure belongs to this function.
            unsafe tcgetattr(STDIN_FILENO, &saved)
            var quiet = saved
            quiet.c_lflag &= ~tcflag_t(ECHO)
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
        }
        let line = readLine(longest)
        if isTerminal {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
        }
        guard !line.isEmpty else { throw ValidationError("nothing was given on standard input") }
        guard line.count <= longest else { throw ValidationError("that is longer than \(longest) bytes") }
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ValidationError("it holds control characters, which no request can carry")
        }
        return line
    }

    /// One byte more than may be, so that a longer one is told.
    private static func readLine(_ limit: Int) -> [UInt8] {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        // One byte is read at a time, into a variable of this function.
        while line.count <= limit, unsafe Self.read(&byte) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    @unsafe private static func read(_ byte: inout UInt8) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.read(STDIN_FILENO, &byte, 1)
        #else
            unsafe Darwin.read(STDIN_FILENO, &byte, 1)
        #endif
    }
}
