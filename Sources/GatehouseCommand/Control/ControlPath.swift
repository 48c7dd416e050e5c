internal import CSystem

/// Where a running program listens for its successor and for `check --against running`.
///
/// Without `--control-socket` it follows from the user and the configuration's real path, so that the two find one another
/// without being told: `gatehouse-HASH.sock` in `RUNTIME_DIRECTORY` (systemd), else in `XDG_RUNTIME_DIR`, else in
/// `/tmp/gatehouse-UID`, which has to be a directory that nobody else can write to.
enum ControlPath {
    static func standard(configuration path: String) throws(Outcome) -> String {
        let name = "gatehouse-\(hash(realPath(path) ?? path)).sock"
        if let folder = Console.variable("RUNTIME_DIRECTORY")?.split(separator: ":").first {
            return "\(folder)/\(name)"
        }
        if let folder = Console.variable("XDG_RUNTIME_DIR"), !folder.isEmpty { return "\(folder)/\(name)" }
        let folder = "/tmp/gatehouse-\(geteuid())"
        // The paths are passed for the length of the calls, the structure is a local variable.
        _ = unsafe mkdir(folder, 0o700)
        var status = stat()
        guard unsafe lstat(folder, &status) == 0, Int(status.st_mode) & Int(S_IFMT) == Int(S_IFDIR),
            status.st_uid == geteuid(),
            Int(status.st_mode) & 0o077 == 0
        else {
            throw Outcome(.cannotStart, "\(folder) is not a directory of this user alone; name a --control-socket")
        }
        return "\(folder)/\(name)"
    }

    private static func realPath(_ path: String) -> String? {
        // The C library allocates the result, which is copied and freed here.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// FNV-1a: the same in every process, which Swift's own hashing is not.
    static func hash(_ text: String) -> String {
        let value = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
