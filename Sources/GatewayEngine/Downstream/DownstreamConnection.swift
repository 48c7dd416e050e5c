internal import Reactor

/// A client's connection as its worker keeps it, whatever is spoken on it.
protocol DownstreamConnection: AnyObject {
    /// Where it came in: says what the next request is served by.
    var slot: ListenerSlot { get }
    /// Where it stands in the worker's list.
    var place: Int { get set }

    /// The proxies that are trusted have changed.
    func judgeClientAgain()

    /// No further requests: what is under way is completed, then the connection ends.
    func drain(hasTime: Bool)

    /// Gives the connection's memory back when nothing is under way on it.
    func closeIfIdle()

    /// The gateway ends now: cuts off what is under way.
    func abandon()
}

extension DownstreamConnection {
    /// An operator's connection, not a client's.
    var isAdmin: Bool { slot.isAdmin }
}
