import Foundation
import GatewayConfiguration
import HTTPWire
import Synchronization
import Testing

@testable import GatewayEngine

@Suite("The access log's thread")
struct AccessLogSinkTests {
    private final class Reports: Sendable {
        private let all = Mutex<[AccessLogFailure]>([])
        var failures: [AccessLogFailure] { all.withLock { $0 } }
        func add(_ failure: AccessLogFailure) { all.withLock { $0.append(failure) } }
    }

    private let folder = ScratchFolder()
    private let counters = AccessLogCounters()
    private let reports = Reports()

    private func sink(_ path: String, limit: Int = 16 << 20) throws(AccessLogFailure) -> AccessLogSink {
        let reports = reports
        return try AccessLogSink(path: path, queueLimit: limit, counters: counters) { reports.add($0) }
    }

    private var written: UInt64 { counters.written.load(ordering: .relaxed) }
    private var dropped: UInt64 { counters.dropped.load(ordering: .relaxed) }

    private func lines(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    }

    /// A named pipe and its reading end.
    private func makePipe() throws -> (path: String, reader: Int32) {
        let path = folder.file("pipe")
        // Both calls get a temporary C string.
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        try #require(reader >= 0)
        return (path, reader)
    }

    /// A record whose line can be recognised by its number.
    private func record(_ number: Int, status: UInt16 = 200) -> AccessRecord {
        var record = AccessRecord()
        record.status = status
        record.bytesSent = UInt64(number)
        return record
    }

