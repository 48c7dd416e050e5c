/// Hides the values of query parameters that carry secrets: `?token=abc&page=2` is logged as `?token=***&page=2`.
///
/// A secret must not reach the log because someone spelt its name differently, so names are compared as a server would
/// read them: percent-encoding undone, case ignored, `token[]` and `token[0]` taken as `token`. Servers disagree on
/// whether `;` separates parameters. Here a name may follow one, but a hidden value only ends at `&`, which errs on the
/// side of hiding in both readings.
struct QueryRedaction {
    /// Lower case.
    private let names: [[UInt8]]
    /// A bit for each first letter (its lowest five bits) that a hidden name has.
    private let firstLetters: UInt32

    init(_ names: [String]) {
        self.names = names.map { Array($0.lowercased().utf8) }.filter { !$0.isEmpty }
        firstLetters = self.names.reduce(0) { $0 | 1 << UInt32($1[0] & 31) }
    }

    /// Writes `query` (without "?") as the inside of a JSON string.
    func write(_ query: borrowing Span<UInt8>, into line: inout LineWriter) {
        if names.isEmpty {
            line.append(json: query)
            return
        }
        var written = 0
        var index = 0
        while index < query.count {
            let start = index
            while index < query.count, !endsName(query[index]) { index += 1 }
            guard index < query.count else { break }
            if query[index] == UInt8(ascii: "="), isHidden(query.extracting(start..<index)) {
                line.append(json: query.extracting(written..<index + 1))
                line.append("***")
                while index < query.count, query[index] != UInt8(ascii: "&") { index += 1 }
                written = index
            } else {
                while index < query.count, !separates(query[index]) { index += 1 }
            }
            index += 1
        }
        line.append(json: query.extracting(min(written, query.count)..<query.count))
    }

    @inline(__always)
    private func separates(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "&") || byte == UInt8(ascii: ";") }

    @inline(__always)
    private func endsName(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "=") || separates(byte) }

    private func isHidden(_ name: borrowing Span<UInt8>) -> Bool {
        guard !name.isEmpty else { return false }
        // Most names are told apart by their first letter; an encoded one could be any.
        guard name[0] == UInt8(ascii: "%") || firstLetters >> UInt32(name[0] & 31) & 1 == 1 else { return false }
        for hidden in names where equals(hidden, name) { return true }
        return false
    }

    private func equals(_ hidden: [UInt8], _ name: borrowing Span<UInt8>) -> Bool {
        var index = 0
        for expected in hidden {
            guard index < name.count else { return false }
            let (byte, next) = decoded(name, at: index)
            if byte != expected { return false }
            index = next
        }
        return index == name.count || decoded(name, at: index).byte == UInt8(ascii: "[")
    }

    /// The byte at `index`, percent-decoded and in lower case, and where the next one stands.
    private func decoded(_ name: borrowing Span<UInt8>, at index: Int) -> (byte: UInt8, next: Int) {
        var byte = name[index]
        var next = index + 1
        if byte == UInt8(ascii: "%"), index + 2 < name.count, let high = digit(name[index + 1]),
            let low = digit(name[index + 2])
        {
            byte = high << 4 | low
            next = index + 3
        }
        return (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte, next)
    }

    private func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
