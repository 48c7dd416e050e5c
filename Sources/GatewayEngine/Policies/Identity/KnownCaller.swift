internal import Identity
internal import JSONStream

/// What is known of whoever asks, for those who choose by it: limits, splits, balancing.
struct KnownCaller {
    /// The name of the consumer; empty: none is known.
    var consumer: [UInt8] = []
    var identity: VerifiedToken?

    /// A claim of the token; nil where it is absent, null or empty. It counts as it is written: whoever signed the token
    /// has chosen the spelling, not the caller.
    func claim(_ path: ClaimPath) -> JSONNode? {
        guard let node = identity?.claims.node(path), !node.isNull else { return nil }
        return node.kind == .string && node.range.count <= 2 ? nil : node
    }
}

extension Exchange {
    var knownCaller: KnownCaller {
        KnownCaller(
            consumer: consumer < 0 ? [] : snapshot.auth.consumers.consumers[Int(consumer)].name, identity: identity)
    }
}
