internal import RateLimits

extension LimitStore {
    /// With a secret of its own.
    static func random() -> LimitStore {
        var system = SystemRandomNumberGenerator()
        return LimitStore(secret: (system.next(), system.next()))
    }

    /// A turn of the clock's sweep, twice a second: some thousand places, some ten microseconds. A store of a million
    /// keys is gone over in half a minute.
    /// - Returns: how many keys it forgot.
    func sweep(at now: LimitTime) -> Int {
        var forgotten = 0
        for _ in 0..<8 { forgotten += sweep(slots: 2_048, at: now) }
        return forgotten
    }
}
