/// What an operator may say to a canary.
package enum CanaryOrder: String, Sendable, Hashable, CaseIterable {
    case start, pause, resume, promote
    case rollBack = "roll back"
}

/// Something to tell about a canary.
struct CanaryNews: Sendable {
    enum Kind: Sendable {
        case changed(from: String, share: Int, CanaryReason)
        case waits(CanaryWait)
    }
    var kind: Kind
    var state: CanaryMachine.State
    var candidate: String
    var sentence: String
}
