/// What a worker is told to serve by: one value, so that nothing of it can come without the rest.
struct Publication: Sendable {
    /// A bound address, and which listener of the snapshot it is.
    struct Listener: Sendable {
        let binding: ListenerBinding
        /// `ListenerBinding.adminIndex` for the admin listener.
        let index: Int
    }

    let snapshot: Snapshot
    /// All of them, new and old: an address that is not among them is given up.
    let listeners: [Listener]
    /// nil: nothing is logged.
    let accessLog: AccessLogSink?
}
