/// What a stream socket tells its owner: one subclass for each role a connection can have.
///
/// A class to inherit from rather than a protocol: the call is one indirect jump, and the handler carries its own timer.
open class StreamHandler: TimerNode {
    public override init() { super.init() }

    /// The connection is there; what was written before leaves when this returns.
    open func socketDidConnect() {}

    /// Bytes of the preface are there, and still lie in the system: see `StreamSocket+Preface.swift`.
    open func socketDidPeek(_ bytes: Span<UInt8>) -> PrefaceProgress { .complete(0) }

    /// Bytes came. They are gone when this returns: keep a copy of what has to wait.
    open func socketDidReceive(_ bytes: Span<UInt8>) {}

    /// The peer will send no more; it may still read.
    open func socketDidReachEnd() {}

    /// The connection broke, with the system's error number. The socket is closed already.
    open func socketDidFail(_ error: Int32) {}

    /// Enough of what was waiting has been sent to go on writing.
    open func socketDidDrain() {}

    /// The turn for which the handler asked to be told (`EventLoop.atTurnEnd`) is over.
    open func loopTurnDidEnd() {}
}
