/// "Did you mean": the known word nearest to what was written.
package enum EditDistance {
    /// nil where nothing is near enough to be a guess worth making (a third of the length, at least one edit).
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let target = Array(word.lowercased().utf8.prefix(64))
        var best: (distance: Int, word: String)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            let allowed = max(1, max(target.count, other.count) / 3)
            guard abs(other.count - target.count) <= allowed, other.count <= 64 else { continue }
            let distance = between(target, other)
            if distance <= allowed, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    /// Insertions, deletions, substitutions, and swaps of neighbours (optimal string alignment).
    static func between(_ a: [UInt8], _ b: [UInt8]) -> Int {
        // Three rows of the table are enough: the current one, the last, and the one before for swaps.
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var cost = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[b.count]
    }
}
