internal import Reactor

/// What the encoders and decoders of one worker may do in one turn of its loop, and what they go on with in the next.
///
/// 1. Bytes are encoded as they come, up to a budget for all bodies together: a millisecond or four, by the algorithm.
///    Beyond it they wait in their exchange, whose service is not read meanwhile.
/// 2. What waits goes on in the next turn, first come first served; so one huge body, or a thousand, never keep anybody
///    else from being served.
/// 3. At the end of the turn each body that something came of is flushed, unless more of it waits: whoever reads a slow
///    stream sees each piece as soon as it is there.
final class CodingWork {
    private let loop: EventLoop
    private var flushing: [Exchange] = []
    private var waiting: [Exchange] = []
    private var turn: UInt64 = 0
    private var left = CodingWork.budget

    /// Bytes that go into encoders, or come out of decoders.
    private static let budget = 256 * 1024

    init(loop: EventLoop) { self.loop = loop }

    /// Bytes that may still be worked on in this turn.
    var remaining: Int {
        if turn != loop.turns {
            turn = loop.turns
            left = Self.budget
        }
        return left
    }

    func spend(_ count: Int) { left = remaining - count }

    /// At the end of this turn, `flushEncoder` is called.
    func flushLater(_ exchange: Exchange) {
        flushing.append(exchange)
        guard flushing.count == 1 else { return }
        loop.afterThis { [self] in
            // Nothing is added meanwhile: flushing takes nothing up.
            var now: [Exchange] = []
            swap(&now, &flushing)
            for exchange in now {
                exchange.flushEncoder()
                loop.flush()
            }
        }
    }

    /// In the next turn, `continueCoding` is called.
    func continueLater(_ exchange: Exchange) {
        waiting.append(exchange)
        guard waiting.count == 1 else { return }
        let errand = Errand(work: self)
        loop.execute { errand.work.continueWaiting() }
    }

    private func continueWaiting() {
        var now: [Exchange] = []
        swap(&now, &waiting)
        for exchange in now {
            exchange.continueCoding()
            loop.flush()
        }
    }

    /// Made and run on the loop's own thread; only on the way between two turns it lies in a list that others can add to.
    private struct Errand: @unchecked Sendable {
        let work: CodingWork
    }
}
