import GatehouseTesting
import Testing

@testable import RateLimits

@Suite struct RESPTests {
    private func read(_ text: String) throws -> Int? {
        let bytes = Array(text.utf8)
        return try RESPReader().end(bytes.span, from: 0)
    }

    @Test(arguments: [
        "+OK\r\n", "-ERR no\r\n", ":12\r\n", ":-12\r\n", "$0\r\n\r\n", "$5\r\na\r\nbc\r\n", "$-1\r\n", "*-1\r\n",
        "*0\r\n", "*2\r\n:1\r\n$1\r\nx\r\n", "*1\r\n*1\r\n*1\r\n:1\r\n",
    ]) func knowsWhereAnswersEnd(_ text: String) throws {
        #expect(try read(text) == text.utf8.count)
        #expect(try read(text + ":7\r\n") == text.utf8.count)
        // Nothing is taken for whole that is not.
        for count in 0..<text.utf8.count {
            #expect(try read(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == nil)
        }
    }

    @Test(arguments: [
        ("x\r\n", RESPReader.Fault.badType), ("\r\n", .badType), ("\n", .badType), ("+\n", .badLine),
        ("HTTP/1.1 400\r\n", .badType), (":\r\n", .badNumber),
        (":1a\r\n", .badNumber), (":9999999999999999999\r\n", .badNumber), ("$-2\r\n", .badNumber),
        ("*-2\r\n", .badNumber), ("$70000\r\n", .tooLong), ("*2000\r\n", .tooLong), ("+a\nb\r\n", .badLine),
        ("+a\rb\r\n", .badLine), ("$1\r\nabc", .badLine), ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", .tooDeep),
        ("+" + String(repeating: "a", count: 2_000), .tooLong),
    ]) func refusesWhatIsNoAnswer(_ text: String, _ fault: RESPReader.Fault) {
        #expect(throws: fault) { try read(text) }
    }

    @Test func putsOutcomesIntoTheCheck() throws {
        let dry = try RateLimit(name: "dry", requests: 1, per: .day, isDryRun: true)
        let real = try RateLimit(name: "real", requests: 10, per: .day)
        let check = LimitCheck([(dry, "k"), (real, "k")])
        func read(_ numbers: [Int]) throws -> LimitReply.Result {
            let bytes = Array(("*\(numbers.count)\r\n" + numbers.map { ":\($0)\r\n" }.joined()).utf8)
            return try LimitReply.read(bytes.span, from: 0, reader: RESPReader(), into: check)
        }
        #expect(try read([1, 0, 0, 77, 3, 1, 9, 78, 0]) == .decided(end: 42))
        #expect(check.isAllowed)
        #expect(
            check.items.map(\.outcome) == [
                LimitOutcome(isAllowed: false, remaining: 0, reset: 77, retryAfter: 3),
                LimitOutcome(isAllowed: true, remaining: 9, reset: 78, retryAfter: 0),
            ])
        _ = try read([0, 1, 0, 77, 0, 0, 0, 78, 5])
        #expect(!check.isAllowed)
        #expect(check.decisive.map { check.outcome($0).retryAfter } == 5)
        // Answers to something else.
        for numbers in [
            [], [1], [1, 0, 0, 77, 3], [2, 0, 0, 77, 3, 1, 9, 78, 0], [1, 0, 0, 77, 3, 0, 9, 78, 1],
            [1, 0, -1, 77, 3, 1, 9, 78, 0],
        ] {
            #expect(throws: RESPReader.Fault.unexpected) { try read(numbers) }
        }
        let simple = Array("+OK\r\n".utf8)
        #expect(throws: RESPReader.Fault.unexpected) {
            try LimitReply.read(simple.span, from: 0, reader: RESPReader(), into: check)
        }
    }

    @Test(arguments: [
        ("NOSCRIPT No matching script.", LimitReply.Refusal.noScript), ("MOVED 3999 127.0.0.1:6381", .moved),
        ("OOM command not allowed", .outOfMemory), ("READONLY You can't write", .readOnly), ("LOADING", .loading),
        ("ERR whatever", .other), ("", .other),
    ]) func knowsRefusals(_ text: String, _ refusal: LimitReply.Refusal) throws {
        let bytes = Array("-\(text)\r\n".utf8)
        let check = LimitCheck()
        #expect(
            try LimitReply.read(bytes.span, from: 0, reader: RESPReader(), into: check)
                == .refused(refusal, end: bytes.count))
    }

    @Test func writesKeysThatNoCommandHidesIn() throws {
        let limit = try RateLimit(name: "a", requests: 7, per: .second, burst: 9)
        let check = LimitCheck([(limit, "x\r\n*1\r\n")])
        let written = text {
            RESPRequest.append(
                check, .named(Array("s".utf8)), in: RESPRequest.KeySpace(prefix: Array("p:".utf8)), to: &$0)
        }
        #expect(
            written == "*10\r\n$7\r\nEVALSHA\r\n$1\r\ns\r\n$1\r\n1\r\n$21\r\np:a:b7/1000/9:x\r\n*1\r\n\r\n"
                + "$1\r\n1\r\n$1\r\n7\r\n$7\r\n1000000\r\n$1\r\n9\r\n$1\r\n0\r\n$1\r\n1\r\n")
    }

    /// Whatever comes, nothing traps, and nothing is read beyond what came.
    @Test func survivesAnything() throws {
        var random = SeededRandom()
        let alphabet = Array("+-:$*0123456789\r\n\r\n\r\nx".utf8)
        let limit = try RateLimit(name: "a", requests: 1, per: .day)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            let check = LimitCheck([(limit, "k")])
            let result = try? LimitReply.read(bytes.span, from: 0, reader: RESPReader(), into: check)
            switch result {
            case .decided(let end), .refused(_, let end): #expect(end <= bytes.count, "seed \(random.seed)")
            case .incomplete, nil: break
            }
        }
    }
}
