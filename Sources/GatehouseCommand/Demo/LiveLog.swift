internal import Reactor

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Reads the gateway's access log through a pipe and prints a line for each request that a person can follow.
struct LiveLog: Sendable {
    private let pipe: Pipe
    private let console: Console

    /// What the gateway's access log is told to write to.
    var path: String { "/dev/fd/\(pipe.writer)" }

    init?(_ console: Console) {
        guard let pipe = Pipe() else { return nil }
        self.pipe = pipe
        self.console = console
    }

    /// Reads from now on, on a thread of its own, until the program ends.
    ///
    /// - Parameter prints: if not, what comes is only taken, so that the log does not wait for a reader.
    func start(prints: Bool) {
        let (descriptor, console) = (pipe.reader, console)
        PlainThread.start {
            var pending: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 16_384)
            while true {
                // At most as many bytes as the array has.
                let count = unsafe read(descriptor, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return }
                guard prints else { continue }
                pending += chunk[0..<count]
                var lines = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                pending = Array(lines.removeLast())
                for line in lines {
                    if let record = Record(json: Array(line)) { console.write(record.text(colour: console.hasColour)) }
                }
            }
        }
    }

    /// The members of an access record that fit on a line.
    struct Record: Decodable {
        var method: String?
        var path: String?
        var route: String?
        var service: String?
        var endpoint: String?
        var status: Int
        var statusFrom: String?
        var error: String?
        var durationMs: Double

        init?(json: [UInt8]) {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            guard let record = try? decoder.decode(Record.self, from: Data(json)) else { return nil }
            self = record
        }

        /// `GET /api/users/7 → users → users 127.0.0.1:40001  200  0.4 ms`
        func text(colour: Bool) -> String {
            var way = "\(method ?? "-") \(LiveLog.printable(path ?? "-"))"
            if let route { way += " → \(route)" }
            if let service, let endpoint {
                way += service == endpoint ? " → \(endpoint)" : " → \(service) \(endpoint)"
            } else if let service {
                way += " → \(service)"
            }
            let paint: Paint = status >= 500 ? .bad : status >= 400 ? .caution : .good
            var line = "\(way)  \(paint(String(status), colour))"
            if let error { line += " \(error)" }
            let tenths = Int((durationMs * 10).rounded())
            return line + Paint.quiet("  \(tenths / 10).\(tenths % 10) ms", colour)
        }
    }

    /// What a client sent must not reach the terminal as a control sequence.
    static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}
