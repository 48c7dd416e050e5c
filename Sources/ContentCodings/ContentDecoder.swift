/// How much a body may expand to.
package struct DecodingLimits: Sendable, Hashable {
    /// Bytes of the decoded body.
    package var size: Int
    /// Decoded bytes for each byte that came.
    package var ratio: Int

    /// What any body may expand to, whatever its ratio: the first bytes of a stream may stand for many.
    package static let floor = 64 * 1024

    package init(size: Int = .max, ratio: Int = .max) {
        self.size = size
        self.ratio = ratio
    }
}

/// Expands one compressed body after the other: pieces in, pieces out. It belongs to one worker.
///
/// Whoever reads bodies (transformations, validation, aggregation) puts one in front of its reader:
/// 1. `ContentDecoder.make(coding, buffer:)`, or better `CoderPool.decoder`, and `begin(limits)` for each body.
/// 2. `push` each piece as it comes. With a budget it stops when so much has come out, and says how much of the piece it
///    took; the rest, and an empty piece while `hasMore`, are pushed in a later turn. So a bomb costs no more of a turn
///    than anything else.
/// 3. `finish` when the body has ended: one that stops in the middle is malformed.
/// An error is final. A body of no bytes at all decodes to none: services send it beside HEAD-like answers.
package class ContentDecoder {
    enum Outcome {
        /// More input is wanted, or more output is there.
        case more
        case ended
        case failed(CodingFault)
    }

    package let coding: ContentCoding
    private let buffer: CodingBuffer
    private(set) var limits = DecodingLimits()
    package private(set) var bytesIn = 0
    package private(set) var bytesOut = 0
    private var isEnded = false
    /// All that was pushed was taken, and more is to come out of it.
    package private(set) var hasMore = false
    /// On the stack: nobody else may have it.
    private(set) var isBusy = false

    init(_ coding: ContentCoding, buffer: CodingBuffer) {
        self.coding = coding
        self.buffer = buffer
    }

    /// nil where there is no memory.
    package static func make(_ coding: ContentCoding, buffer: CodingBuffer) -> ContentDecoder? {
        switch coding {
        case .gzip, .deflate: ZlibDecoder(inflating: coding, buffer: buffer)
        case .br: BrotliDecoder(buffer: buffer)
        case .zstd: ZstdDecoder(buffer: buffer)
        }
    }

    /// Takes up a new body, wherever the last one stopped. False: it is of no use any more.
    package func begin(_ limits: DecodingLimits) -> Bool {
        self.limits = limits
        bytesIn = 0
        bytesOut = 0
        isEnded = false
        hasMore = false
        return restart(isBody: true)
    }

    /// Gives back memory that a large body made necessary.
    package func trim() {}

    /// - Returns: how many bytes of the piece were taken: all, unless the budget was used up.
    package func push(
        _ bytes: Span<UInt8>, budget: Int = .max, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) -> Int {
        isBusy = true
        defer { isBusy = false }
        var fault: CodingFault?
        // The pointer is used within the call only.
        let taken = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe run(input, budget, &fault, write)
        }
        if let fault { throw fault }
        return taken
    }

    private func run(
        _ input: UnsafeBufferPointer<UInt8>, _ budget: Int, _ fault: inout CodingFault?, _ write: (Span<UInt8>) -> Void
    ) -> Int {
        var at = 0
        var made = 0
        while true {
            if isEnded {
                guard at < input.count else { return at }
                // Some formats are a sequence of such streams; of others this is nobody's end.
                guard restart(isBody: false) else {
                    fault = .malformed
                    return at
                }
                isEnded = false
            }
            var consumed = 0
            var produced = 0
            // Both ranges are those that were given; `at` never passes the count.
            let outcome = unsafe decode(
                input.baseAddress.map { unsafe $0 + at }, input.count - at, into: buffer.base, CodingBuffer.size,
                &consumed, &produced)
            at += consumed
            bytesIn += consumed
            bytesOut += produced
            made += produced
            if bytesOut > limits.size || isBomb {
                fault = .tooLarge
                return at
            }
            if produced > 0 { write(unsafe Span(_unsafeStart: UnsafePointer(buffer.base), count: produced)) }
            switch outcome {
            case .failed(let reason):
                fault = reason
                return at
            case .ended: isEnded = true
            case .more:
                // A full buffer may not have been all.
                hasMore = produced == CodingBuffer.size
                if at == input.count, !hasMore { return at }
                if consumed == 0, produced == 0 {
                    fault = .malformed
                    return at
                }
            }
            if made >= budget, at < input.count || hasMore { return at }
        }
    }

    private var isBomb: Bool {
        guard bytesOut > DecodingLimits.floor else { return false }
        let (allowed, overflows) = bytesIn.multipliedReportingOverflow(by: limits.ratio)
        return !overflows && bytesOut > allowed
    }

    /// The body has ended.
    package func finish() throws(CodingFault) {
        guard isEnded || bytesIn == 0 else { throw .malformed }
    }

    // MARK: Of each coding

    /// - Parameter isBody: a new body; else a further stream of the same.
    /// - Returns: false where there is no such thing, or no memory.
    func restart(isBody: Bool) -> Bool { false }

    /// One step: takes from the input, which may be empty, and fills the output.
    func decode(
        _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>, _ capacity: Int,
        _ consumed: inout Int, _ produced: inout Int
    ) -> Outcome { .failed(.outOfMemory) }
}
