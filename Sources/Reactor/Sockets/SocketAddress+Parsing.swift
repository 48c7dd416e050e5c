internal import CSystem

extension SocketAddress {
    /// The longest text of an address with brackets and a port.
    private static let longestText = 64

    /// Reads an address as it stands in `X-Forwarded-For`: `192.0.2.1`, `2001:db8::1`, either with a port as in
    /// `192.0.2.1:4711` and `[2001:db8::1]:4711`. nil for anything else, names and `unknown` among them. Allocates nothing.
    package init?(parsing text: Span<UInt8>) {
        guard text.count > 0, text.count < Self.longestText else { return nil }
        var start = 0
        var end = text.count
        if text[0] == UInt8(ascii: "[") {
            start = 1
            end = 1
            while end < text.count, text[end] != UInt8(ascii: "]") { end += 1 }
            guard end < text.count, end + 1 == text.count || text[end + 1] == UInt8(ascii: ":") else { return nil }
        } else {
            // One colon divides address and port; more belong to an IPv6 address.
            var colons = 0
            var place = 0
            for index in 0..<text.count where text[index] == UInt8(ascii: ":") {
                colons += 1
                place = index
            }
            if colons == 1 { end = place }
        }
        let (four, six, isFour, isSix) = unsafe withUnsafeTemporaryAllocation(
            of: CChar.self, capacity: Self.longestText
        ) {
            buffer in
            // end - start is below the capacity, so the text and its null fit.
            for index in start..<end { unsafe buffer[index - start] = CChar(bitPattern: text[index]) }
            unsafe buffer[end - start] = 0
            var four = in_addr()
            var six = in6_addr()
            let isFour = unsafe inet_pton(AF_INET, buffer.baseAddress!, &four) == 1
            let isSix = unsafe !isFour && inet_pton(AF_INET6, buffer.baseAddress!, &six) == 1
            return (four, six, isFour, isSix)
        }
        if isFour {
            self.init(ipv4: UInt32(bigEndian: four.s_addr), port: 0)
        } else if isSix {
            self.init(six, port: 0)
        } else {
            return nil
        }
    }
}
