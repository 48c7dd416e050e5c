import Foundation
import Testing

@testable import GatewayConfiguration

/// Files that were damaged at random: loading them must end, with a configuration or with errors, and never trap.
///
/// A run is replayed with `GATEHOUSE_SEED=<the seed of the failure>`.
@Suite struct FuzzTests {
    /// splitmix64: small, and the same everywhere.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    static let seed =
        ProcessInfo.processInfo.environment["GATEHOUSE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)

    static let fragments = [
        "{", "}", "[", "]", ":", ",", "\"", "'", "&a ", "*a", "- ", "\n", "\n  ", "#", "${env:X}", "${", "$${", "{id}",
        "{x+}",
        "**", "%2", "\\u12", "\\ud800", "!!str ", "<<: ", "? ", "|\n", ">\n", "---\n", "...", "0", "-1",
        "99999999999999999999", "1e999",
        "5s", "%", "é", "\u{feff}", "null", "true", "routes", "path", "service", "/", "//", "http://", "[::1]", "::",
        "\t", "\0",
    ].map { Array($0.utf8) }

    static func damage(_ bytes: [UInt8], with generator: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let at = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, at + Int.random(in: 0...12, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: fragments.randomElement(using: &generator) ?? [], at: at)
            case 4: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            default: if Int.random(in: 0..<8, using: &generator) == 0 { bytes.removeLast(bytes.count - at) }
            }
        }
        return bytes
    }

    @Test func damagedFilesNeverTrap() throws {
        var generator = Generator(state: Self.seed)
        let loader = ConfigurationLoader(environment: { $0 == "X" ? "x" : nil })
        let corpus = try GoldenTests.cases.map { name in
            Array(try Data(contentsOf: GoldenTests.directory.appendingPathComponent(name)))
        }
        for _ in 0..<4000 {
            let original = try #require(corpus.randomElement(using: &generator))
            let bytes = Self.damage(original, with: &generator)
            let format: ConfigurationLoader.Format =
                Bool.random(using: &generator) ? .automatic : Bool.random(using: &generator) ? .json : .yaml
            let result = loader.load(bytes: bytes, format: format)
            let text = "seed \(Self.seed): \(String(decoding: bytes, as: UTF8.self))"
            #expect((result.configuration == nil) == !result.errors.isEmpty, "\(text)")
            let lines = bytes.count { $0 == 10 || $0 == 13 } + 2
            for diagnostic in result.diagnostics {
                #expect(diagnostic.location.line >= 0 && diagnostic.location.line <= lines + 2, "\(diagnostic) \(text)")
            }
        }
    }

    /// Small values go to their parsers directly, so that the damage reaches their corners.
    @Test func damagedValuesNeverTrap() {
        var generator = Generator(state: Self.seed)
        let seeds = [
            "/api/{id}/**", "/a/{x+}", "http://user:3001/{proxy}?a=b", "https://[::1]:80/", "10.0.0.0/8", "fd00::/8",
            "[::1]:8080",
            "1h30m", "60KiB", "20%", "*.example.org", "application/json;version=2", "header:X-A", "$.a[0].b",
            "redis://u:p@h:1",
            "https://*.a.com", "/users/{claims.sub}?x=1",
        ].map { Array($0.utf8) }
        let kinds: [ScalarKind] = [
            .pathPattern, .pathTemplate, .rewriteTarget, .partPath, .httpURL, .endpointURL, .redisURL, .origin, .prefix,
            .address,
            .duration(off: true), .size(0...10), .share, .hostPattern, .host, .hostPolicy, .mediaType, .limitKey,
            .hashKey, .jsonPath,
            .regex, .stage, .method, .fieldName, .token, .fieldSelector, .retryCondition, .integer(0...9),
            .number(0...1), .boolean,
        ]
        var refused = 0
        for _ in 0..<2_000 {
            let bytes = Self.damage(seeds.randomElement(using: &generator) ?? [], with: &generator)
            let text = String(decoding: bytes, as: UTF8.self)
            let scalar = CoreScalar(text: text, quoted: Bool.random(using: &generator))
            for kind in kinds where kind.problem(in: scalar) != nil { refused += 1 }
            _ = try? UpstreamTarget.parse(text)
        }
        #expect(refused > 0)
    }

    /// Many routes: everything is there, and nothing is reported.
    @Test func aLargeTable() throws {
        var text = "services: { s: { endpoints: [ http://127.0.0.1 ] } }\nroutes:\n"
        for number in 0..<5000 {
            text += "  - { path: /api/v1/resource-\(number)/**, service: s, methods: [ GET, POST ] }\n"
        }
        let result = ConfigurationLoader.load(text: text)
        #expect(result.diagnostics == [])
        let routes = try #require(result.configuration).routes
        #expect(routes.count == 5000)
        #expect(routes[4999].location == SourceLocation(file: "-", line: 5002, column: 5))
    }

    @Test func manyErrorsAreCutShort() {
        var text = "routes:\n"
        for number in 0..<3000 { text += "  - { path: bad\(number), service: none\(number) }\n" }
        let result = ConfigurationLoader.load(text: text)
        #expect(result.errors.count == Findings.maximum + 1)
        #expect(result.errors.last?.message == "2000 more errors are not shown")
    }
}
