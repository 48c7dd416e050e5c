/// A list of plain values that grows and shrinks at its end, many times a document.
///
/// It is not an array because an array asks, with each change, whether it is shared; these are not. Places are checked.
@safe
struct Stack<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = max(capacity, 8)
        unsafe base = .allocate(capacity: max(capacity, 8))
    }

    deinit { unsafe base.deallocate() }

    @inline(__always)
    var isEmpty: Bool { count == 0 }

    @inline(__always)
    subscript(_ place: Int) -> Element {
        get {
            precondition(place >= 0 && place < count, "no such place")
            // Checked above.
            return unsafe base[place]
        }
        nonmutating _modify {
            precondition(place >= 0 && place < count, "no such place")
            // Checked above; the list is not changed meanwhile.
            yield unsafe &base[place]
        }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if _slowPath(count == capacity) { grow() }
        // There is room.
        unsafe base[count] = element
        count &+= 1
    }

    @inline(__always)
    mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "no such place")
        self.count = count
    }

    @inline(__always)
    mutating func removeAll() { count = 0 }

    @inline(never)
    private mutating func grow() {
        let old = unsafe base
        // Bounded by the depth of documents and the size of the rules.
        capacity *= 2
        unsafe base = .allocate(capacity: capacity)
        unsafe base.update(from: old, count: count)
        unsafe old.deallocate()
    }
}

extension Stack where Element: Equatable {
    /// Whether the element is there, from a place on.
    func contains(_ element: Element, from start: Int = 0) -> Bool {
        var place = start
        while place < count {
            if self[place] == element { return true }
            place += 1
        }
        return false
    }
}
