/// Rewrites one JSON document after the other: bytes in, bytes out, no tree.
///
/// 1. Each piece of the document goes into `push`, the last with `isLast`. What comes out is given to the closure, in
///    spans that are valid during its call.
/// 2. A plan that streams needs memory for the depth of the document, a block of 16 KiB and what renames hold back. One
///    that looks ahead over the document keeps it until it is complete, up to the limit.
/// 3. An error is final; what came out before is the beginning of a document that must not be ended cleanly. Nothing
///    that is removed is ever in it.
///
/// For another document, `reset`.
package final class JSONRewriter {
    private let plan: JSONRewritePlan
    private let limits: JSONLimits
    private let bufferLimit: Int
    private let pathBudget: Int
    private let engine: RewriteEngine
    /// Before the other, where there are moves.
    private let mover: RewriteEngine?
    /// The document, if it is looked at as a whole.
    private var gathered: [UInt8] = []
    private var failure: JSONError?

    /// What may wait in memory, if not said otherwise.
    package static let defaultBufferLimit = 1024 * 1024

    /// - Parameter bufferLimit: what of a document may wait in memory; at least 16 KiB.
    /// - Parameter pathBudget: how many values each path that looks at the whole document may look at.
    package init(
        _ plan: JSONRewritePlan, limits: JSONLimits = JSONLimits(), bufferLimit: Int = defaultBufferLimit,
        pathBudget: Int = JSONPath.defaultBudget
    ) {
        self.plan = plan
        self.limits = limits
        self.pathBudget = pathBudget
        self.bufferLimit = max(bufferLimit, RewriteOutput.block)
        engine = RewriteEngine(plan.rules, limits: limits, bufferLimit: bufferLimit)
        mover = plan.moves.map { RewriteEngine($0, limits: limits, bufferLimit: bufferLimit) }
    }

    /// Takes one piece and gives what can go out.
    ///
    /// - Parameter resolve: gives an input of templates by its place in the list of names. Asked once for each, when it is
    ///   needed: with the first piece, or the last.
    package func push(
        _ input: Span<UInt8>, isLast: Bool, resolve: (Int) -> JSONNode? = { _ in nil }, write: (Span<UInt8>) -> Void
    ) throws(JSONError) {
        if let failure { throw failure }
        if plan.streams, engine.made.count < plan.templates.count {
            failure = make(body: nil, resolve)
            if let failure { throw failure }
        }
        // The pointer is used within the closure only.
        failure = unsafe input.withUnsafeBufferPointer { bytes in
            guard !plan.streams else { return unsafe engine.push(bytes, isLast: isLast, write) }
            guard bytes.count <= bufferLimit - gathered.count else {
                return JSONError(.bufferLimit, at: gathered.count)
            }
            unsafe gathered.append(contentsOf: bytes)
            return isLast ? rewriteGathered(resolve, write) : nil
        }
        if let failure { throw failure }
    }

    /// Forgets the document and any error.
    package func reset() {
        engine.reset()
        mover?.reset()
        gathered = []
        failure = nil
    }

    /// What is set by templates, before the document is gone through.
    private func make(body: JSONNode?, _ resolve: (Int) -> JSONNode?) -> JSONError? {
        var inputs: [Int: JSONNode] = [:]
        for input in plan.templates.reduce(into: Set<Int>(), { $0.formUnion($1.inputs) }) {
            inputs[input] = resolve(input)
        }
        do {
            engine.made = try plan.templates.map { template throws(JSONTemplate.Failure) in
                try template.value(body: body, inputs: inputs, budget: pathBudget, limit: bufferLimit)
            }
            return nil
        } catch {
            return JSONError(error == .tooCostly ? .tooCostly : .bufferLimit, at: 0)
        }
    }

    private func rewriteGathered(
        _ resolve: (Int) -> JSONNode?, _ write: (Span<UInt8>) -> Void
    ) -> JSONError? {
        var bytes = gathered
        gathered = []
        do {
            if !plan.templates.isEmpty {
                // Templates refer to the document as it came.
                let document =
                    plan.templates.contains(where: \.needsBody)
                    ? try JSONDocument(bytes, limits: limits, duplicates: .refuse) : nil
                if let error = make(body: document?.root, resolve) { return error }
            }
            if let mover {
                let document = try JSONDocument(bytes, limits: limits, duplicates: .keep)
                try mark(mover, document)
                mover.slots = try plan.moved.map { path throws(JSONError) in
                    // Of names that stand twice, the last; all of them go.
                    try select(path, document).last?.text
                }
                var moved: [UInt8] = []
                if let error = run(mover, bytes, { span in for index in span.indices { moved.append(span[index]) } }) {
                    return error
                }
                bytes = moved
            }
            // Each of the two may be the first to look at the document.
            if !plan.rules.blocks.marks.isEmpty {
                try mark(engine, try JSONDocument(bytes, limits: limits, duplicates: .keep))
            }
        } catch {
            return error
        }
        return run(engine, bytes, write)
    }

    private func run(_ engine: RewriteEngine, _ bytes: [UInt8], _ write: (Span<UInt8>) -> Void) -> JSONError? {
        // The array lives through the call.
        unsafe bytes.withUnsafeBufferPointer { unsafe engine.push($0, isLast: true, write) }
    }

    private func mark(_ engine: RewriteEngine, _ document: JSONDocument) throws(JSONError) {
        for mark in engine.rules.blocks.marks {
            for node in try select(mark.path, document) { engine.marks.append((node.range.lowerBound, mark.node)) }
        }
        engine.marks.sort { $0.offset < $1.offset }
    }

    private func select(_ path: JSONPath, _ document: JSONDocument) throws(JSONError) -> [JSONNode] {
        do { return try path.nodes(in: document.root, budget: pathBudget) } catch {
            throw JSONError(.tooCostly, at: document.bytes.count)
        }
    }
}
