import GatewayConfiguration
import HTTPWire
import JSONStream

@testable import GatewayEngine

/// An aggregate of a configuration's text, and what is wrong with it.
enum Aggregates {
    static func configuration(_ aggregate: String, route: String = "", top: String = "") -> String {
        """
        services: { users: { endpoints: [ http://127.0.0.1:1 ] }, orders: { endpoints: [ http://127.0.0.1:2 ] } }
        \(top)
        routes:
          - path: "/home/{id}/{rest+}"
            \(route)
            aggregate:
        \(aggregate.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        """
    }

    static func compile(_ aggregate: String) throws -> CompiledAggregate {
        let configuration = try GatewayConfiguration.parse(yaml: configuration(aggregate))
        var compiler = AggregateCompiler(configuration, services: ["users": 0, "orders": 1])
        guard let compiled = compiler.compile(configuration.routes[0], parameters: ["id", "rest"]) else {
            throw AggregateErrors(texts: compiler.diagnostics.map(\.description))
        }
        return compiled
    }

    /// Line and message of each finding; the aggregate begins at line 7.
    static func findings(_ aggregate: String, route: String = "", top: String = "") throws -> [String] {
        let configuration = try GatewayConfiguration.parse(
            yaml: configuration(aggregate, route: route, top: top))
        return AggregateCheck.findings(in: configuration).map {
            "\($0.location.line) \($0.severity.rawValue): \($0.message)"
        }
    }

    static func request() throws -> AggregateRequest {
        var request = AggregateRequest()
        request.parameterNames = ["id", "rest"]
        request.parameters = [Array("a/b c".utf8), Array("x y/z".utf8)]
        request.lastIsRest = true
        request.query = [(Array("q".utf8), Array("1&2".utf8)), (Array("empty".utf8), [])]
        request.fields = [(Array("x-tenant".utf8), Array("Acme".utf8))]
        request.body = try JSONDocument(Array(#"{"ids":[1,2,3],"name":"Zoë","none":null,"deep":{"a":[]}}"#.utf8))
        request.claims = try JSONDocument(
            Array(#"{"sub":"usr_1","roles":["a","b c"],"dots":"..","line":"a\nb","n":1.50}"#.utf8)
        ).root
        return request
    }
}

struct AggregateErrors: Error, CustomStringConvertible {
    var texts: [String]
    var description: String { texts.joined(separator: "\n") }
}

extension AggregateMachine.Result {
    /// One short line.
    var summary: String {
        switch self {
        case .answer(let body): "200 \(String(decoding: body, as: UTF8.self))"
        case .failed(_, let failure): "\(failure.answer.status) \(failure.answer.code)"
        case .passed(_, let answer): "\(answer.status) passed \(String(decoding: answer.body, as: UTF8.self))"
        }
    }
}

extension AggregateMachine {
    /// Answers all calls, the first that was begun first, and gives the result and the targets of the calls.
    func run(_ answer: (PartRequest) -> PartOutcome) -> (summary: String, targets: [String]) {
        var targets: [String] = []
        var open = start()
        while !open.isEmpty {
            let call = open.removeFirst()
            let request = request(of: call)
            targets.append(request.text)
            open += answered(call, answer(request))
        }
        return (result?.summary ?? "no result", targets)
    }

    var failedNames: [String] { failures.map { plan.parts[$0.part].name } }
}

extension PartRequest {
    var text: String {
        let fields = fields.map {
            " \(String(decoding: $0.name, as: UTF8.self))=\(String(decoding: $0.value, as: UTF8.self))"
        }
        let body = body.map { " \(String(decoding: $0, as: UTF8.self))" } ?? ""
        return "\(String(decoding: methodText, as: UTF8.self)) \(String(decoding: target, as: UTF8.self))"
            + fields.joined() + body
    }
}

extension PartOutcome {
    static func json(_ text: String, status: Int = 200) -> PartOutcome {
        var answer = PartAnswer()
        answer.status = status
        answer.body = Array(text.utf8)
        return .answer(answer)
    }
}
