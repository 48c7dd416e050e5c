/// A block of plain values that never changes: what the router's inner loop reads.
///
/// An array would do, but each read of an array that lives in a class costs a retain and a release, which is more than the
/// read itself; a walk makes a dozen. The table that owns the block frees it, in its `deinit`. Reads are bounds-checked.
@safe
struct FlatArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        unsafe base = .allocate(capacity: max(count, 1))
        for (index, element) in elements.enumerated() { unsafe base.advanced(by: index).initialize(to: element) }
    }

    @inline(__always)
    subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count)
        return unsafe base[index]
    }

    /// To be called once, by the owner, when nobody reads any more.
    func deallocate() { unsafe base.deallocate() }
}
