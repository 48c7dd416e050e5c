/// Counts what a client sends beside its requests, and says when that is no use of HTTP/2 any more but an attack on it.
///
/// Each bound stands far above what clients do and far below what would hurt. Some are per connection and grow with its
/// use (priorities, windows), some per header block, some per time. A pure machine: frames and the time come in.
struct FrameGuard {
    /// Why a connection is ended; the text is a label.
    enum Flood: UInt8, CaseIterable {
        case emptyFrames
        case continuations
        case headerBytes
        case control
        case priorities
        case windowUpdates
        case resets
        case outbound

        var label: StaticString {
            switch self {
            case .emptyFrames: "empty_frames"
            case .continuations: "continuations"
            case .headerBytes: "header_bytes"
            case .control: "control_frames"
            case .priorities: "priorities"
            case .windowUpdates: "window_updates"
            case .resets: "resets"
            case .outbound: "outbound_frames"
            }
        }
    }

    /// Frames in a row that carry nothing and end nothing.
    static let emptyInARow = 1
    /// CONTINUATION frames of one header block. A block of the largest head that is allowed needs four.
    static let continuationsPerBlock = 8
    /// PING, SETTINGS and unknown frames in `controlTime`.
    static let controlFrames = 1_000
    static let controlTime: Int64 = 10_000_000_000
    static let prioritiesPerStream = 100

    /// Bytes of a header block, compressed, at most.
    let blockLimit: Int
    private var emptyFrames = 0
    private var continuations = 0
    private var blockBytes = 0
    /// A header block has begun and not ended.
    private(set) var isInsideBlock = false
    private var control = 0
    private var controlSince: Int64 = 0
    private var priorities = 0
    private var resets = 0
    private var windowUpdates = 0
    /// Streams that the client has opened, DATA frames that it was sent.
    private var streams = 0
    var dataFramesSent = 0

    /// - Parameter headLimit: bytes of a request head, as they are without compression.
    init(headLimit: Int) {
        blockLimit = headLimit + headLimit / 4 + 4_096
    }

    mutating func note(_ frame: FrameReader.Head, now: Int64) -> Flood? {
        switch frame.kind {
        case .headers:
            streams += 1
            continuations = 0
            blockBytes = 0
            return noteBlock(frame)
        case .continuation:
            continuations += 1
            if continuations > Self.continuationsPerBlock { return .continuations }
            return noteBlock(frame)
        case .data:
            return noteEmpty(frame.length == 0 && frame.flags & FrameReader.Head.endStream == 0)
        case .priority, .priorityUpdate:
            priorities += 1
            return priorities > Self.prioritiesPerStream * (1 + streams) ? .priorities : nil
        case .windowUpdate:
            windowUpdates += 1
            return windowUpdates > 5 + 2 * (streams + 10 * dataFramesSent) ? .windowUpdates : nil
        case .settings, .ping, .pushPromise, .goAway, nil:
            return noteControl(now)
        case .rstStream:
            // Resets of streams are counted when these end, with those that a client makes us send (`ResetGuard`);
            // what is left resets nothing.
            resets += 1
            return resets > streams ? noteControl(now) : nil
        }
    }

    private mutating func noteBlock(_ frame: FrameReader.Head) -> Flood? {
        blockBytes += frame.length
        isInsideBlock = frame.flags & FrameReader.Head.endHeaders == 0
        if blockBytes > blockLimit { return .headerBytes }
        return noteEmpty(frame.length == 0 && isInsideBlock)
    }

    private mutating func noteEmpty(_ isEmpty: Bool) -> Flood? {
        guard isEmpty else {
            emptyFrames = 0
            return nil
        }
        emptyFrames += 1
        return emptyFrames > Self.emptyInARow ? .emptyFrames : nil
    }

    private mutating func noteControl(_ now: Int64) -> Flood? {
        if now - controlSince > Self.controlTime {
            controlSince = now
            control = 0
        }
        control += 1
        return control > Self.controlFrames ? .control : nil
    }
}

/// Counts streams that end by a reset before their answer was complete, soon after they began: "rapid reset", where the
/// client cancels what it has just asked for, and "MadeYouReset", where it makes the server do so.
///
/// Half of the last streams may end so; a connection that goes beyond that is ended.
struct ResetGuard {
    /// The streams that are looked at together.
    static let streams = 500
    /// A stream that lived longer has cost the client something too.
    static let early: Int64 = 1_000_000_000

    private var ended = 0
    private var resets = 0

    /// True: enough.
    mutating func streamEnded(byReset: Bool, age: Int64) -> Bool {
        ended += 1
        if byReset && age < Self.early { resets += 1 }
        if resets * 2 >= Self.streams { return true }
        if ended == Self.streams {
            ended = 0
            resets = 0
        }
        return false
    }
}
