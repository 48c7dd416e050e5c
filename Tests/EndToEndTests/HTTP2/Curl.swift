import GatehouseTesting
import Testing

/// A request by curl over HTTP/2, which has to come to an answer in HTTP/2.
struct CurlAnswer {
    let status: Int
    /// Names in lower case, as HTTP/2 has them.
    let fields: [(name: String, value: String)]
    let body: String

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// - Parameter options: of curl; over TLS `--cacert` at least.
    init(_ url: String, _ options: [String] = []) throws {
        let version = url.hasPrefix("https:") ? "--http2" : "--http2-prior-knowledge"
        let arguments = ["curl", "-sS", "-i", "-m", "30", version, "-4"]
        let process = try ChildProcess("/usr/bin/env", arguments + options + [url])
        guard try process.waitForExit(within: .seconds(60)) == .code(0) else {
            throw KitFailure(.program, "curl: \(process.errors)")
        }
        let text = process.output
        guard let end = text.range(after: "\r\n\r\n") else { throw KitFailure(.violation, "no head: \(text)") }
        let lines = text[..<end].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words[0] == "HTTP/2", words.count > 1, let status = Int(words[1]) else {
            throw KitFailure(.violation, "not HTTP/2: \(lines[0])")
        }
        self.status = status
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1].dropFirst()) : "")
        }
        body = String(text[end...])
    }
}
