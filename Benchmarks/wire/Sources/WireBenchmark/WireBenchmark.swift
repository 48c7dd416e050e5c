import HTTPWire

#if canImport(Glibc)
    import Glibc
#endif

/// Nanoseconds per head, over a browser's request with ten fields and a small service's response. Figures only: nothing
/// is asserted about time.
@main
struct WireBenchmark {
    static let browser = """
        GET /api/users/42?expand=orders&limit=20 HTTP/1.1\r
        Host: api.example.com\r
        Connection: keep-alive\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
        Accept-Encoding: gzip, deflate, br\r
        Accept-Language: en-GB,en;q=0.9\r
        Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r
        Cache-Control: max-age=0\r
        X-Request-Id: 4bf92f35-77b3-4da6-a3ce-929d0e0e4736\r
        Referer: https://app.example.com/dashboard\r
        \r

        """
    static let plain = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
    static let answer = """
        HTTP/1.1 200 OK\r
        Content-Type: application/json\r
        Content-Length: 193\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Server: sample\r
        Cache-Control: no-store\r
        \r

        """

    static func main() throws {
        let buffer = WireBuffer(capacity: 4096)
        let request = RequestHead()
        let response = ResponseHead()
        let limits = HeadLimits()
        for (name, message) in [("browser", browser), ("plain", plain)] {
            let input = Array(message.utf8)
            var scanner = RequestScanner()
            try measure("scan request, \(name), \(input.count) bytes") {
                _ = try scanner.scan(input.span, from: 0, into: request, limits: limits)
            }
            measure("write fields, \(name)") {
                buffer.removeAll()
                request.fields.write(into: buffer)
            }
            try measure("scan, strip, add three, write, \(name)") {
                _ = try scanner.scan(input.span, from: 0, into: request, limits: limits)
                _ = try Framing.ofRequest(request)
                let fields = request.fields
                FieldRules.stripHopByHop(fields)
                fields.append(.xForwardedFor, "127.0.0.1")
                fields.append(.xForwardedProto, "http")
                fields.append(.via, "1.1 gatehouse")
                buffer.removeAll()
                buffer.append(from: fields, request.methodText)
                buffer.append(" ")
                buffer.append(from: fields, request.target)
                buffer.append(" HTTP/1.1\r\n")
                fields.write(into: buffer)
                buffer.append("\r\n")
            }
        }
        let input = Array(answer.utf8)
        var scanner = ResponseScanner()
        try measure("scan response, \(input.count) bytes") {
            _ = try scanner.scan(input.span, from: 0, into: response, limits: limits)
        }
        measure("write fields, response") {
            buffer.removeAll()
            response.fields.write(into: buffer)
        }
    }

    /// The best of many short rounds, since what else runs on the machine only ever adds. With an argument, only the
    /// work whose name contains it, and few rounds: for a profiler that counts instructions.
    static func measure(_ name: String, _ body: () throws -> Void) rethrows {
        if CommandLine.arguments.count > 1 {
            guard name.hasPrefix(CommandLine.arguments[1]) else { return try body() }
            for _ in 0..<1_000 { try body() }
            return
        }
        var best = Double.infinity
        for _ in 0..<4_000 {
            let start = nanoseconds()
            for _ in 0..<200 { try body() }
            best = min(best, Double(nanoseconds() - start) / 200)
        }
        print(name, Int(best.rounded()), "ns")
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        // The variable outlives the call.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
