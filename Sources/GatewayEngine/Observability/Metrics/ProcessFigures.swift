internal import CSystem

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

    /// The second number of /proc/self/statm, in pages. The guard of the memory asks twice a second on a worker's loop,
    /// which allocates nothing once it is warm: so no array and no string.
    static func readResidentBytes() -> UInt64? {
        let path: StaticString = "/proc/self/statm"
        // The path is a literal that ends with a zero.
        let descriptor = unsafe path.utf8Start.withMemoryRebound(to: CChar.self, capacity: path.utf8CodeUnitCount + 1) {
            unsafe open($0, O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = InlineArray<128, UInt8>(repeating: 0)
        var span = text.mutableSpan
        // At most as many bytes as there is room for.
        let count = unsafe span.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        var index = 0
        while index < count, span[index] != UInt8(ascii: " ") { index += 1 }
        index += 1
        let start = index
        var pages: UInt64 = 0
        while index < count, span[index] >= UInt8(ascii: "0"), span[index] <= UInt8(ascii: "9") {
            pages = pages &* 10 &+ UInt64(span[index] - UInt8(ascii: "0"))
            index += 1
        }
        return index > start ? pages &* UInt64(max(getpagesize(), 0)) : nil
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
