import Foundation
import GatewayConfiguration
import HTTPWire
import Testing

@testable import GatewayEngine

@Suite("Access log lines")
struct AccessLogEncoderTests {
    private let labels = AccessLabels(
        routes: [
            ("users", SourceLocation(file: "gateway.yaml", line: 12, column: 5)), ("/a/\"b\"", .none),
        ],
        services: ["users", "orders"], endpoints: ["127.0.0.1:3001", "[::1]:3002"])

    private func encode(
        _ record: AccessRecord, _ head: RequestHead, _ configuration: AccessLogConfiguration = .init()
    ) -> String {
        written { buffer in
            var encoder = AccessLogEncoder(configuration)
            encoder.write(record, request: head, labels: labels, into: buffer)
        }
    }

    @Test("A proxied request, all members in their order")
    func complete() throws {
        let head = try requestHead(
            "GET /api/users/7?page=2&token=abc HTTP/1.1\nHost: api.example.com\nX-Request-Id: id-1\nAuthorization: Bearer x\n"
                + "User-Agent: curl/8\nAccept: a\nAccept: b\nCookie: s=1\nX-Team: \"core\"\n\n")
        var record = AccessRecord()
        record.start = 1_709_210_096_123_456_789
        record.duration = 1_234_567
        record.upstreamConnect = 200_000
        record.upstreamFirstByte = 900_999
        record.upstreamTotal = 1_000_000
        record.bytesReceived = 321
        record.bytesSent = 4_096
        record.status = 200
        record.statusSource = .upstream
        record.attempts = 1
        record.route = 0
        record.service = 0
        record.endpoint = 1
        record.clientLow = 0xFFFF_CB00_7109
        record.clientPort = 54_321
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        record.requestID = RequestID.ensure(in: head, &source)
        record.traceID = TraceContext.propagate(in: head, &source)
        let trace = head.fields.text(record.traceID)
        var configuration = AccessLogConfiguration()
        configuration.headers = ["user-agent", "Accept", "authorization", "cookie", "x-team", "x-absent"]

        let text = encode(record, head, configuration)
        #expect(
            text == #"{"time":"2024-02-29T12:34:56.123Z","request_id":"id-1","trace_id":""# + trace
                + #"","client":"203.0.113.9","client_port":54321,"method":"GET","host":"api.example.com","#
                + #""path":"/api/users/7?page=2&token=***","protocol":"HTTP/1.1","route":"users","#
                + #""rule":"gateway.yaml:12","service":"users","endpoint":"[::1]:3002","status":200,"#
                + #""status_from":"upstream","bytes_in":321,"bytes_out":4096,"duration_ms":1.234,"#
                + #""upstream":{"connect_ms":0.200,"first_byte_ms":0.900,"total_ms":1.000},"attempts":1,"#
                + #""headers":{"user-agent":"curl/8","accept":"a, b","authorization":"***","cookie":"***","#
                + #""x-team":"\"core\""}}"# + "\n")
        _ = try jsonObject(text)
    }

    @Test("A request that could not be read still gets its line")
    func minimal() throws {
        var record = AccessRecord()
        record.status = 400
        record.error = .badRequest
        record.clientLow = 1
        var configuration = AccessLogConfiguration()
        configuration.headers = ["user-agent"]
        #expect(
            encode(record, RequestHead(), configuration)
                == #"{"time":"1970-01-01T00:00:00.000Z","client":"::1","client_port":0,"protocol":"HTTP/1.1","status":400,"#
                + #""status_from":"gateway","error":"bad_request","bytes_in":0,"bytes_out":0,"duration_ms":0.000,"#
                + #""headers":{}}"# + "\n")
    }

    @Test("Indices without a name leave a gap, names are escaped")
    func names() throws {
        let head = try requestHead("GET / HTTP/1.0\n\n")
        var record = AccessRecord()
        record.route = 1
        record.service = 99
        record.endpoint = -7
        record.attempts = 2
        let object = try jsonObject(encode(record, head))
        #expect(object["route"] as? String == "/a/\"b\"")
        #expect(object["rule"] == nil)
        #expect(object["service"] == nil)
        #expect(object["endpoint"] == nil)
        #expect(object["attempts"] as? Int == 2)
        #expect((object["upstream"] as? [String: Any])?.isEmpty == true)
    }

    @Test("A value longer than anyone reads is cut, within a line that stays valid")
    func longValues() throws {
        let head = try requestHead(
            "GET /?q=\(String(repeating: "x", count: 5_000)) HTTP/1.1\nHost: a\nX-Long: "
                + String(repeating: "é", count: 3_000) + "\n\n")
        var configuration = AccessLogConfiguration()
        configuration.headers = ["x-long"]
        let object = try jsonObject(encode(AccessRecord(), head, configuration))
        #expect((object["path"] as? String)?.utf8.count == 2 + AccessLogEncoder.valueLimit)
        let headers = object["headers"] as? [String: String]
        #expect(headers?["x-long"] == String(repeating: "é", count: AccessLogEncoder.valueLimit / 2))
    }

