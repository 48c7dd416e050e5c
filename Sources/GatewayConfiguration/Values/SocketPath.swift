/// `unix:/run/app.sock`: a socket in the file system; `unix:@name` one in Linux's abstract name space.
enum SocketPath {
    static let scheme = "unix:"
    /// What every system has room for.
    private static let longest = 103
    private static let fix = "write unix: and the whole path, as in unix:/run/app.sock"

    /// The path. It is whole: what a relative one means would depend on where the program was started.
    static func parse(_ text: String) throws(Problem) -> String {
        let path = text.dropFirst(scheme.count)
        if path.hasPrefix("//") {
            let rest = path.drop { $0 == "/" }
            throw Problem("has slashes as of a host", fix: fix, suggestion: rest.isEmpty ? nil : "unix:/\(rest)")
        }
        guard path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count > 1 else {
            throw Problem("is not a whole path", fix: fix)
        }
        guard path.utf8.count <= longest else {
            throw Problem("is longer than the \(longest) bytes that systems allow for a socket's path", fix: fix)
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !path.hasSuffix("/") else {
            throw Problem("has characters that a socket's path should not have", fix: fix)
        }
        return String(path)
    }
}
