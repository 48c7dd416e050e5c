import JSONStream

/// What the fuzzer calls with each input. The first byte chooses what is read (a document that is rewritten, a path, an
/// expression) and at which steps the rest is cut; the rest is what comes from the network or from a document.
///
/// Beside traps and wrong memory accesses, which the sanitizer finds, these are held: the outcome does not depend on how
/// the bytes are cut; tokeniser, index and rewriter take the same documents; what the rewriter makes is a document, and
/// has no member that it removes.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 1 else { return 0 }
    // The fuzzer keeps the bytes for the time of the call.
    let choice = unsafe data[0]
    let bytes = unsafe Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    let step = 1 + Int(choice >> 3)
    switch choice & 7 {
    case 0: readPath(bytes)
    case 1: readExpression(bytes)
    default: readDocument(bytes, step: step, plan: plans[Int(choice & 7) - 2])
    }
    return 0
}

func check(_ holds: Bool, _ rule: StaticString) {
    guard holds else { fatalError(rule.description) }
}

let limits = JSONLimits(depth: 20, size: 100_000)

private func plan(_ operations: [JSONRewritePlan.Operation]) -> JSONRewritePlan {
    guard let plan = try? JSONRewritePlan([.remove("s")] + operations) else { fatalError("a plan is wrong") }
    return plan
}

let plans = [
    plan([.rename("a", to: "b")]),
    plan([.keep("a"), .rename("b", to: "a"), .default("$.a.c", Array("1".utf8))]),
    plan([.remove("$..a[0:3:2]"), .set("$[*].b", Array("[]".utf8)), .rename("$.a", to: "b")]),
    plan([.remove("$[?@.a>1]"), .rename("$..[?@.b].a", to: "b"), .keep("$[-1]")]),
    plan([.move("$.a", to: "$.b.c"), .rename("b", to: "a")]),
    plan([.rename("a", to: "b"), .rename("b", to: "a"), .rename("c", to: "b"), .default("$.b", Array("0".utf8))]),
]

func readDocument(_ bytes: [UInt8], step: Int, plan: JSONRewritePlan) {
    let error = validate(bytes, step: bytes.count)
    check(error == validate(bytes, step: step), "validation depends on cuts")
    let document = try? JSONDocument(bytes, limits: limits, duplicates: .keep)
    check((document == nil) == (error != nil), "the index takes other documents")
    let whole = rewrite(bytes, step: bytes.count, plan)
    let pieces = rewrite(bytes, step: step, plan)
    // Looking ahead may cost too much, which validation does not know.
    check(whole.error == error || whole.error?.code == .tooCostly, "the rewriter takes other documents")
    check(whole.error == pieces.error, "errors depend on cuts")
    guard whole.error == nil else { return }
    let deeper = JSONLimits(depth: 30)
    guard let output = try? JSONDocument(whole.output, limits: deeper, duplicates: .keep),
        let other = try? JSONDocument(pieces.output, limits: deeper, duplicates: .keep)
    else { fatalError("what is written is no document") }
    check(text(output.root) == text(other.root), "what is written depends on cuts")
    check(!hasSecret(output.root), "what is removed came out")
}

func text(_ node: JSONNode) -> String {
    if node.isObject { return "{" + node.members.map { $0.name + ":" + text($0.value) }.joined(separator: ",") + "}" }
    if node.isArray { return "[" + node.elements.map { text($0) }.joined(separator: ",") + "]" }
    return String(decoding: node.text, as: UTF8.self)
}

func hasSecret(_ node: JSONNode) -> Bool {
    node.members.contains { $0.name == "s" || hasSecret($0.value) } || node.elements.contains { hasSecret($0) }
}

/// Gives the bytes in pieces, each in a memory of its own.
func pieces(_ bytes: [UInt8], step: Int) -> [[UInt8]] {
    let pieces = stride(from: 0, to: bytes.count, by: max(step, 1)).map {
        Array(bytes[$0..<min(bytes.count, $0 + max(step, 1))])
    }
    return pieces.isEmpty ? [[]] : pieces
}

func validate(_ bytes: [UInt8], step: Int) -> JSONError? {
    var tokenizer = JSONTokenizer(limits: limits)
    let parts = pieces(bytes, step: step)
    do {
        for (number, piece) in parts.enumerated() {
            try tokenizer.validate(piece.span, isLast: number == parts.count - 1)
        }
    } catch { return error }
    return nil
}

func rewrite(_ bytes: [UInt8], step: Int, _ plan: JSONRewritePlan) -> (output: [UInt8], error: JSONError?) {
    let rewriter = JSONRewriter(plan, limits: limits)
    var output: [UInt8] = []
    let parts = pieces(bytes, step: step)
    do {
        for (number, piece) in parts.enumerated() {
            try rewriter.push(piece.span, isLast: number == parts.count - 1) { span in
                for index in span.indices { output.append(span[index]) }
            }
        }
    } catch { return (output, error) }
    return (output, nil)
}

func readPath(_ bytes: [UInt8]) {
    guard let path = try? JSONPath(String(decoding: bytes, as: UTF8.self)) else { return }
    let sample = #"{"a":[1,2,{"b":"xyz","c":[true,null]}],"b":{"a":{"a":-1.5}},"c":"a+b"}"#
    guard let document = try? JSONDocument(Array(sample.utf8)) else { fatalError("the sample is wrong") }
    let nodes = try? path.nodes(in: document.root, budget: 20_000)
    check(!path.isSingular || nodes?.count ?? 0 < 2, "a singular path finds several")
}

func readExpression(_ bytes: [UInt8]) {
    guard let expression = try? IRegexp(bytes) else { return }
    let subject = Array("aab1-é中\n😀".utf8)
    check(!expression.match(subject.span) || expression.search(subject.span), "a match is not found")
    _ = expression.search(bytes.span)
}
