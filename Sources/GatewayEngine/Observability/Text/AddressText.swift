extension LineWriter {
    /// An IP address as text: dotted decimal where it is an IPv4 address in its mapped form, else IPv6 by RFC 5952
    /// (lower case, the longest run of two or more zero groups as `::`, the first of equals).
    mutating func append(addressHigh high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xFFFF {
            var shift: UInt64 = 32
            while shift > 0 {
                shift -= 8
                append(decimal: low >> shift & 0xFF)
                if shift > 0 { append(byte: UInt8(ascii: ".")) }
            }
            return
        }
        var best = 0..<0
        var start = 0
        for group in 0...8 where group == 8 || LineWriter.group(group, high, low) != 0 {
            if group - start > max(best.count, 1) { best = start..<group }
            start = group + 1
        }
        var group = 0
        while group < 8 {
            if group == best.lowerBound, !best.isEmpty {
                append("::")
                group = best.upperBound
                continue
            }
            if group > 0, group != best.upperBound || best.isEmpty { append(byte: UInt8(ascii: ":")) }
            append(hex: LineWriter.group(group, high, low))
            group += 1
        }
    }

    private static func group(_ index: Int, _ high: UInt64, _ low: UInt64) -> UInt16 {
        let word = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: word >> UInt64((3 - (index & 3)) * 16))
    }
}
