internal import CSystem
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The program's own log: what it listens on, what a reload did, what it cannot do. Requests do not appear here; they
/// have the access log.
///
/// A message is constant, so that it can be searched for and counted; what varies goes into its values. On a terminal a
/// line reads `12:00:00 info  listening  address=127.0.0.1:8080`, otherwise it is one JSON object, as log collectors
/// like it. Each line is one system call, so that lines of several threads, or processes, never mix.
///
/// It may be used from any thread, but not on the path of a request: it takes a lock and waits for the terminal.
package final class OperationLog: Sendable {
    package enum Level: UInt8, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        package var name: StaticString {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warning: "warning"
            case .error: "error"
            }
        }

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    package enum Format: Sendable, Hashable {
        case text(colour: Bool)
        case json

        /// Text on a terminal, JSON elsewhere. Colour is left out where `NO_COLOR` is set or the terminal has none.
        package static func chosen(for descriptor: Int32) -> Format {
            guard isatty(descriptor) == 1 else { return .json }
            // The environment is not changed while the program runs; the text is copied or only tested.
            let noColour = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
            let terminal = unsafe getenv("TERM").map { unsafe String(cString: $0) } ?? "dumb"
            return .text(colour: !noColour && terminal != "dumb")
        }
    }

    package enum Output: Sendable {
        case descriptor(Int32)
        /// For tests, and for programs that embed the gateway: gets each line, without its line feed.
        case lines(@Sendable (String) -> Void)
    }

    fileprivate struct State: ~Copyable {
        var line = LineWriter(capacity: 512)
        var clock = Timestamp()
    }

    package let level: Level
    private let format: Format
    private let output: Output
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - level: what is less important is left out.
    ///   - format: nil: as fits the output.
    ///   - now: nanoseconds since 1970.
    package init(
        level: Level = .info, format: Format? = nil, output: Output = .descriptor(2),
        now: @escaping @Sendable () -> Int64 = OperationLog.wallClock
    ) {
        self.level = level
        self.output = output
        self.now = now
        if let format {
            self.format = format
        } else if case .descriptor(let descriptor) = output {
            self.format = .chosen(for: descriptor)
        } else {
            self.format = .json
        }
    }

    package func debug(_ message: StaticString, _ values: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.debug, message, values)
    }

    package func info(_ message: StaticString, _ values: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.info, message, values)
    }

    package func warning(_ message: StaticString, _ values: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.warning, message, values)
    }

    package func error(_ message: StaticString, _ values: KeyValuePairs<StaticString, LogValue> = [:]) {
        log(.error, message, values)
    }

    package func log(
        _ level: Level, _ message: StaticString, _ values: KeyValuePairs<StaticString, LogValue> = [:]
    ) {
        guard level >= self.level else { return }
        let time = now()
        state.withLock { state in
            state.line.reset()
            switch format {
            case .json: state.writeJSON(time, level, message, values)
            case .text(let colour): state.writeText(time, level, message, values, colour: colour)
            }
            deliver(&state.line)
        }
    }

    @Sendable
    package static func wallClock() -> Int64 {
        var time = timespec()
        // Fills a local variable.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func deliver(_ line: inout LineWriter) {
        switch output {
        case .lines(let take):
            take(line.span.text)
        case .descriptor(let descriptor):
            line.append(byte: UInt8(ascii: "\n"))
            // A log that cannot be written has nobody to tell; the program goes on. The pointer is used within the call.
            _ = unsafe line.span.withUnsafeBufferPointer { unsafe write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}

extension OperationLog.State {
    fileprivate mutating func writeJSON(
        _ time: Int64, _ level: OperationLog.Level, _ message: StaticString,
        _ values: KeyValuePairs<StaticString, LogValue>
    ) {
        line.append("{\"time\":\"")
        clock.write(time, into: &line)
        line.append("\",\"level\":\"")
        line.append(level.name)
        line.append("\",\"message\":")
        line.append(quotedJSON: message.description)
        for (key, value) in values {
            line.append(byte: UInt8(ascii: ","))
            line.append(quotedJSON: key.description)
            line.append(byte: UInt8(ascii: ":"))
            switch value {
            case .integer(let number): line.append(decimal: number)
            case .text(let text): line.append(quotedJSON: text)
            }
        }
        line.append(byte: UInt8(ascii: "}"))
    }

    fileprivate mutating func writeText(
        _ time: Int64, _ level: OperationLog.Level, _ message: StaticString,
        _ values: KeyValuePairs<StaticString, LogValue>, colour: Bool
    ) {
        clock.write(time, into: &line)
        line.append(byte: UInt8(ascii: " "))
        if colour {
            switch level {
            case .debug: line.append("\u{1B}[2m")
            case .info: line.append("\u{1B}[32m")
            case .warning: line.append("\u{1B}[33m")
            case .error: line.append("\u{1B}[31m")
            }
        }
        line.append(level.name)
        if colour { line.append("\u{1B}[0m") }
        for _ in level.name.utf8CodeUnitCount..<8 { line.append(byte: UInt8(ascii: " ")) }
        line.append(message)
        for (key, value) in values {
            line.append("  ")
            if colour { line.append("\u{1B}[2m") }
            line.append(key)
            line.append(byte: UInt8(ascii: "="))
            if colour { line.append("\u{1B}[0m") }
            switch value {
            case .integer(let number): line.append(decimal: number)
            case .text(let text): writeTextValue(text)
            }
        }
    }

    /// As it is where it is plain, else quoted and escaped as in JSON: a value may hold what a client sent, and must not
    /// reach the terminal as a control sequence.
    private mutating func writeTextValue(_ text: String) {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 < 0x7F }
        if isPlain {
            line.append(text: text)
        } else {
            line.append(quotedJSON: text)
        }
    }
}

extension Span<UInt8> {
    /// A copy as text; ill-formed UTF-8 is repaired.
    var text: String {
        // The pointer is used within the call only.
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