    @Test("Field values of any bytes make valid lines")
    func anyBytes() throws {
        var walk = Walk()
        var configuration = AccessLogConfiguration()
        configuration.headers = ["x-any", "user-agent"]
        var encoder = AccessLogEncoder(configuration)
        let buffer = WireBuffer(capacity: 64)
        for _ in 0..<500 {
            let head = RequestHead()
            let value = walk.nastyBytes(upTo: 300)
            let name = bytes("X-Any")
            head.fields.append(name: name.span, value: value.span)
            head.path = head.fields.store(value.span)
            head.query = head.path
            head.hasQuery = Bool.random(using: &walk)
            buffer.removeAll()
            encoder.write(AccessRecord(), request: head, labels: labels, into: buffer)
            let text = buffer.span.text
            #expect(text.filter { $0 == "\n" }.count == 1 && text.hasSuffix("\n"), "seed \(walk.seed)")
            let object = try jsonObject(text)
            #expect(object["path"] != nil || value.isEmpty, "seed \(walk.seed)")
        }
    }

    @Test(
        "Secrets in the query are hidden however their names are spelt",
        arguments: [
            ("", ""),
            ("page=2", "page=2"),
            ("token=abc", "token=***"),
            ("token=", "token=***"),
            ("token", "token"),
            ("TOKEN=abc", "TOKEN=***"),
            ("tokens=abc", "tokens=abc"),
            ("mytoken=abc", "mytoken=abc"),
            ("%74oken=abc", "%74oken=***"),
            ("%54%6FK%65n=abc", "%54%6FK%65n=***"),
            ("%7=abc", "%7=abc"),
            ("%zztoken=abc", "%zztoken=abc"),
            ("token[]=abc", "token[]=***"),
            ("token%5B0%5D=abc", "token%5B0%5D=***"),
            ("a=1&token=x&b=2", "a=1&token=***&b=2"),
            ("a=1;token=x;y&b=2", "a=1;token=***&b=2"),
            ("token=x&password=y", "token=***&password=***"),
            ("a=token=b", "a=token=b"),
            ("&&token=x&&", "&&token=***&&"),
            ("=x&token=y", "=x&token=***"),
            ("token=a=b=c", "token=***"),
            ("q=\"&token=\"", "q=\\\"&token=***"),
        ] as [(String, String)])
    func redaction(query: String, expected: String) {
        let redaction = QueryRedaction(["Token", "password", ""])
        let bytes = bytes(query)
        let redacted = line { redaction.write(bytes.span, into: &$0) }
        #expect(redacted == expected)
        let nothing = QueryRedaction([])
        let untouched = line { nothing.write(bytes.span, into: &$0) }
        let plain = line { $0.append(json: bytes.span) }
        #expect(untouched == plain)
    }

    @Test("Whatever the query, a marked secret never shows")
    func redactionWalk() {
        var walk = Walk()
        let redaction = QueryRedaction(AccessLogConfiguration().redactQuery)
        let pieces = ["a=1", "&", ";", "=", "token", "%74oken", "x[]=2", "code", "%", "%4", "api_key", "[", "b"]
        for _ in 0..<3_000 {
            var query = (0..<Int.random(in: 0..<8, using: &walk)).map { _ in pieces.randomElement(using: &walk)! }
                .joined()
            query += "&access_token=SECRET"
            if Bool.random(using: &walk) { query += "&" + pieces.randomElement(using: &walk)! }
            let bytes = bytes(query)
            let text = line { redaction.write(bytes.span, into: &$0) }
            #expect(!text.contains("SECRET"), "seed \(walk.seed): \(query)")
        }
    }

    @Test(
        "Sampling takes exactly the share, and the first",
        arguments: [
            (0.0, 0), (0.1, 100), (0.25, 250), (1.0 / 3, 333), (0.5, 500), (1.0, 1_000), (7.0, 1_000), (-1.0, 0),
        ])
    func sampling(share: Double, expected: Int) {
        var sampler = AccessLogSampler(share: share)
        let taken = (0..<1_000).map { _ in sampler.next() }
        #expect(abs(taken.filter { $0 }.count - expected) <= 1)
        #expect(taken[0] == (expected > 0))
        var again = AccessLogSampler(share: share)
        let repeated = (0..<1_000).map { _ in again.next() }
        #expect(repeated == taken)
    }

    @Test("A share that is no number logs everything")
    func samplingNaN() {
        var sampler = AccessLogSampler(share: .nan)
        let taken = (0..<10).map { _ in sampler.next() }
        #expect(taken.allSatisfy { $0 })
    }
}
