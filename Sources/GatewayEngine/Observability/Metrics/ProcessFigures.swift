#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What the system knows about this process, read when a page is asked for. A figure that the system does not offer is
/// nil, and its family is left out.
struct ProcessFigures {
    let cpuNanoseconds: UInt64
    let residentBytes: UInt64?
    let openDescriptors: UInt64?
    let descriptorLimit: UInt64?

    init() {
        var usage = rusage()
        // Fills a local variable.
        _ = unsafe getrusage(ProcessFigures.ownUsage, &usage)
        let seconds = Int(usage.ru_utime.tv_sec) + Int(usage.ru_stime.tv_sec)
        let micros = Int(usage.ru_utime.tv_usec) + Int(usage.ru_stime.tv_usec)
        cpuNanoseconds = UInt64(max(seconds, 0)) &* 1_000_000_000 &+ UInt64(max(micros, 0)) &* 1_000

        residentBytes = ProcessFigures.readResidentBytes()
        openDescriptors = ProcessFigures.countDescriptors()

        var limit = rlimit()
        // Fills a local variable.
        descriptorLimit =
            unsafe getrlimit(ProcessFigures.descriptorResource, &limit) == 0 ? UInt64(limit.rlim_cur) : nil
    }

    #if canImport(Glibc)
        // The C library declares the constants as enumerations and the parameters as integers.
        private static let ownUsage = RUSAGE_SELF.rawValue
        private static let descriptorResource = Int32(bitPattern: RLIMIT_NOFILE.rawValue)
    #else
        private static let ownUsage = RUSAGE_SELF
        private static let descriptorResource = RLIMIT_NOFILE
    #endif

    /// The second number of /proc/self/statm, in pages.
    static func readResidentBytes() -> UInt64? {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        // At most as many bytes as the array has.
        let count = unsafe text.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        let numbers = text[..<count].split(separator: UInt8(ascii: " "))
        guard numbers.count > 1, let pages = UInt64(String(decoding: numbers[1], as: UTF8.self)) else { return nil }
        return pages &* UInt64(max(getpagesize(), 0))
    }

    /// The entries of /dev/fd, but for `.`, `..` and the directory that is being read.
    private static func countDescriptors() -> UInt64? {
        guard let directory = unsafe opendir("/dev/fd") else { return nil }
        defer { unsafe closedir(directory) }
        var count = -3
        while unsafe readdir(directory) != nil { count += 1 }
        return count >= 0 ? UInt64(count) : nil
    }
}
