/// Every mapping key as a small number, the same text always the same number.
///
/// The vocabulary's keys come first, in the order of `Key.allCases`: so a symbol below `Key.count` *is* a known key, and
/// the decoder compares integers where it would compare text. Equal symbols are also how duplicate keys are found.
struct SymbolTable {
    private(set) var names: [String]
    /// Open addressing with linear probing; a power of two, never more than half full.
    private var slots: [UInt32]

    init() {
        names = []
        slots = [UInt32](repeating: Node.none, count: 1024)
        for key in Key.allCases {
            let text = Array(key.rawValue.utf8)
            _ = intern(text.span)
        }
    }

    mutating func intern(_ text: Span<UInt8>) -> UInt32 {
        var slot = Int(truncatingIfNeeded: SymbolTable.hash(text)) & (slots.count - 1)
        while slots[slot] != Node.none {
            let symbol = slots[slot]
            if SymbolTable.equal(names[Int(symbol)], text) { return symbol }
            slot = (slot + 1) & (slots.count - 1)
        }
        let symbol = UInt32(names.count)
        names.append(String(copying: text))
        slots[slot] = symbol
        if names.count * 2 > slots.count { grow() }
        return symbol
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: Node.none, count: slots.count * 2)
        for (symbol, name) in names.enumerated() {
            let text = Array(name.utf8)
            var slot = Int(truncatingIfNeeded: SymbolTable.hash(text.span)) & (larger.count - 1)
            while larger[slot] != Node.none { slot = (slot + 1) & (larger.count - 1) }
            larger[slot] = UInt32(symbol)
        }
        slots = larger
    }

    /// FNV-1a, started differently in each process is not needed: the operator writes the keys, not the network.
    private static func hash(_ text: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in text.indices { hash = (hash ^ UInt64(text[index])) &* 0x0000_0100_0000_01b3 }
        return hash ^ (hash >> 29)
    }

    private static func equal(_ name: String, _ text: Span<UInt8>) -> Bool {
        guard name.utf8.count == text.count else { return false }
        var index = 0
        for byte in name.utf8 {
            if byte != text[index] { return false }
            index += 1
        }
        return true
    }
}

extension String {
    /// Invalid UTF-8 becomes U+FFFD; the front ends refuse it before it gets here.
    init(copying text: Span<UInt8>) {
        // The view does not outlive the call that decodes it.
        self = unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
