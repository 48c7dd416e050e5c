import Foundation
import Synchronization
import Testing

@testable import GatewayEngine

@Suite("The program's own log")
struct OperationLogTests {
    private final class Lines: Sendable {
        private let all = Mutex<[String]>([])
        var texts: [String] { all.withLock { $0 } }
        func add(_ line: String) { all.withLock { $0.append(line) } }
    }

    private func log(_ format: OperationLog.Format, _ level: OperationLog.Level = .debug) -> (OperationLog, Lines) {
        let lines = Lines()
        let log = OperationLog(
            level: level, format: format, output: .lines { lines.add($0) }, now: { 1_709_210_096_123_000_000 })
        return (log, lines)
    }

    @Test("JSON has time, level, message and the values in order")
    func json() throws {
        let (log, lines) = log(.json)
        let who = "a \"b\"\n\u{1B}[31m"
        log.info("listening", ["address": "127.0.0.1:8080", "workers": 2, "who": "\(who)"])
        #expect(
            lines.texts == [
                #"{"time":"2024-02-29T12:34:56.123Z","level":"info","message":"listening","address":"127.0.0.1:8080","#
                    + #""workers":2,"who":"a \"b\"\n\u001b[31m"}"#
            ])
        #expect(try jsonObject(lines.texts[0])["who"] as? String == who)
    }

    @Test("Text is aligned, and a value never reaches the terminal as a control sequence")
    func text() {
        let (log, lines) = log(.text(colour: false))
        log.warning("config reload failed", ["file": "gateway.yaml", "why": "no such\u{1B}[2J file", "empty": ""])
        #expect(
            lines.texts == [
                #"2024-02-29T12:34:56.123Z warning config reload failed  file=gateway.yaml  why="no such\u001b[2J file"  empty="""#
            ])
    }

    @Test("Colour only where it is asked for")
    func colour() {
        let (plain, plainLines) = log(.text(colour: false))
        let (coloured, colouredLines) = log(.text(colour: true))
        for level in OperationLog.Level.allCases {
            plain.log(level, "message", ["key": 1])
            coloured.log(level, "message", ["key": 1])
        }
        #expect(plainLines.texts.allSatisfy { !$0.contains("\u{1B}") })
        #expect(colouredLines.texts.allSatisfy { $0.contains("\u{1B}[") && $0.contains("\u{1B}[0m") })
    }

    @Test("What is less important than the level is left out")
    func levels() {
        let (log, lines) = log(.json, .warning)
        log.debug("one")
        log.info("two")
        log.warning("three")
        log.error("four")
        #expect(lines.texts.count == 2)
    }

    @Test("A pipe is no terminal: JSON lines, each ended by a line feed")
    func descriptor() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(OperationLog.Format.chosen(for: descriptor) == .json)
        let log = OperationLog(output: .descriptor(descriptor))
        log.info("started")
        log.info("stopped")
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(text.hasSuffix("\n"))
        for line in lines { #expect(try jsonObject(String(line))["level"] as? String == "info") }
    }

    @Test("Lines of many threads do not mix")
    func threads() async throws {
        let (log, lines) = log(.json)
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<100 { log.info("line", ["task": .integer(task), "number": .integer(number)]) }
                }
            }
        }
        #expect(lines.texts.count == 800)
        for line in lines.texts { #expect(try jsonObject(line)["message"] as? String == "line") }
    }
}
