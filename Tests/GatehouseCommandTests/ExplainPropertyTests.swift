import Gatehouse
import GatehouseTesting
import GatewayConfiguration
import GatewayEngine
import Testing

@testable import GatehouseCommand

/// `explain` against the gateway itself: random configurations, random requests over real sockets, and each answer is
/// the one that was explained: the same route, the same error, the same target at the service, the same `Location`.
@Suite struct ExplainPropertyTests {
    private typealias Random = SeededRandom

    private static let segments = ["a", "b", "longer", "x1", "a.b", "c%20d"]

    // MARK: Configurations

    private static func path(_ random: inout Random) -> String {
        var path = ""
        for level in 0..<Int.random(in: 0...3, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: path += "/" + (segments.prefix(4).randomElement(using: &random) ?? "a")
            case 6..<9: path += "/{p\(level)}"
            default: path += "/*"
            }
        }
        return path + (["", "", "/", "/**", "/{rest+}"].randomElement(using: &random) ?? "")
    }

    private static func route(_ random: inout Random, _ index: Int, origin: String) -> String {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        var path = path(&random)
        if path.isEmpty { path = "/" }
        let names = path.split(separator: "/").filter { $0.hasPrefix("{") }
        var keys = ["name: r\(index)", "path: \"\(path)\""]
        if chance(30) {
            keys.append("methods: [ \(["GET", "POST", "GET, PUT"].randomElement(using: &random) ?? "GET") ]")
        }
        if chance(20) { keys.append("headers: { X-Version: \"\(chance(50) ? 1 : 2)\" }") }
        if chance(10) { keys.append("headers: { X-Request-Id: { present: \(chance(50)) } }") }
        if chance(15) { keys.append("query: { q: { present: \(chance(50)) } }") }
        if chance(15) {
            keys.append("hosts: [ \(["a.test", "\"*.test\""].randomElement(using: &random) ?? "a.test") ]")
        }
        if chance(15) { keys.append("listeners: \(chance(50) ? "plain" : "staged")") }
        if chance(15) { keys.append("paths: { encoded_slash: reject, semicolon: reject }") }
        if chance(10) { keys.append("limits: { request_body: 2 }") }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1:
            keys.append("respond: { status: \(chance(50) ? 200 : 418), body: r\(index) }")
        case 2:
            let template = names.randomElement(using: &random).map { $0.replacing("+", with: "") } ?? "b"
            keys.append("redirect: { status: 308, path: \"/to/\(template)\" }")
        case 3:
            keys.append("redirect: { scheme: https, port: 8443 }")
        case 4:
            let template = names.randomElement(using: &random).map { $0.replacing("+", with: "") } ?? "b"
            keys.append("upstream: \"\(origin)/up/\(template)?own=1\"")
        case 5:
            keys.append("split: [ { service: one, weight: 1 }, { service: two, weight: 1 } ]")
        default:
            keys.append("service: \(chance(20) && names.contains("{p0}") ? "\"{p0}\"" : "one")")
            switch Int.random(in: 0..<4, using: &random) {
            case 0: keys.append("strip_prefix: /a")
            case 1: keys.append("rewrite: \"/new\(names.first.map { "/" + $0.replacing("+", with: "") } ?? "")?r=1\"")
            case 2: keys.append("rewrite_prefix: /other")
            default: break
            }
        }
        // Two conditions on header fields are one mapping.
        var seen: Set<Substring> = []
        return "  - { " + keys.filter { seen.insert($0.prefix { $0 != ":" }).inserted }.joined(separator: ", ") + " }\n"
    }

    private static func configuration(_ random: inout Random, origin: String) -> String {
        var text = """
            listeners:
              - { name: plain, address: "127.0.0.1:0" }
              - { name: staged, address: "127.0.0.1:0", stage: [ prod, a ], paths: { empty_segments: reject } }
            workers: 1
            access_log: { enabled: false }
            services:
              one: { endpoints: [ "\(origin)" ] }
              two: { endpoints: [ "\(origin)" ] }
              x1: { endpoints: [ "\(origin)" ] }
            routes:

            """
        for index in 0...Int.random(in: 1..<14, using: &random) { text += route(&random, index, origin: origin) }
        return text
    }

    // MARK: Requests

    private static func request(_ random: inout Random) -> (method: String, head: String) {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        var target = chance(30) ? "/prod" : ""
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            target += "/" + (segments.randomElement(using: &random) ?? "a")
        }
        if target.isEmpty || chance(15) { target += "/" }
        if chance(25) {
            target +=
                ["/../a", "/./b", "//", "/%2f", "/a;b", "/%61", "/..;/x", "/%00", "/a%2F..%2Fb", "/%zz", "/\\"]
                .randomElement(using: &random) ?? ""
        }
        if chance(40) { target += ["?", "?q=1", "?x=1&q", "?q=%2e#"].randomElement(using: &random) ?? "" }
        var method =
            ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PURGE"].randomElement(using: &random) ?? "GET"
        if chance(3) { method = chance(50) ? "TRACE" : "CONNECT" }
        let host = ["a.test", "b.a.test:80", "other", "127.0.0.1:1"].randomElement(using: &random) ?? "other"
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        if chance(40) { head += "X-Version: \(chance(50) ? 1 : 2)\r\n" }
        if chance(10) { head += "Connection: X-Version\r\n" }
        if chance(5) { head += "X_Version: 1\r\n" }
        if chance(3) { head += "Upgrade: websocket\r\nConnection: upgrade\r\n" }
        if chance(3) { head += "Bad Field: 1\r\n" }
        if chance(3) { head += "Content-Length: 1\r\nContent-Length: 2\r\n" }
        return (method, head)
    }

    // MARK: The walk

    @Test func explainSaysWhatTheGatewayDoes() throws {
        var random = Random()
        let origin = try ScriptedUpstream(named: "origin")
        var kinds: [String: Int] = [:]
        var tables = 0
        while tables < 25 {
            let text = Self.configuration(&random, origin: origin.url)
            // Ties are part of a random configuration's life; it is refused, and another one takes its place.
            guard let configuration = ConfigurationLoader.load(text: text).configuration,
                let explainer = try? RequestExplainer(configuration)
            else { continue }
            tables += 1
            let gateway = try Gateway(text: text)
            try gateway.start()
            defer { _ = gateway.drain() }
            for _ in 0..<40 {
                let listener = Int.random(in: 0...1, using: &random)
                var (method, head) = Self.request(&random)
                head += "\r\n"
                let explanation = explainer.explain(head: Array(head.utf8), listener: listener)
                let response = try RawClient.exchange(
                    port: gateway.addresses[listener].port, head, method: method)
                let kind = Self.compare(
                    explanation, response, method, configuration,
                    "seed \(random.seed): \(head)\(explanation.verdict)\nanswered \(response.status) \(response.bodyText)\n\(text)"
                )
                kinds[kind, default: 0] += 1
            }
        }
        try origin.check()
        // The walk is only worth something if it meets every kind of answer.
        for kind in ["answered", "proxied", "redirected", "not_found", "method_not_allowed", "path_rejected"] {
            #expect(kinds[kind, default: 0] > 0, "\(kinds), seed \(random.seed)")
        }
    }

    /// The name of what it was.
    private static func compare(
        _ explanation: RequestExplanation, _ response: StrictResponse, _ method: String,
        _ configuration: GatewayConfiguration, _ comment: String
    ) -> String {
        let body = response.bodyText
        switch explanation.verdict {
        case .refused(let error, _, let allow):
            #expect(response.status == error.status, "\(comment)")
            if method != "HEAD" { #expect(body.contains("\"error\": \"\(error.code)\""), "\(comment)") }
            if error == .methodNotAllowed {
                #expect(response.fields["allow"] ?? "" == allow.joined(separator: ", "), "\(comment)")
            }
            return error.code.description
        case .answered(let status, _):
            let name = explanation.route.map { configuration.routes[$0].name }
            #expect(response.status == status, "\(comment)")
            if method != "HEAD" { #expect(body == name, "\(comment)") }
            return "answered"
        case .aggregated:
            // The configuration of this walk has none.
            Issue.record("an aggregate: \(comment)")
            return "aggregated"
        case .handled(let name):
            Issue.record("the handler \(name): \(comment)")
            return "handled"
        case .redirected(let status, let location):
            #expect(response.status == status && response.fields["location"] == location, "\(comment)")
            return "redirected"
        case .proxied(let destinations):
            #expect(response.status == 200, "\(comment)")
            for destination in destinations where method != "HEAD" {
                #expect(body == "origin \(method) \(destination.target)", "\(comment)")
            }
            return "proxied"
        }
    }
}
