/// Walks down a document as its bytes come and writes what is left of it.
///
/// 1. Bytes that are not touched are copied in runs, over tokens, commas and white space alike. `run` is where the
///    current run began in this piece; it is cut at the end of the last token before anything else is written, and at
///    the end of each piece. Behind a cut, separators are written by what was written before, not copied.
/// 2. Each name is looked up at the nodes of its object. Nearly always the filter says no, and nothing is done.
/// 3. A name that leads somewhere is put aside, and with the first token of its value `decide` says what is done.
/// 4. What is left out is skipped to its end, checked all the same.
/// 5. At the end of an object, members that are missing are added.
///
/// Only what is sure to come out is ever written or, where a rename may still replace it, held back. So whatever is
/// found wrong in a document later, nothing that is removed has left.
@safe
final class RewriteEngine {
    /// An open object or array.
    struct Frame: BitwiseCopyable {
        var isObject: Bool
        /// Something in it has been written.
        var hasContent = false
        /// Its beginning has been written; false while it is only on the way to something that may be kept.
        var isOpen = true
        /// Everything in it is kept, unless removed.
        var isKept = true
        /// Children need no look at wildcards, positions, marks and what is kept; only names count.
        var isPlain = false
        /// Children that nothing leads elsewhere are at the same nodes.
        var isSame = false
        /// Elements so far, where they count.
        var index = 0
        /// Where its nodes are in `active`.
        var activeStart = 0
        var activeCount = 0
        /// Where its own begin in `seen`.
        var seenStart: Int
        /// Where its name is in `lazyNames`, if it is or was on the way; else -1.
        var nameStart = -1
    }

    /// Members that have the new name of another which has not come yet.
    struct Hold {
        var depth: Int
        var rename: Int32
        var start: Int
        /// Where the member ends in the output; -1 while it has not.
        var end = -1
        /// No member stands before it, so no comma does.
        var isFirst: Bool
    }

    /// What is to be done with a value.
    enum Decision {
        /// Nothing is known about it.
        case copied
        /// With all that is in it.
        case kept
        /// Only what is kept of what is in it.
        case onTheWay
    }

    enum Mode {
        case copy
        /// In a value that is left out, whose surroundings have this depth.
        case skip(depth: Int)
    }

    let rules: RewriteRules
    /// Of the rules: members may have to be added.
    let adds: Bool
    let output: RewriteOutput
    var tokenizer: JSONTokenizer
    private let limits: JSONLimits
    var mode = Mode.copy

    /// Where the run begins in this piece, or -1, and where the last token ended.
    var run = -1
    var lastEnd = 0
    /// A name has been written and its value has not begun.
    var isBehindName = false
    /// A name has been put aside and waits for its value.
    var isPending = false
    /// Where the name that is put aside begins in this piece; -1 if it is in `name`.
    var nameStart = -1
    var nameEnd = 0
    /// The fragments of a name, or a name put aside in a piece before: raw, with quotes.
    var name: [UInt8] = []
    /// The same, decoded, where it has escapes.
    var decoded: [UInt8] = []

    var frames = Stack<Frame>(capacity: 16)
    /// The nodes of all frames.
    var active = Stack<Int32>(capacity: 32)
    /// Names found in open objects: places in the rules' names, and renames done, below zero.
    var seen = Stack<Int32>(capacity: 32)
    var holds: [Hold] = []
    var lazyNames: [UInt8] = []

    /// What the current child leads to (at first, the document), the rename that makes its name, and what came of it.
    var matched = Stack<Int32>(capacity: 8)
    var target: Int32 = -1
    var decision = Decision.copied
    /// For rules that look at the whole document: the nodes that values lead to, by where the values stand.
    var marks: [(offset: Int, node: Int32)] = []
    var nextMark = 0
    /// What moves have taken out.
    var slots: [ArraySlice<UInt8>?] = []
    /// What templates have made.
    var made: [[UInt8]?] = []

    init(_ rules: RewriteRules, limits: JSONLimits, bufferLimit: Int) {
        self.rules = rules
        adds = rules.blocks.adds
        self.limits = limits
        tokenizer = JSONTokenizer(limits: limits)
        output = RewriteOutput(limit: bufferLimit)
        matched.append(0)
    }

    /// Ready for another document; memory is kept.
    func reset() {
        tokenizer = JSONTokenizer(limits: limits)
        output.reset()
        mode = .copy
        run = -1
        isBehindName = false
        isPending = false
        name.removeAll(keepingCapacity: true)
        frames.removeAll()
        active.removeAll()
        seen.removeAll()
        holds.removeAll(keepingCapacity: true)
        lazyNames.removeAll(keepingCapacity: true)
        matched.removeAll()
        matched.append(0)
        target = -1
        marks.removeAll(keepingCapacity: true)
        nextMark = 0
        slots.removeAll(keepingCapacity: true)
        made.removeAll(keepingCapacity: true)
    }

