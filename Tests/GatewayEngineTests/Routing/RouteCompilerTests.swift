import GatewayConfiguration
import GatewayEngine
import Testing

/// What is refused at load, with all of it at once; and tables of many routes.
@Suite struct RouteCompilerTests {
    static func problems(_ routes: [RouteConfiguration]) -> [Diagnostic] {
        do {
            _ = try Router(routes, services: ["users"], listeners: ["public"])
            return []
        } catch let error as RouteTableError {
            return error.diagnostics
        } catch {
            Issue.record("an unexpected error: \(error)")
            return []
        }
    }

    @Test("Every problem is reported, with its place")
    func all() {
        let found = Self.problems([
            route("~/a(", name: "one", line: 1), route("/b", name: "two", answer: .service("nobody"), line: 2),
            route("/c", name: "three", listeners: ["nowhere"], line: 3),
            route("/d/{id}", name: "four", answer: TargetTests.upstream("/{other}"), line: 4),
            route("/e", name: "five", hosts: ["a.test:80"], line: 5), route("/f%zz", name: "six", line: 6),
            route("/users/{id}", name: "seven", line: 7), route("/users/{name}", name: "eight", line: 8),
        ])
        #expect(found.map(\.location.line).sorted() == [1, 2, 3, 4, 5, 6, 8])
        #expect(found.allSatisfy { $0.severity == .error })
        let regex = found.first { $0.location.line == 1 }
        #expect(regex?.message.contains("offset 3") == true, "\(String(describing: regex))")
        #expect(regex?.message.contains("missing closing parenthesis") == true, "\(String(describing: regex))")
        let tie = found.first { $0.location.line == 8 }
        #expect(tie?.message.contains("\"seven\" at gateway.yaml:7:1") == true, "\(String(describing: tie))")
    }

    @Test("Single problems")
    func single() {
        let long = String(repeating: "/s", count: 65)
        let many = (0..<17).map { "/{p\($0)}" }.joined()
        let cases: [(RouteConfiguration, String)] = [
            (route("/{a}/{a}"), "two parameters of the same name"), (route(long), "more than 64 segments"),
            (route(many), "more than 16 parameters"),
            (
                route("/a/{proxy+}", answer: TargetTests.upstream("/{proxy}"), edit: TargetTests.strip("/a")),
                "whole target"
            ),
            (route("~/a.*", answer: .service("users"), edit: TargetTests.rewritePrefix("/b")), "no prefix"),
            (route("/a", answer: .serviceFromPath(parameter: "x")), "not a parameter"),
            (route("/a", hosts: ["a.*.test"]), "not a host"),
            (route("/a", answer: .service("users"), edit: TargetTests.rewrite("/%4")), "hexadecimal"),
            (
                route(
                    "/a",
                    answer: .split(
                        SplitConfiguration(sides: [
                            SplitSide(service: "users", weight: 1), SplitSide(service: "x", weight: 1),
                        ]))),
                "no service \"x\""
            ),
            (route("/a", headers: [FieldMatch(name: "X", condition: .regex("["))]), "bad regular expression"),
        ]
        for (route, expected) in cases {
            let found = Self.problems([route])
            #expect(found.count == 1 && found[0].message.contains(expected), "\(expected): \(found)")
        }
    }

    @Test("Ties are the very same conditions, however they are written")
    func ties() {
        let one = FieldMatch(name: "X-One", condition: .exact("1"))
        let upper = FieldMatch(
            name: "x-one", condition: .exact("1"), location: SourceLocation(file: "f", line: 9, column: 9))
        let two = FieldMatch(name: "X-Two", condition: .exact("1"))
        let cases: [(RouteConfiguration, RouteConfiguration, Bool)] = [
            (route("/a", name: "1"), route("/a", name: "2"), true),
            (route("/a", name: "1"), route("/a/", name: "2"), false),
            (route("/a/{x}", name: "1"), route("/a/{y}", name: "2"), true),
            (route("/a/*", name: "1"), route("/a/{y+}", name: "2"), true),
            (route("/a/**", name: "1"), route("/a/{y+}", name: "2"), false),
            (route("~/a", name: "1"), route("~/a", name: "2"), true),
            (route("~/a", name: "1"), route("~/a+", name: "2"), false),
            (
                route("/a", name: "1", hosts: ["a.test", "b.test"]),
                route("/a", name: "2", hosts: ["B.test.", "a.test"]), true
            ),
            (route("/a", name: "1", hosts: ["a.test", "b.test"]), route("/a", name: "2", hosts: ["b.test"]), false),
            (
                route("/a", name: "1", methods: ["GET", "POST"]), route("/a", name: "2", methods: ["POST", "GET"]), true
            ),
            (route("/a", name: "1", methods: ["GET"]), route("/a", name: "2", methods: ["GET", "POST"]), false),
            (route("/a", name: "1", methods: ["ANY"]), route("/a", name: "2"), true),
            (route("/a", name: "1", headers: [one, two]), route("/a", name: "2", headers: [two, upper]), true),
            (route("/a", name: "1", headers: [one]), route("/a", name: "2", headers: [two]), false),
            (route("/a", name: "1", query: [one]), route("/a", name: "2", query: [upper]), false),
            (route("/a", name: "1", query: [one]), route("/a", name: "2", cookies: [one]), false),
            (route("/a", name: "1", listeners: ["public"]), route("/a", name: "2"), false),
        ]
        for (first, second, expected) in cases {
            let found = Self.problems([first, second])
            #expect((found.count == 1) == expected && found.count < 2, "\(first.path) and \(second.path): \(found)")
        }
    }

    @Test("Routes hold indices; equal upstreams are one")
    func indices() throws {
        let router = try Router(
            [
                route("/a", answer: TargetTests.upstream()), route("/b", answer: TargetTests.upstream("/x")),
                route("/c", answer: .service("users")),
            ], services: ["other", "users"])
        let answers = router.table.routes.map(\.answer)
        guard case .upstream(let first) = answers[0], case .upstream(let second) = answers[1],
            case .service(let third) = answers[2]
        else {
            Issue.record("\(answers)")
            return
        }
        #expect(first == 0 && second == 0 && third == 1 && router.table.upstreams.count == 1)
    }

    @Test("100,000 routes: each request finds its own")
    func scale() throws {
        let count = 100_000
        let routes = (0..<count).map {
            route("/api/service-\($0)/**", answer: TargetTests.upstream(), edit: TargetTests.strip("/api"))
        }
        let router = try Router(routes)
        for index in stride(from: 0, to: count, by: 997) {
            #expect(router.match(Request("GET /api/service-\(index)/x/y")).name == "/api/service-\(index)/**")
            #expect(router.target(Request("GET /api/service-\(index)/x")) == "/service-\(index)/x")
        }
        #expect(router.match(Request("GET /api/service-\(count)/x")) == .notFound)
        #expect(router.match(Request("GET /api/service-")) == .notFound)
    }
}
