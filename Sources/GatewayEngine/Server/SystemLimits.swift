internal import CSystem

/// What the system gives this process: processors and memory, by affinity and control group, not only by the machine.
///
/// A container with half a processor on a machine with sixty-four wants one worker, not sixty-four.
package enum SystemLimits {
    /// Processors that may be used: of the affinity mask, at most what the control group's quota comes to, rounded up.
    package static var processors: Int {
        let usable = max(1, Int(gh_usable_processors()))
        guard let text = SmallFile.read("/sys/fs/cgroup/cpu.max"), let quota = processors(ofQuota: text) else {
            return usable
        }
        return min(usable, quota)
    }

    /// Bytes of memory: of the control group, at most of the machine; nil when the system does not say.
    package static var memory: Int? {
        let machine = Int(gh_physical_memory())
        let group = SmallFile.read("/sys/fs/cgroup/memory.max").flatMap { Int($0.prefix { $0.isNumber }) }
        guard let group, group > 0 else { return machine > 0 ? machine : nil }
        return machine > 0 ? min(machine, group) : group
    }

    /// `150000 100000`: 1.5 processors, so two; `max 100000`: no quota.
    static func processors(ofQuota text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else {
            return nil
        }
        return max(1, (quota + period - 1) / period)
    }
}
