/// Names and their places, found by their bytes without making strings: open addressing, never more than half full.
struct NameTable: Sendable {
    private var slots: [Int32]
    private let mask: Int
    private var starts: [Int32] = []
    private var bytes: [UInt8] = []

    /// - Parameter names: each once; the place of a name is its index here.
    init(_ names: [[UInt8]]) {
        var size = 4
        while size < names.count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
        for (place, name) in names.enumerated() {
            starts.append(Int32(truncatingIfNeeded: bytes.count))
            bytes += name
            var slot = Self.hash(name.span, 0, name.count) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
        starts.append(Int32(truncatingIfNeeded: bytes.count))
    }

    /// The place of the name that stands in `text` between two offsets; -1: it is none of these.
    func find(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var slot = Self.hash(text, start, end) & mask
        while true {
            let place = Int(slots[slot])
            if place < 0 || isNamed(place, text, start, end) { return place }
            slot = (slot + 1) & mask
        }
    }

    private func isNamed(_ place: Int, _ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let own = Int(starts[place])
        guard Int(starts[place + 1]) - own == end - start else { return false }
        var offset = 0
        while offset < end - start {
            if bytes[own + offset] != text[start + offset] { return false }
            offset += 1
        }
        return true
    }

    /// The names are the operator's; what a client sends can only land at one of them, or at none.
    @inline(__always)
    private static func hash(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var index = start
        while index < end {
            hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01B3
            index += 1
        }
        return Int(truncatingIfNeeded: hash ^ hash &>> 29)
    }
}
