internal import GatewayConfiguration
internal import JSONStream

/// The form of errors that a configuration asks for, compiled.
final class CompiledErrors: Sendable {
    enum Body: Sendable {
        case usual
        case template(JSONTemplate)
        case text([Part])
    }

    enum Part: Sendable {
        case literal([UInt8])
        /// A member of the error's document.
        case member(String)
    }

    let body: Body
    let contentType: [UInt8]
    private let upstream: [StatusRange]
    /// Values in the text are escaped for HTML and XML.
    let isMarkup: Bool

    init(_ configuration: ErrorsConfiguration) throws(JSONTemplate.Problems) {
        upstream = configuration.upstream
        switch configuration.body {
        case .usual: body = .usual
        case .template(let value): body = .template(try JSONTemplate(value.json, inputs: ["error"]))
        case .text(let text): body = .text(Self.parts(text))
        }
        let usual = if case .text = body { "text/plain; charset=utf-8" } else { "application/json" }
        let type = configuration.contentType ?? usual
        contentType = Array(type.utf8)
        isMarkup = type.contains("html") || type.contains("xml")
    }

    func replaces(_ status: Int) -> Bool {
        for index in upstream.indices where upstream[index].contains(status) { return true }
        return false
    }

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "{", rest.first == "{" {
                rest.removeFirst()
                literal.append(UInt8(ascii: "{"))
            } else if character == "{", let end = rest.firstIndex(of: "}") {
                parts.append(.literal(literal))
                literal = []
                parts.append(.member(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += Array(String(character).utf8)
            }
        }
        parts.append(.literal(literal))
        return parts
    }

    /// The body for an error; nil: its usual one, because it has that or the template comes to too much.
    ///
    /// - Parameter usual: the gateway's own JSON, from which the members are taken: `error`, `message` and more.
    func render(_ usual: [UInt8], status: Int, requestID: [UInt8]) -> [UInt8]? {
        guard usual.first == UInt8(ascii: "{") else { return nil }
        var text = Array("{\"status\":\(status),\"request_id\":".utf8)
        text += JSONStream.JSONText.quoted(String(decoding: requestID, as: UTF8.self))
        text.append(UInt8(ascii: ","))
        text += usual.dropFirst()
        guard let first = try? JSONDocument(text), let code = first.root.member("error") else { return nil }
        // The code under the name that people look for first.
        guard
            let document = try? JSONDocument(
                Array("{\"code\":".utf8) + code.text + [UInt8(ascii: ",")] + text.dropFirst())
        else { return nil }
        var made: [UInt8] = []
        switch body {
        case .usual: return nil
        case .template(let template):
            do {
                try template.render(body: document.root, into: &made, limit: 64 * 1024) { _ in document.root }
            } catch {
                return nil
            }
        case .text(let parts):
            for part in parts {
                switch part {
                case .literal(let bytes): made += bytes
                case .member(let name):
                    guard let node = document.root.member(name) else { continue }
                    append(node.stringBytes ?? Array(node.text), to: &made)
                }
            }
        }
        return made
    }

    private func append(_ bytes: [UInt8], to made: inout [UInt8]) {
        guard isMarkup else {
            made += bytes
            return
        }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "<"): made += Array("&lt;".utf8)
            case UInt8(ascii: ">"): made += Array("&gt;".utf8)
            case UInt8(ascii: "&"): made += Array("&amp;".utf8)
            case UInt8(ascii: "\""): made += Array("&quot;".utf8)
            default: made.append(byte)
            }
        }
    }
}

/// The forms of all routes, each distinct one once, and the general one.
struct ErrorForms {
    private(set) var all: [CompiledErrors] = []
    private(set) var diagnostics: [Diagnostic] = []
    private var places: [ErrorsConfiguration: Int32] = [:]
    /// Of what belongs to no route; -1: the usual one.
    private(set) var general: Int32 = -1

    init(_ configuration: ErrorsConfiguration?) { general = add(configuration) }

    mutating func add(_ route: RouteConfiguration) -> Int32 {
        route.errors == nil ? general : add(route.errors)
    }

    private mutating func add(_ configuration: ErrorsConfiguration?) -> Int32 {
        guard let configuration else { return -1 }
        if let place = places[configuration] { return place }
        do {
            all.append(try CompiledErrors(configuration))
        } catch {
            diagnostics += error.problems.map { problem in
                var location = configuration.location
                if case .template(let value) = configuration.body { location = value.location(at: problem.pointer) }
                let text = String(decoding: JSONStream.JSONText.quoted(problem.text), as: UTF8.self)
                return Diagnostic(
                    .error, at: location, "errors: body: \(text) \(problem.code.sentence)", fix: problem.code.fix)
            }
            return -1
        }
        let place = Int32(truncatingIfNeeded: all.count - 1)
        places[configuration] = place
        return place
    }
}