    @Test("Lines of all workers arrive whole, in order, once")
    func workers() async throws {
        let path = folder.file("access.log")
        let sink = try sink(path)
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
                    let head = RequestHead()
                    for number in 0..<5_000 {
                        var record = AccessRecord()
                        record.clientPort = UInt16(worker)
                        record.bytesSent = UInt64(number)
                        log.write(record, request: head, labels: .empty)
                    }
                    log.flush()
                }
            }
        }
        #expect(sink.stop(timeout: .seconds(60)))
        #expect(written == 20_000)
        #expect(dropped == 0)
        #expect(reports.failures.isEmpty)
        var next = [0, 0, 0, 0]
        for line in try lines(path) {
            let object = try jsonObject(String(line))
            let worker = try #require(object["client_port"] as? Int)
            #expect(object["bytes_out"] as? Int == next[worker])
            next[worker] += 1
        }
        #expect(next == [5_000, 5_000, 5_000, 5_000])
    }

    @Test("After a rename, reopening goes on in a new file")
    func rotation() throws {
        let path = folder.file("access.log")
        let sink = try sink(path)
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        let head = RequestHead()
        log.write(record(1), request: head, labels: .empty)
        log.flush()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        sink.reopen()
        log.write(record(2), request: head, labels: .empty)
        log.flush()
        #expect(sink.stop(timeout: .seconds(60)))
        #expect(try lines(path + ".1").count == 1)
        #expect(try lines(path).count == 1)
        #expect(try lines(path)[0].contains("\"bytes_out\":2"))
    }

    @Test("When the new file cannot be opened, the old one stays in use")
    func failedRotation() throws {
        let inner = folder.file("inner")
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        let path = inner + "/access.log"
        let sink = try sink(path)
        let moved = folder.file("moved")
        try FileManager.default.moveItem(atPath: inner, toPath: moved)
        sink.reopen()
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        log.write(record(1), request: RequestHead(), labels: .empty)
        log.flush()
        #expect(sink.stop(timeout: .seconds(60)))
        #expect(try lines(moved + "/access.log").count == 1)
        #expect(reports.failures.map(\.operation) == [.open])
        #expect(reports.failures.first?.errorNumber == ENOENT)
    }

    @Test("A path that cannot be opened is refused at the start, in one clear line")
    func refused() {
        let path = folder.file("no/such/folder/access.log")
        let error = #expect(throws: AccessLogFailure.self) { _ = try sink(path) }
        #expect(error?.description == "cannot open the access log \"\(path)\": No such file or directory")
    }

    #if os(Linux)
        @Test("A full disk loses lines, counts them and is reported once")
        func fullDisk() throws {
            let sink = try sink("/dev/full")
            let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
            for number in 0..<3 {
                log.write(record(number), request: RequestHead(), labels: .empty)
                log.flush()
            }
            #expect(sink.stop(timeout: .seconds(60)))
            #expect(dropped == 3)
            #expect(written == 0)
            #expect(reports.failures.map(\.errorNumber) == [ENOSPC])
        }
    #endif

    @Test("A pipe that nobody reads loses lines beyond the limit and never holds up a worker")
    func stuck() async throws {
        let (path, reader) = try makePipe()
        let limit = 4 * AccessLogSink.Batch.capacity
        let sink = try sink(path, limit: limit)
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        let head = RequestHead()
        // The pipe and the queue together hold far less than these lines; each returns at once, or this never ends.
        let total = 20_000
        for number in 0..<total { log.write(record(number), request: head, labels: .empty) }
        log.flush()
        #expect(dropped > 0)
        // With nobody reading, stopping gives up, and says so.
        #expect(!sink.stop(timeout: .milliseconds(1)))
        close(reader)
    }

    @Test("When the reader comes back, what was queued arrives, and nothing is lost uncounted")
    func recovering() throws {
        let (path, reader) = try makePipe()
        let sink = try sink(path, limit: 4 * AccessLogSink.Batch.capacity)
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        let head = RequestHead()
        let total = 5_000
        for number in 0..<total { log.write(record(number), request: head, labels: .empty) }
        log.flush()
        _ = fcntl(reader, F_SETFL, 0)
        let handle = FileHandle(fileDescriptor: reader, closeOnDealloc: true)
        let text = Mutex("")
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let data = (try? handle.readToEnd()) ?? Data()
            text.withLock { $0 = String(decoding: data, as: UTF8.self) }
            done.signal()
        }
        #expect(sink.stop(timeout: .seconds(60)))
        done.wait()
        let received = text.withLock { $0.split(separator: "\n") }
        for line in received { _ = try jsonObject(String(line)) }
        #expect(UInt64(received.count) == written)
        #expect(written + dropped == UInt64(total))
        #expect(dropped > 0)
    }

    @Test("A reader that went away is an error, not the end of the program")
    func brokenPipe() throws {
        let (path, reader) = try makePipe()
        let sink = try sink(path)
        close(reader)
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        log.write(record(1), request: RequestHead(), labels: .empty)
        log.flush()
        #expect(sink.stop(timeout: .seconds(60)))
        #expect(reports.failures.map(\.errorNumber) == [EPIPE])
        #expect(dropped == 1)
    }

    @Test("Errors are always logged, successes by their share")
    func sampled() throws {
        let path = folder.file("access.log")
        let sink = try sink(path)
        var configuration = AccessLogConfiguration()
        configuration.sample = 0
        let log = AccessLogWorker(sink: sink, configuration: configuration)
        let head = RequestHead()
        log.write(record(1), request: head, labels: .empty)
        log.write(record(2, status: 404), request: head, labels: .empty)
        var broken = record(3)
        broken.error = .upstreamIncomplete
        log.write(broken, request: head, labels: .empty)
        configuration.sample = 1
        log.update(configuration)
        log.write(record(4), request: head, labels: .empty)
        log.flush()
        log.flush()
        #expect(sink.stop(timeout: .seconds(60)))
        let numbers = try lines(path).map { try jsonObject(String($0))["bytes_out"] as? Int }
        #expect(numbers == [2, 3, 4])
    }

    @Test("After stopping, lines are dropped and counted, and stopping again is harmless")
    func afterStop() throws {
        let sink = try sink(folder.file("access.log"))
        #expect(sink.stop(timeout: .seconds(60)))
        #expect(sink.stop(timeout: .seconds(60)))
        let log = AccessLogWorker(sink: sink, configuration: AccessLogConfiguration())
        log.write(record(1), request: RequestHead(), labels: .empty)
        log.flush()
        #expect(dropped == 1)
    }
}
