/// In a cluster the limits of one request may live in several places, and are asked as several checks.
extension LimitCheck {
    /// Adds a limit of another check, with its key.
    package func add(_ place: Int, of whole: LimitCheck) {
        let keys = whole.keys
        let bytes = keys.span
        add(whole.items[place].limit, key: bytes.extracting(whole.items[place].key))
    }

    /// Takes over what a part said: its limits stand at these places here.
    package func take(_ places: [Int], of part: LimitCheck) {
        for (index, place) in places.enumerated() where index < part.items.count {
            items[place].outcome = part.items[index].outcome
        }
    }

    /// The request is admitted if every part admits it.
    package func settleParts() { settle() }

    package func take(grantsOf part: LimitCheck) { grants = part.grants }

    /// What it said does not count.
    package func removeOutcomes() {
        grants = 0
        isAllowed = true
    }
}
