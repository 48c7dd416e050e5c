internal import CSystem

/// Reads the short files in which the system tells about itself.
enum SmallFile {
    /// The first bytes of a file as text; nil when it cannot be read.
    static func read(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 256)
        // At most as many bytes as the array has.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe gh_read_file(path, $0.baseAddress, $0.count) }
        guard count >= 0 else { return nil }
        return String(decoding: bytes[..<Int(count)], as: UTF8.self)
    }
}
