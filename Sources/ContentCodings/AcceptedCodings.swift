/// What a client says of the codings it can read: `Accept-Encoding` (RFC 9110 §12.5.3), as weights in thousandths.
///
/// 1. No field at all: the client has said nothing, and gets bodies as they are. (§12.5.3 would allow any coding; but what
///    says nothing is most often a program that can read none.)
/// 2. A coding that is named has its weight; one that is not has that of `*`, and without `*` none.
/// 3. `identity` is acceptable unless its own weight, or `*` without it, is zero.
/// Elements that do not follow the grammar are passed over: nobody's request fails for them.
package struct AcceptedCodings: Sendable, Hashable {
    /// -1: not named. By `ContentCoding`, and behind them identity and `*`.
    private var weights: InlineWeights = InlineWeights()

    private struct InlineWeights: Sendable, Hashable {
        var gzip: Int16 = -1
        var deflate: Int16 = -1
        var br: Int16 = -1
        var zstd: Int16 = -1
        var identity: Int16 = -1
        var any: Int16 = -1
    }

    package init() {}

    /// Of a request whose field has this one value.
    package init(_ value: Span<UInt8>) { add(value) }

    /// Takes one field's value; several fields are one list.
    package mutating func add(_ value: Span<UInt8>) {
        var start = 0
        while start < value.count {
            var end = start
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            addElement(value.extracting(start..<end))
            start = end + 1
        }
    }

    private mutating func addElement(_ element: Span<UInt8>) {
        var nameEnd = 0
        while nameEnd < element.count, element[nameEnd] != UInt8(ascii: ";") { nameEnd += 1 }
        let name = Self.trim(element.extracting(0..<nameEnd))
        guard !name.isEmpty else { return }
        guard let weight = Self.weight(element.extracting(nameEnd..<element.count)) else { return }
        if let coding = ContentCoding(name) {
            // Named twice: the better of the two was meant.
            self[coding] = max(self[coding], weight)
        } else if Token.equals(name, "identity") {
            weights.identity = max(weights.identity, weight)
        } else if name.count == 1, name[0] == UInt8(ascii: "*") {
            weights.any = max(weights.any, weight)
        }
    }

    private subscript(coding: ContentCoding) -> Int16 {
        get {
            switch coding {
            case .gzip: weights.gzip
            case .deflate: weights.deflate
            case .br: weights.br
            case .zstd: weights.zstd
            }
        }
        set {
            switch coding {
            case .gzip: weights.gzip = newValue
            case .deflate: weights.deflate = newValue
            case .br: weights.br = newValue
            case .zstd: weights.zstd = newValue
            }
        }
    }

    /// 0: not acceptable.
    package func weight(of coding: ContentCoding) -> Int {
        let own = self[coding]
        return Int(own >= 0 ? own : max(weights.any, 0))
    }

    package var acceptsIdentity: Bool {
        if weights.identity >= 0 { return weights.identity > 0 }
        return weights.any != 0
    }

    /// The weight of the body as it is. Left unsaid it is acceptable, and less welcome than whatever was asked for
    /// (RFC 9110 §12.5.3 leaves the order open).
    private var identityWeight: Int {
        if weights.identity >= 0 { return Int(weights.identity) }
        return 0
    }

    /// The coding that serves the client best: the one with the largest weight, of equal ones the first in `preference`.
    /// nil: as it is, because that is as welcome or nothing else is acceptable.
    package func best(of preference: [ContentCoding]) -> ContentCoding? {
        var found: ContentCoding?
        var weight = 0
        for index in preference.indices {
            let own = self.weight(of: preference[index])
            if own > weight {
                found = preference[index]
                weight = own
            }
        }
        guard acceptsIdentity, identityWeight > weight else { return found }
        return nil
    }

    /// `;q=0.5` as 500; without one 1000; nil for what is none (RFC 9110 §12.4.2).
    private static func weight(_ parameters: Span<UInt8>) -> Int16? {
        var index = 0
        while index < parameters.count, parameters[index] == UInt8(ascii: ";") || Token.isBlank(parameters[index]) {
            index += 1
        }
        if index == parameters.count { return 1000 }
        guard index + 2 < parameters.count, parameters[index] | 0x20 == UInt8(ascii: "q"),
            parameters[index + 1] == UInt8(ascii: "=")
        else { return nil }
        let value = trim(parameters.extracting(index + 2..<parameters.count))
        guard let first = value.isEmpty ? nil : value[0], first == UInt8(ascii: "0") || first == UInt8(ascii: "1")
        else { return nil }
        var total: Int16 = first == UInt8(ascii: "1") ? 1000 : 0
        guard value.count > 1 else { return total }
        guard value[1] == UInt8(ascii: "."), value.count <= 5 else { return nil }
        var unit: Int16 = 100
        for index in 2..<value.count {
            guard value[index] >= UInt8(ascii: "0"), value[index] <= UInt8(ascii: "9") else { return nil }
            total += Int16(value[index] - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        return total <= 1000 ? total : nil
    }

    @_lifetime(copy bytes)
    private static func trim(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        var end = bytes.count
        while start < end, Token.isBlank(bytes[start]) { start += 1 }
        while end > start, Token.isBlank(bytes[end - 1]) { end -= 1 }
        return bytes.extracting(start..<end)
    }
}
