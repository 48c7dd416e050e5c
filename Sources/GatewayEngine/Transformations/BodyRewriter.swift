internal import JSONStream

/// Reshapes one body after the other: pieces in, pieces out. It belongs to one worker, which keeps a few.
///
/// Edits of members pass as a stream; a template needs the body as a whole. A body of no bytes stays one: it is no JSON,
/// but services send it with JSON's type beside 201 and 202.
final class BodyRewriter {
    let edits: BodyEdits
    private let rewriter: JSONRewriter?
    /// The body so far, for a template.
    private var gathered: [UInt8] = []
    private(set) var isEmpty = true
    /// What came out and waits, because the head does.
    var held: [UInt8] = []
    /// The body as it came, when it has ended, where that is wanted.
    private(set) var document: JSONDocument?
    /// What templates refer to besides the body; given back with the rewriter.
    var exchange: Exchange?
    /// On the stack: nobody else may have it.
    private(set) var isBusy = false

    /// What is kept of large bodies' memory.
    private static let kept = 64 * 1024

    init(_ edits: BodyEdits) {
        self.edits = edits
        switch edits.way {
        case .rewrite(let plan): rewriter = JSONRewriter(plan, bufferLimit: edits.limit)
        case .template, .keep: rewriter = nil
        }
    }

    /// Takes a piece and gives what can go out. An error is final.
    func push(_ bytes: Span<UInt8>, isLast: Bool, write: (Span<UInt8>) -> Void) throws(BodyFault) {
        if !bytes.isEmpty { isEmpty = false }
        if isEmpty { return }
        isBusy = true
        defer { isBusy = false }
        switch edits.way {
        case .rewrite:
            if edits.keepsDocument { try gather(bytes, isLast) }
            do {
                try rewriter?.push(bytes, isLast: isLast, resolve: input, write: write)
            } catch {
                throw BodyFault(error)
            }
        case .template(let template):
            try gather(bytes, isLast)
            guard isLast else { return }
            let made = try render(template)
            write(made.span)
        case .keep:
            try gather(bytes, isLast)
            guard isLast else { return }
            let whole = gathered
            write(whole.span)
        }
    }

    /// Holds the body; complete, it is read.
    private func gather(_ bytes: Span<UInt8>, _ isLast: Bool) throws(BodyFault) {
        guard bytes.count <= edits.limit - gathered.count else { throw .tooLarge }
        gathered.append(bytes)
        guard isLast else { return }
        do { document = try JSONDocument(gathered, duplicates: .refuse) } catch { throw BodyFault(error) }
    }

    /// What templates refer to besides the body.
    private func input(_ index: Int) -> JSONNode? { exchange.flatMap { RequestInputs.node(index, $0) } }

    private func render(_ template: JSONTemplate) throws(BodyFault) -> [UInt8] {
        guard let document else { throw .malformed }
        var made: [UInt8] = []
        do {
            try template.render(body: document.root, into: &made, limit: edits.limit, resolve: input)
        } catch {
            throw .tooLarge
        }
        return made
    }

    func reset() {
        rewriter?.reset()
        gathered.removeAll(keepingCapacity: gathered.capacity <= Self.kept)
        held.removeAll(keepingCapacity: held.capacity <= Self.kept)
        isEmpty = true
        document = nil
    }
}

/// A worker's spare rewriters.
final class RewriterPool {
    private var spare: [BodyRewriter] = []
    private static let limit = 32

    func take(for edits: BodyEdits) -> BodyRewriter {
        var index = spare.count - 1
        while index >= 0 {
            if spare[index].edits === edits {
                spare.swapAt(index, spare.count - 1)
                return spare.removeLast()
            }
            index -= 1
        }
        return BodyRewriter(edits)
    }

    func giveBack(_ rewriter: BodyRewriter) {
        rewriter.exchange = nil
        // One that is at work ends with the call that is on the stack.
        guard !rewriter.isBusy else { return }
        rewriter.reset()
        if spare.count == Self.limit { spare.removeFirst() }
        spare.append(rewriter)
    }

    func removeAll() { spare.removeAll() }
}

extension [UInt8] {
    mutating func append(_ bytes: Span<UInt8>) {
        // The pointer is used within the call only.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
