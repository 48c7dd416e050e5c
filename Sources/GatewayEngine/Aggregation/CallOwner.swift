/// Whoever answers a client's exchange by calls to services: an aggregate, or code in Swift. Each call is a `PartCall`.
class CallOwner {
    final let worker: Worker
    /// For whom the answer is.
    final let client: DownstreamStream

    init(worker: Worker, client: DownstreamStream) {
        self.worker = worker
        self.client = client
    }

    /// A call is over.
    ///
    /// - Parameter record: its `start` is a time of the loop.
    func ended(_ call: Int, _ outcome: PartOutcome, _ record: PartRecord) {}
}