    /// Takes one piece. Nil if all went well.
    func push(
        _ bytes: UnsafeBufferPointer<UInt8>, isLast: Bool, _ write: (Span<UInt8>) -> Void
    ) -> JSONError? {
        let base = unsafe start(of: bytes)
        let count = bytes.count
        var at = 0
        lastEnd = 0
        run = -1
        while true {
            // The tokeniser stays within the count, and so do all offsets that it gives.
            let kind = unsafe tokenizer.advance(base, count, &at, isLast)
            switch kind {
            case .needMore, .end:
                unsafe cut(base, write)
                if isPending, nameStart >= 0 { unsafe keepName(base) }
                output.flush(write)
                return output.isOverLimit ? JSONError(.bufferLimit, at: tokenizer.pieceStart) : nil
            case .failed: return tokenizer.error
            default: break
            }
            if case .skip(let depth) = mode {
                guard tokenizer.depth == depth, kind != .key, tokenizer.flags & JSONToken.last != 0 else { continue }
                mode = .copy
                continue
            }
            switch kind {
            case .key: unsafe takeName(base, write)
            case .objectStart, .arrayStart: unsafe open(kind == .objectStart, base, write)
            case .objectEnd, .arrayEnd: unsafe close(kind == .objectEnd, base, write)
            default: unsafe takeScalar(base, write)
            }
            if output.isOverLimit { return JSONError(.bufferLimit, at: tokenizer.pieceStart &+ tokenizer.end) }
        }
    }

    // MARK: Runs

    /// Writes the run up to the end of the last token, and ends it.
    @inline(__always)
    func cut(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        guard run >= 0 else { return }
        // Both offsets lie in the piece, the first not behind the second.
        unsafe output.append(base + run, lastEnd &- run, write)
        run = -1
    }

    /// Goes on with the token that was found last.
    @inline(__always)
    func copyToken() {
        if run < 0 { run = tokenizer.start }
        lastEnd = tokenizer.end
    }

    /// Before a value that is written: what has to stand between it and what was written before.
    @inline(__always)
    func separateValue(_ write: (Span<UInt8>) -> Void) {
        guard run < 0 else {
            isBehindName = false
            if !frames.isEmpty { frames[frames.count &- 1].hasContent = true }
            return
        }
        if isBehindName {
            output.append(byte: UInt8(ascii: ":"), write)
            isBehindName = false
        } else if !frames.isEmpty {
            separate(write)
        }
    }

    /// Before a member or element, behind a cut.
    func separate(_ write: (Span<UInt8>) -> Void) {
        if frames[frames.count &- 1].hasContent { output.append(byte: UInt8(ascii: ","), write) }
        frames[frames.count &- 1].hasContent = true
    }

    // MARK: Values

    private func takeScalar(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        if tokenizer.flags & JSONToken.first != 0 {
            guard unsafe isWanted(isContainer: false, base, write) else { return }
            separateValue(write)
        }
        copyToken()
        if tokenizer.flags & JSONToken.last != 0 { unsafe endValue(base, write) }
    }

    private func open(_ isObject: Bool, _ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        guard unsafe isWanted(isContainer: true, base, write) else { return }
        let top = frames.count &- 1
        var frame = Frame(isObject: isObject, seenStart: seen.count)
        frame.isKept = !rules.blocks.keeps || decision == .kept || (top >= 0 && frames[top].isKept)
        if decision == .onTheWay {
            frame.isOpen = false
            frame.nameStart = lazyNames.count
            if top >= 0, frames[top].isObject {
                if nameStart >= 0 { unsafe keepName(base) }
                lazyNames += name
            }
        } else {
            separateValue(write)
            copyToken()
        }
        if top >= 0, matched.isEmpty, frames[top].isSame, frames[top].isKept == frame.isKept {
            frame.activeStart = frames[top].activeStart
            frame.activeCount = frames[top].activeCount
            frame.isPlain = frames[top].isPlain
            frame.isSame = true
        } else {
            enterNodes(&frame)
            matched.removeAll()
        }
        frames.append(frame)
    }

    private func close(_ isObject: Bool, _ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        if isObject, adds { unsafe addMissing(base, write) }
        let frame = frames[frames.count &- 1]
        frames.truncate(to: frames.count &- 1)
        if frame.isOpen { copyToken() }
        // What the frame had of its own ends with it; the last nodes are those of the frame around it.
        let top = frames.count &- 1
        active.truncate(to: top >= 0 ? frames[top].activeStart &+ frames[top].activeCount : 0)
        seen.truncate(to: frame.seenStart)
        if frame.nameStart >= 0 { lazyNames.removeLast(lazyNames.count &- frame.nameStart) }
        guard !holds.isEmpty else { return }
        endHolds(depth: frames.count &+ 1)
        unsafe endValue(base, write)
    }

    /// Behind a value that was written: a member that is held ends here.
    @inline(__always)
    func endValue(_ base: UnsafePointer<UInt8>, _ write: (Span<UInt8>) -> Void) {
        guard !holds.isEmpty else { return }
        let depth = frames.count
        guard let index = holds.lastIndex(where: { $0.end < 0 }), holds[index].depth == depth else { return }
        unsafe cut(base, write)
        holds[index].end = output.count
    }
}
