/// Compresses one body after the other: pieces in, pieces out. It belongs to one worker.
///
/// Each coding is a subclass around its library's stream. Nothing is held back longer than the caller wants: `.flush` ends
/// the block, so that the other side can read all that came so far.
package class ContentEncoder {
    package enum Ending: Sendable {
        /// More comes soon.
        case none
        /// More may take long.
        case flush
        /// This was all.
        case finish
    }

    package let coding: ContentCoding
    package let level: Int
    /// About how many bytes it holds.
    package let footprint: Int
    /// On the stack: nobody else may have it.
    private(set) var isBusy = false

    init(_ coding: ContentCoding, level: Int) {
        self.coding = coding
        self.level = level
        footprint = Self.footprint(coding, level: level)
    }

    /// nil where there is no memory, or the coding is one that nothing is encoded in.
    package static func make(_ coding: ContentCoding, level: Int, buffer: CodingBuffer) -> ContentEncoder? {
        switch coding {
        case .gzip: GzipEncoder(level: level, buffer: buffer)
        case .br: BrotliEncoder(level: level)
        case .zstd: ZstdEncoder(level: level, buffer: buffer)
        // Half of the world reads it as one thing and half as another.
        case .deflate: nil
        }
    }

    /// Takes a piece and gives what is ready of the result. An error is final.
    package final func push(
        _ bytes: Span<UInt8>, _ ending: Ending, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) {
        isBusy = true
        defer { isBusy = false }
        try encode(bytes, ending, write: write)
    }

    func encode(
        _ bytes: Span<UInt8>, _ ending: Ending, write: (Span<UInt8>) -> Void
    ) throws(CodingFault) { throw .outOfMemory }

    /// Makes it ready for another body, wherever the last one stopped. False: it is of no use any more.
    package func reset() -> Bool { false }

    /// The levels that can be had: beyond them a body costs more time or memory than a gateway should give it.
    package static func levels(of coding: ContentCoding) -> ClosedRange<Int> {
        switch coding {
        case .gzip, .deflate: 1...9
        case .br: 0...6
        case .zstd: 1...6
        }
    }

    package static func defaultLevel(of coding: ContentCoding) -> Int {
        switch coding {
        case .gzip, .deflate: 5
        case .br: 4
        case .zstd: 3
        }
    }

    /// Measured with zlib 1.2.13, Brotli 1.0.9 and zstd 1.5.4, for the windows used here.
    static func footprint(_ coding: ContentCoding, level: Int) -> Int {
        let place = level - levels(of: coding).lowerBound
        switch coding {
        case .gzip, .deflate: return 268 * 1024
        case .br: return (place < 2 ? 200 : place < 4 ? 1_060 : place == 4 ? 2_400 : place == 5 ? 2_950 : 3_960) * 1024
        case .zstd: return (place < 2 ? 1_150 : place == 2 ? 1_660 : place == 3 ? 2_940 : 3_970) * 1024
        }
    }
}
