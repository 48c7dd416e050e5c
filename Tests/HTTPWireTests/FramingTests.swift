import HTTPWire
import Testing

/// Message body length: RFC 9112 §6.
@Suite struct FramingTests {
    struct Framed: Sendable, CustomTestStringConvertible {
        let rule: String
        let fields: String
        let framing: BodyFraming?
        let error: WireError?
        var version = "1.1"

        init(_ rule: String, _ fields: String, _ framing: BodyFraming, version: String = "1.1") {
            (self.rule, self.fields, self.framing, self.error, self.version) = (rule, fields, framing, nil, version)
        }

        init(_ rule: String, _ fields: String, _ error: WireError, version: String = "1.1") {
            (self.rule, self.fields, self.framing, self.error, self.version) = (rule, fields, nil, error, version)
        }

        var testDescription: String { rule }
    }

    /// What holds for requests and for responses alike.
    static let shared: [Framed] = [
        Framed("RFC 9112 §6.2: a length", "Content-Length: 5\r\n", .length(5)),
        Framed("RFC 9112 §6.2: zero", "Content-Length: 0\r\n", .length(0)),
        Framed("RFC 9110 §8.6: leading zeros", "Content-Length: 00012\r\n", .length(12)),
        Framed("RFC 9110 §8.6: the largest", "Content-Length: 9007199254740992\r\n", .length(1 << 53)),
        Framed("RFC 9110 §8.6: one more", "Content-Length: 9007199254740993\r\n", .badLength),
        Framed("RFC 9110 §8.6: beyond 64 bits", "Content-Length: 18446744073709551621\r\n", .badLength),
        Framed("RFC 9110 §8.6: far beyond", "Content-Length: \(String(repeating: "9", count: 300))\r\n", .badLength),
        Framed("RFC 9110 §8.6: no plus", "Content-Length: +5\r\n", .badLength),
        Framed("RFC 9110 §8.6: no minus", "Content-Length: -5\r\n", .badLength),
        Framed("RFC 9110 §8.6: not empty", "Content-Length:\r\n", .badLength),
        Framed("RFC 9110 §8.6: no hexadecimal", "Content-Length: 0x5\r\n", .badLength),
        Framed("RFC 9110 §8.6: no fraction", "Content-Length: 5.0\r\n", .badLength),
        Framed("RFC 9110 §8.6: no blank inside", "Content-Length: 5 5\r\n", .badLength),
        Framed("RFC 9110 §8.6: no other digits", "Content-Length: \u{B2}\r\n", .badLength),
        Framed("RFC 9110 §8.6: no list of equal lengths", "Content-Length: 5, 5\r\n", .badLength),
        Framed("RFC 9110 §8.6: no list with an empty end", "Content-Length: 5,\r\n", .badLength),
        Framed("RFC 9112 §6.3: differing", "Content-Length: 5\r\nContent-Length: 6\r\n", .differingLengths),
        Framed("RFC 9112 §6.3: twice", "Content-Length: 5\r\ncontent-length: 5\r\n", .duplicateLength),
        Framed("RFC 9112 §6.3: the second bad", "Content-Length: 5\r\nContent-Length: x\r\n", .badLength),
        Framed("RFC 9112 §7.1: chunked", "Transfer-Encoding: chunked\r\n", .chunked),
        Framed("RFC 9112 §7: in any case", "transfer-encoding: CHUNKED\r\n", .chunked),
        Framed("RFC 9110 §5.6.1: empty elements", "Transfer-Encoding: , chunked ,\r\n", .chunked),
        Framed(
            "RFC 9112 §6.3: both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .lengthAndEncoding),
        Framed(
            "RFC 9112 §6.3: both, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            .lengthAndEncoding),
        Framed(
            "RFC 9112 §6.3: both, the coding unknown", "Transfer-Encoding: x\r\nContent-Length: 5\r\n",
            .lengthAndEncoding),
        Framed("RFC 9112 §6.1: another coding", "Transfer-Encoding: gzip\r\n", .badTransferEncoding),
        Framed("RFC 9112 §6.1: identity is gone", "Transfer-Encoding: identity\r\n", .badTransferEncoding),
        Framed("RFC 9112 §6.1: no coding", "Transfer-Encoding:\r\n", .badTransferEncoding),
        Framed("RFC 9112 §6.1: chunked not last", "Transfer-Encoding: chunked, gzip\r\n", .badTransferEncoding),
        Framed("RFC 9112 §6.1: chunked twice", "Transfer-Encoding: chunked, chunked\r\n", .badTransferEncoding),
        Framed(
            "RFC 9112 §6.1: chunked twice, in two fields",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .badTransferEncoding),
        Framed("RFC 9112 §7.1: no parameter", "Transfer-Encoding: chunked;q=1\r\n", .badTransferEncoding),
        Framed("RFC 9112 §7: a whole word", "Transfer-Encoding: xchunked\r\n", .badTransferEncoding),
        Framed("RFC 9112 §7: a whole word, quoted", "Transfer-Encoding: \"chunked\"\r\n", .badTransferEncoding),
        Framed("RFC 9112 §7: a whole word, with more", "Transfer-Encoding: chunked x\r\n", .badTransferEncoding),
        Framed(
            "RFC 9112 §6.1: over another coding", "Transfer-Encoding: gzip, chunked\r\n", .unsupportedTransferCoding),
        Framed(
            "RFC 9112 §6.1: over another coding, in two fields",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", .unsupportedTransferCoding),
        Framed(
            "RFC 9112 §6.1: not in HTTP/1.0", "Transfer-Encoding: chunked\r\n", .encodingInOldVersion, version: "1.0"),
    ]

    private func request(_ item: Framed) throws(WireError) -> BodyFraming {
        let head = RequestHead()
        var scanner = RequestScanner()
        let input = octets("POST / HTTP/\(item.version)\r\nHost: a\r\n\(item.fields)\r\n")
        guard case .complete = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits()) else {
            Issue.record("not complete")
            return .none
        }
        return try Framing.ofRequest(head)
    }

    private func response(
        _ fields: String, status: Int = 200, to method: Method = .get, version: String = "1.1"
    ) throws(WireError) -> BodyFraming {
        let head = ResponseHead()
        var scanner = ResponseScanner()
        let input = octets("HTTP/\(version) \(status) X\r\n\(fields)\r\n")
        guard case .complete = try scanner.scan(input.span, from: 0, into: head, limits: HeadLimits()) else {
            Issue.record("not complete")
            return .none
        }
        return try Framing.ofResponse(head, to: method)
    }

    @Test("of requests", arguments: shared) func ofRequest(_ item: Framed) {
        do {
            let framing = try request(item)
            #expect(framing == item.framing)
        } catch { #expect(error == item.error) }
    }

    @Test("of responses", arguments: shared) func ofResponse(_ item: Framed) {
        do {
            let framing = try response(item.fields, version: item.version)
            #expect(framing == item.framing)
        } catch { #expect(error == item.error) }
    }

    @Test("RFC 9112 §6.3: a request without either has no body") func requestWithout() throws {
        #expect(try request(Framed("", "", .none)) == .none)
        #expect(try request(Framed("", "Connection: close\r\n", .none, version: "1.0")) == .none)
    }

    @Test("RFC 9112 §6.3: a response without either ends with its connection") func responseWithout() throws {
        #expect(try response("") == .untilClose)
        #expect(try response("", version: "1.0") == .untilClose)
        #expect(try response("", to: .head) == .none)
    }

    @Test("RFC 9112 §6.3: no body follows HEAD, 1xx, 204, 304, whatever the fields say") func bodiless() throws {
        #expect(try response("Content-Length: 5\r\n", to: .head) == .none)
        #expect(try response("Transfer-Encoding: chunked\r\n", to: .head) == .none)
        #expect(try response("Content-Length: 5\r\n", status: 304) == .none)
        #expect(try response("Transfer-Encoding: chunked\r\n", status: 304) == .none)
        #expect(try response("Content-Length: 0\r\n", status: 204) == .none)
        #expect(try response("", status: 100) == .none)
        #expect(try response("", status: 101) == .none)
        #expect(try response("Content-Length: 5\r\n", status: 205) == .length(5))
    }

    @Test("RFC 9112 §6.1: a transfer coding in 1xx or 204 is an error") func encodingWithoutBody() {
        for status in [100, 103, 199, 204] {
            #expect(throws: WireError.encodingWithoutBody) {
                _ = try response("Transfer-Encoding: chunked\r\n", status: status)
            }
        }
        #expect(throws: WireError.badLength) { _ = try response("Content-Length: x\r\n", status: 304) }
        #expect(throws: WireError.lengthAndEncoding) {
            _ = try response("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", to: .head)
        }
    }

    @Test("RFC 9110 §9.3.6: what follows a 2xx to CONNECT is a tunnel") func connect() throws {
        #expect(try response("Content-Length: 5\r\n", to: .connect) == .untilClose)
        #expect(try response("Content-Length: 5\r\n", status: 407, to: .connect) == .length(5))
    }
}
