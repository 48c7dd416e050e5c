internal import JSONStream

/// What a part came to: JSON text, and where it is referred to, an index of it, made when it is first asked for.
final class PartValue {
    let text: ArraySlice<UInt8>
    private var known: JSONNode?

    init(_ text: ArraySlice<UInt8>) { self.text = text }

    init(_ text: [UInt8]) { self.text = text[...] }

    init(_ node: JSONNode) {
        text = node.text
        known = node
    }

    static var null: PartValue { PartValue(Array("null".utf8)) }

    var node: JSONNode? {
        if let known { return known }
        // The text was checked when it came, or is the configuration's: nothing can be wrong with it now.
        known = try? JSONDocument(Array(text), limits: AggregateRequest.limits, duplicates: .keep).root
        return known
    }
}

/// Why a part has no value of its own.
struct PartFailure: Error, Hashable {
    var error: GatewayError
    /// What the service answered; 0: nothing, or not that was wrong.
    var status = 0
    /// The client has not sent what the part refers to.
    var isFromRequest = false

    /// What the client hears where the part is needed.
    var answer: GatewayError {
        switch error {
        case .upstreamTimeout, .upstreamConnectTimeout, .nameResolutionTimeout: .partTimeout
        case .partInputMissing where isFromRequest: .partInputMissing
        case .pathRejected: .pathRejected
        default: .partFailed
        }
    }

    /// As the list of failed parts has it.
    func text(part: String) -> [UInt8] {
        var text = Array("{\"part\":\"\(part)\",\"error\":\"\(error.code)\"".utf8)
        if status > 0 { text += Array(",\"status\":\(status)".utf8) }
        text.append(UInt8(ascii: "}"))
        return text
    }
}

/// The whole answer to a call, as far as anything asks for it.
struct PartAnswer {
    var status = 200
    var isJSON = true
    var isEncoded = false
    var contentType: [UInt8] = []
    var body: [UInt8] = []
    var freshness = PartFreshness()
    /// Of the head, names in lower case, where somebody asks for them.
    var fields: [(name: [UInt8], value: [UInt8])] = []

    /// The value that it holds for a part; nil: none, which is no failure.
    ///
    /// The text is checked in any case: what is spliced in must not break what is around it.
    func value(for part: CompiledPart) throws(PartFailure) -> PartValue? {
        guard (200..<300).contains(status) else { throw PartFailure(error: .partStatus, status: status) }
        if body.isEmpty || status == 204 || status == 205 { return nil }
        if isEncoded { throw PartFailure(error: .responseEncoded) }
        if !isJSON { throw PartFailure(error: .responseNotJSON) }
        do throws(JSONError) {
            guard part.isIndexed else { return PartValue(body[try JSONSplice.range(of: body)]) }
            // Of names that stand twice the last counts, as for the client of a part that nobody looks into.
            let document = try JSONDocument(body, duplicates: .keep)
            guard let pick = part.pick else { return PartValue(document.root) }
            return try picked(pick, document.root)
        } catch {
            let fault = BodyFault(error)
            throw PartFailure(error: fault == .malformed ? .responseMalformed : .responseTooLarge)
        }
    }

    private func picked(_ path: JSONPath, _ root: JSONNode) throws(JSONError) -> PartValue? {
        let nodes: [JSONNode]
        do { nodes = try path.nodes(in: root) } catch { throw JSONError(.tooCostly, at: 0) }
        guard let last = nodes.last else { return nil }
        return path.isSingular ? PartValue(last) : PartValue(JSONSplice.array(nodes.map(\.text)))
    }
}

/// How a call ended.
enum PartOutcome {
    case answer(PartAnswer)
    case failure(GatewayError)
}

/// JSON that is put into other JSON as it stands.
enum JSONSplice {
    /// Where the document's value stands between white space, once all of it has been found sound.
    static func range(of body: [UInt8]) throws(JSONError) -> Range<Int> {
        var tokenizer = JSONTokenizer()
        var offset = 0
        var start = -1
        var end = 0
        let bytes = body.span
        while true {
            let token = try tokenizer.next(bytes, from: &offset, isLast: true)
            if token.kind == .end { return start..<end }
            if start < 0 { start = token.start }
            end = token.end
        }
    }

    static func array(_ elements: [ArraySlice<UInt8>]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(elements.reduce(2) { $0 + $1.count + 1 })
        text.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += element
        }
        text.append(UInt8(ascii: "]"))
        return text
    }
}
