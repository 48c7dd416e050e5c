internal import RateLimits
internal import Reactor

/// The limits of one request on their way to the store and back: one question, or in a cluster one for each place where
/// keys of the request live.
///
/// It is over when every question has been answered or given up; then it belongs to nobody, and goes back to its pool.
/// The request may be over before: then nobody is told.
final class LimitCall: TimerNode {
    unowned let owner: RemoteLimits
    /// All limits of the request, in the order of their set.
    let check = LimitCheck()
    /// nil: nobody waits for it.
    var exchange: Exchange?
    var set: LimitSet?
    var questions: [LimitQuestion] = []
    /// For how many requests is asked: more than one with a lease.
    var count = 1
    /// How many questions have no answer yet.
    var open = 0
    /// What went wrong first.
    var failure: StoreFailure?
    /// The question of a request whose keys live in one place.
    private(set) lazy var single = LimitQuestion(check)

    init(_ owner: RemoteLimits) { self.owner = owner }

    /// The store has not decided in time.
    override func timerDidFire() { owner.timedOut(self) }

    /// Makes it ready for the next request.
    func clear() {
        exchange = nil
        set = nil
        for index in questions.indices { questions[index].end() }
        if !questions.isEmpty { questions.removeAll(keepingCapacity: true) }
        count = 1
        open = 0
        failure = nil
        check.removeAll()
    }
}

/// One call of the script.
final class LimitQuestion {
    /// While it is open: what is asked for a request that is over is held by nobody else.
    private(set) var call: LimitCall?
    let check: LimitCheck
    /// For each of its limits the place in the call's check; empty where they are the same.
    var places: [Int] = []
    /// Of a cluster.
    var slot = 0
    /// For how many requests is asked.
    var count = 1
    /// Whose answer is waited for; nil: it has been answered or given up, or nobody has been asked yet.
    weak var link: LimitLink?
    var isOpen: Bool { call != nil }
    /// The server does not know the script by its name.
    var needsText = false
    /// For this once it is asked of a server that is about to take its slot over.
    var isAsking = false
    var redirections = 0
    var sentAt: Int64 = 0

    init(_ check: LimitCheck) { self.check = check }

    func begin(_ call: LimitCall, count: Int) {
        self.call = call
        self.count = count
        needsText = false
        isAsking = false
        redirections = 0
        link = nil
    }

    func end() { call = nil }
}
