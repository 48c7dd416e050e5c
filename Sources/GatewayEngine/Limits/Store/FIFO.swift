/// First in, first out, in a ring that doubles when it is full: no element moves, and nothing is allocated once it has
/// grown to what it holds at most.
struct FIFO<Element> {
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { count == 0 ? nil : slots[head] }

    mutating func append(_ element: Element) {
        if count == slots.count { grow() }
        slots[(head + count) & (slots.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = slots[head]
        slots[head] = nil
        head = (head + 1) & (slots.count - 1)
        count -= 1
        return element
    }

    /// Everything, in order; afterwards there is nothing.
    mutating func takeAll() -> [Element] {
        var all: [Element] = []
        while let element = popFirst() { all.append(element) }
        return all
    }

    private mutating func grow() {
        let larger = max(slots.count * 2, 16)
        var elements = [Element?](repeating: nil, count: larger)
        for offset in 0..<count { elements[offset] = slots[(head + offset) & (slots.count - 1)] }
        slots = elements
        head = 0
    }
}
