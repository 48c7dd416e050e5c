import Foundation
import GatewayConfiguration
import HTTPWire
import Testing

@testable import GatewayEngine

/// A random walk that can be walked again: `GATEHOUSE_SEED` chooses it, and a failing test prints it.
struct Walk: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        let chosen = ProcessInfo.processInfo.environment["GATEHOUSE_SEED"].flatMap { UInt64($0) }
        seed = chosen ?? UInt64.random(in: 0...(.max))
        state = seed
    }

    /// A counter, scrambled: every seed gives another walk, near ones too.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 32) &* 0xD6E8_FEB8_6659_FD93
        value = (value ^ value >> 32) &* 0xD6E8_FEB8_6659_FD93
        return value ^ value >> 32
    }

    /// Bytes in which quotes, control characters, and whole and broken UTF-8 sequences are as frequent as letters.
    mutating func nastyBytes(upTo limit: Int) -> [UInt8] {
        let pieces: [[UInt8]] = [
            Array("plain text of some length".utf8), [0x22], [0x5C], [0x00], [0x1F], [0x0A], [0x7F], Array("é".utf8),
            Array("€".utf8), Array("😀".utf8), [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0x80], [0xFF], [0xF0, 0x9F], [0xE0, 0x80, 0x80], [0xC2],
        ]
        var bytes: [UInt8] = []
        let count = Int.random(in: 0...limit, using: &self)
        while bytes.count < count {
            if Bool.random(using: &self) {
                bytes.append(UInt8.random(in: 0...255, using: &self))
            } else {
                bytes += pieces.randomElement(using: &self)!
            }
        }
        return Array(bytes.prefix(count))
    }
}

/// What `write` leaves in a fresh buffer.
func written(_ write: (WireBuffer) -> Void) -> String {
    let buffer = WireBuffer(capacity: 256)
    write(buffer)
    return buffer.span.text
}

/// What `write` leaves in a fresh line.
func line(_ write: (inout LineWriter) -> Void) -> String {
    var line = LineWriter(capacity: 64)
    write(&line)
    return line.span.text
}

extension HeaderBlock {
    func text(_ range: ByteRange) -> String { bytes(range).text }
    func valueText(_ index: Int) -> String { value(index).text }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A request head, read by the scanner from its text on the wire.
func requestHead(_ text: String) throws -> RequestHead {
    let head = RequestHead()
    var scanner = RequestScanner()
    let input = bytes(text.replacing("\n", with: "\r\n"))
    let outcome = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits())
    guard case .complete = outcome else {
        Issue.record("an unfinished head")
        return head
    }
    return head
}

func jsonObject(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

/// A folder of its own for one test, removed at its end.
final class ScratchFolder {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "gatehouse-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}
