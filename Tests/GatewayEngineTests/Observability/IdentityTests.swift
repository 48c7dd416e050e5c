import HTTPWire
import Testing

@testable import GatewayEngine

@Suite("Request and trace ids")
struct IdentityTests {
    @Test(
        "Which ids of clients are kept",
        arguments: [
            ("a", true),
            ("7b1f9f0e-6f0e-4a6e-9b0a-0f6a3f4c1d2e", true),
            ("req_AbC.1:2/3+4=", true),
            (String(repeating: "x", count: 128), true),
            (String(repeating: "x", count: 129), false),
            ("", false),
            ("two words", false),
            ("a\"b", false),
            ("a,b", false),
            ("a;b", false),
            ("tab\t", false),
            ("ä", false),
            ("{x}", false),
            ("<script>", false),
            ("$(id)", false),
            ("a\u{7F}", false),
        ] as [(String, Bool)])
    func validity(id: String, isValid: Bool) {
        #expect(self.isValid(id) == isValid)
    }

    @Test("New ids are valid, have their form, and differ")
    func making() {
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        var seen: Set<String> = []
        var digits: [Set<Character>] = Array(repeating: [], count: 26)
        for _ in 0..<5_000 {
            let text = makeID(&source)
            #expect(isValid(text))
            #expect(text.hasPrefix("req_"))
            seen.insert(text)
            for (index, digit) in text.enumerated() { digits[index].insert(digit) }
        }
        #expect(seen.count == 5_000)
        // Each digit takes all of its values: six bits, and the two left over in the last one.
        for index in 4..<25 { #expect(digits[index].count == 64) }
        #expect(digits[25].count == 4)
    }

    @Test("The same seed makes the same ids, the system's another one each time")
    func seeds() {
        var first = IdentifierSource(seed: (5, 6, 7, 8))
        var second = IdentifierSource(seed: (5, 6, 7, 8))
        let one = makeID(&first)
        let two = makeID(&second)
        #expect(one == two)
        var third = IdentifierSource()
        var fourth = IdentifierSource()
        let three = makeID(&third)
        let four = makeID(&fourth)
        #expect(three != four)
        var zero = IdentifierSource(seed: (0, 0, 0, 0))
        var values: Set<UInt64> = []
        for _ in 0..<8 { values.insert(zero.next()) }
        #expect(values.count == 8)
    }

    @Test("The generator is xoshiro256**")
    func generator() {
        // Worked by hand from the published definition: 2 * 5 rotated by 7 times 9; then s1 is 0, then 262149.
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        let (first, second, third) = (source.next(), source.next(), source.next())
        #expect(first == 11_520)
        #expect(second == 0)
        #expect(third == 1_509_978_240)
    }

    @Test(
        "A request carries exactly one valid id afterwards",
        arguments: [
            ("X-Request-Id: mine-1\n", true, "mine-1"),
            ("x-request-id: mine-1\n", true, "mine-1"),
            ("X-Request-Id: mine-1\n", false, nil),
            ("X-Request-Id: not valid\n", true, nil),
            ("X-Request-Id:\n", true, nil),
            ("X-Request-Id: a\nX-Request-Id: b\n", true, nil),
            ("", true, nil),
        ] as [(String, Bool, String?)])
    func ensuring(fields: String, trusted: Bool, kept: String?) throws {
        let head = try requestHead("GET / HTTP/1.1\nHost: a\n\(fields)\n")
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        let range = RequestID.ensure(in: head, trusted: trusted, &source)
        let id = head.fields.text(range)
        if let kept {
            #expect(id == kept)
        } else {
            #expect(id.hasPrefix("req_") && id.utf8.count == RequestID.length)
        }
        let index = head.fields.firstIndex(of: .xRequestID)
        #expect(head.fields.valueText(index) == id)
        #expect(head.fields.nextIndex(of: .xRequestID, after: index) < 0)
    }

    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    /// The field value as it would be sent on, nil when it is not valid.
    private func parse(_ value: String) -> String? {
        let value = bytes(value)
        guard let context = TraceContext(parsing: value.span) else { return nil }
        let text = context.text
        return text.span.text
    }

    private func makeID(_ source: inout IdentifierSource) -> String {
        let id = RequestID.make(&source)
        return id.span.text
    }

    private func isValid(_ id: String) -> Bool {
        let id = bytes(id)
        return RequestID.isValid(id.span)
    }

    @Test(
        "traceparent is read strictly",
        arguments: [
            ("00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01"),
            ("00-\(trace)-\(span)-00", "00-\(trace)-\(span)-00"),
            ("00-\(trace)-\(span)-03", "00-\(trace)-\(span)-03"),
            ("00-\(trace)-\(span)-ff", "00-\(trace)-\(span)-03"),
            ("00-\(trace)-\(span)-01-", nil),
            ("00-\(trace)-\(span)-01-extra", nil),
            ("00-\(trace)-\(span)-01 ", nil),
            ("01-\(trace)-\(span)-01", "00-\(trace)-\(span)-01"),
            ("01-\(trace)-\(span)-01-what-comes", "00-\(trace)-\(span)-01"),
            ("01-\(trace)-\(span)-01what", nil),
            ("fe-\(trace)-\(span)-01", "00-\(trace)-\(span)-01"),
            ("ff-\(trace)-\(span)-01", nil),
            ("00-\(trace.uppercased())-\(span)-01", nil),
            ("00-00000000000000000000000000000000-\(span)-01", nil),
            ("00-0000000000000000000000000000000f-\(span)-01", "00-0000000000000000000000000000000f-\(span)-01"),
            ("00-f0000000000000000000000000000000-\(span)-01", "00-f0000000000000000000000000000000-\(span)-01"),
            ("00-\(trace)-0000000000000000-01", nil),
            ("0g-\(trace)-\(span)-01", nil),
            ("00-\(trace)-\(span)-0", nil),
            ("00_\(trace)-\(span)-01", nil),
            ("00-\(trace)_\(span)-01", nil),
            ("00-\(trace)-\(span)_01", nil),
            ("", nil),
        ] as [(String, String?)])
    func parsing(value: String, expected: String?) {
        #expect(parse(value) == expected)
    }

    @Test("A valid trace goes on with a new parent, and its state with it")
    func continuing() throws {
        let head = try requestHead(
            "GET / HTTP/1.1\nHost: a\ntraceparent: 00-\(Self.trace)-\(Self.span)-01\ntracestate: a=1\n\n")
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        let range = TraceContext.propagate(in: head, &source)
        #expect(head.fields.text(range) == Self.trace)
        let text = head.fields.valueText(head.fields.firstIndex(of: .traceparent))
        #expect(text.hasPrefix("00-\(Self.trace)-"))
        #expect(text.hasSuffix("-01"))
        #expect(!text.contains(Self.span))
        #expect(head.fields.contains(.tracestate))
    }

    @Test(
        "Anything else begins a trace without state",
        arguments: [
            "", "traceparent: nonsense\n",
            "traceparent: 00-\(trace)-\(span)-01\ntraceparent: 00-\(trace)-\(span)-01\n",
        ])
    func beginning(fields: String) throws {
        let head = try requestHead("GET / HTTP/1.1\nHost: a\n\(fields)tracestate: a=1\n\n")
        var source = IdentifierSource(seed: (1, 2, 3, 4))
        let range = TraceContext.propagate(in: head, &source)
        let index = head.fields.firstIndex(of: .traceparent)
        let text = head.fields.valueText(index)
        #expect(parse(text) != nil)
        #expect(text.hasSuffix("-03"))
        #expect(!text.contains(Self.trace))
        #expect(String(text.dropFirst(3).prefix(32)) == head.fields.text(range))
        #expect(head.fields.nextIndex(of: .traceparent, after: index) < 0)
        #expect(!head.fields.contains(.tracestate))
    }
}
