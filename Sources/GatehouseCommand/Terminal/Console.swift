#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One of the two standard streams, written without a buffer, so that lines of several threads do not mix.
struct Console: Sendable {
    let descriptor: Int32
    /// Whether escape sequences are understood there.
    let hasColour: Bool

    static let output = Console(descriptor: 1)
    static let error = Console(descriptor: 2)

    init(descriptor: Int32) {
        self.descriptor = descriptor
        hasColour = Console.wantsColour(descriptor)
    }

    /// For tests.
    init(descriptor: Int32, hasColour: Bool) {
        self.descriptor = descriptor
        self.hasColour = hasColour
    }

    /// A line that says who speaks: `gatehouse: listening on …`.
    func say(_ message: String) { write("gatehouse: \(message)") }

    /// A line.
    func write(_ line: String) {
        var text = line
        if !text.hasSuffix("\n") { text += "\n" }
        text.withUTF8 { bytes in
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                // Bytes of a string that lives until the closure ends.
                let part = unsafe UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest))
                let count = unsafe Console.write(descriptor, part)
                if count <= 0 { return }
                unsafe rest = rest.dropFirst(count)
            }
        }
    }

    private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            #if canImport(Glibc)
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                let count = unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }

    /// Colour only on a terminal that has some, and not where the user has said no (`NO_COLOR`, set and not empty).
    private static func wantsColour(_ descriptor: Int32) -> Bool {
        guard isatty(descriptor) == 1 else { return false }
        if let no = variable("NO_COLOR"), !no.isEmpty { return false }
        return (variable("TERM") ?? "dumb") != "dumb"
    }

    static func variable(_ name: String) -> String? {
        // The environment is not changed while the program runs.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// The few colours that are used, by what they mean.
enum Paint: String {
    case good = "32"
    case bad = "31"
    case caution = "33"
    case quiet = "2"
    case strong = "1"
    case accent = "36"

    func callAsFunction(_ text: String, _ isOn: Bool) -> String {
        isOn ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
