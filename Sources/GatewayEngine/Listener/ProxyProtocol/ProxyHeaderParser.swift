internal import Reactor

/// Reads PROXY protocol headers, version 1 (one line of text) and 2 (binary), as haproxy.org's proxy-protocol.txt has
/// them. Pure: bytes in, a header or a reason out.
///
/// The bytes are those of the connection from its first on. While the answer is `needMore`, all of them belong to the
/// header, or to nothing that is taken: whoever reads may take them off the connection. A complete header says how long
/// it is. What stands in it is read to its end and to its bounds, or refused: nothing is guessed.
enum ProxyHeaderParser {
    enum Outcome: Equatable {
        case needMore
        case complete(ProxyHeader, length: Int)
        case refused(ProxyHeaderResult)
    }

    /// With its line end (proxy-protocol.txt §2.1).
    static let longestLine = 107
    /// Of version 2: addresses and the usual extensions take some hundred bytes, a client's certificate two thousand.
    static let longestBlock = 4_096

    static func parse(_ bytes: [UInt8], accepting versions: ProxyVersions) -> Outcome {
        guard !bytes.isEmpty else { return .needMore }
        if begins(bytes, as: lineStart) {
            guard versions != .v2 else { return .refused(.version) }
            return bytes.count < lineStart.count ? .needMore : parseLine(bytes)
        }
        if begins(bytes, as: signature) {
            guard versions != .v1 else { return .refused(.version) }
            return bytes.count < signature.count + 4 ? .needMore : parseBlock(bytes)
        }
        return .refused(.missing)
    }

    /// "PROXY "
    private static let lineStart: [UInt8] = Array("PROXY ".utf8)
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private static func begins(_ bytes: [UInt8], as start: [UInt8]) -> Bool {
        bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count))
    }

    // MARK: Version 1

    /// `PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n`
    private static func parseLine(_ bytes: [UInt8]) -> Outcome {
        guard let end = bytes.prefix(longestLine).firstIndex(of: 0x0A) else {
            return bytes.count < longestLine ? .needMore : .refused(.tooLong)
        }
        guard bytes[end - 1] == 0x0D else { return .refused(.malformed) }
        let words = bytes[lineStart.count..<end - 1].split(separator: 0x20, omittingEmptySubsequences: false)
        guard let family = words.first else { return .refused(.malformed) }
        // What stands behind UNKNOWN is to be ignored, up to the end of the line.
        if family.elementsEqual("UNKNOWN".utf8) { return .complete(ProxyHeader(), length: end + 1) }
        let isIPv6 = family.elementsEqual("TCP6".utf8)
        guard isIPv6 || family.elementsEqual("TCP4".utf8), words.count == 5,
            let source = address(words[1], port(words[3]), isIPv6: isIPv6),
            let destination = address(words[2], port(words[4]), isIPv6: isIPv6)
        else { return .refused(.malformed) }
        let origin = ProxyOrigin(source: source, destination: destination)
        return .complete(ProxyHeader(origin: origin), length: end + 1)
    }

    /// The address of the family that was announced, in its plain form.
    private static func address(_ text: ArraySlice<UInt8>, _ port: UInt16?, isIPv6: Bool) -> SocketAddress? {
        guard let port, text.count <= 39, text.contains(0x3A) == isIPv6 else { return nil }
        return SocketAddress(literal: String(decoding: text, as: UTF8.self), port: port)
    }

    /// Digits without a sign and without leading zeros.
    private static func port(_ text: ArraySlice<UInt8>) -> UInt16? {
        guard !text.isEmpty, text.count <= 5, text.allSatisfy({ (0x30...0x39).contains($0) }),
            text.first != 0x30 || text.count == 1
        else { return nil }
        return UInt16(exactly: text.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    // MARK: Version 2

    private enum Family: UInt8 { case unspecified, inet, inet6, unix }

    /// Signature, version and command, family, length; then the addresses, then the extensions.
    private static func parseBlock(_ bytes: [UInt8]) -> Outcome {
        let versionAndCommand = bytes[12]
        let count = number(bytes, at: 14, 2)
        let start = signature.count + 4
        guard versionAndCommand >> 4 == 2, versionAndCommand & 0x0F <= 1, bytes[13] & 0x0F <= 2,
            let family = Family(rawValue: bytes[13] >> 4)
        else { return .refused(.malformed) }
        guard start + count <= longestBlock else { return .refused(.tooLong) }
        guard bytes.count >= start + count else { return .needMore }
        let end = start + count
        // LOCAL: the sender's own connection, a health check's. Whatever stands behind it is skipped.
        if versionAndCommand & 0x0F == 0 { return .complete(ProxyHeader(), length: end) }
        let addresses: Int
        switch family {
        case .unspecified: addresses = 0
        case .inet: addresses = 12
        case .inet6: addresses = 36
        case .unix: addresses = 216
        }
        // Datagrams do not come by a listener that takes connections.
        guard count >= addresses, addresses == 0 || bytes[13] & 0x0F == 1 else { return .refused(.malformed) }
        var header = ProxyHeader()
        switch family {
        case .unspecified, .unix: break
        case .inet:
            header.origin = ProxyOrigin(
                source: SocketAddress(ipv4: UInt32(number(bytes, at: start, 4)), port: port(bytes, at: start + 8)),
                destination: SocketAddress(
                    ipv4: UInt32(number(bytes, at: start + 4, 4)), port: port(bytes, at: start + 10)))
        case .inet6:
            header.origin = ProxyOrigin(
                source: address(bytes, at: start, port: port(bytes, at: start + 32)),
                destination: address(bytes, at: start + 16, port: port(bytes, at: start + 34)))
        }
        if let fault = readExtensions(bytes, start + addresses..<end, into: &header) { return .refused(fault) }
        return .complete(header, length: end)
    }

    /// Type, length, value, one after the other (§2.2). Of their contents the checksum is held against the bytes, and of
    /// TLS only that there was any. AUTHORITY and ALPN repeat what the handshake or the request says by itself, and are
    /// not believed in its place; like unknown ones they are passed over. nil: all are well formed.
    private static func readExtensions(
        _ bytes: [UInt8], _ range: Range<Int>, into header: inout ProxyHeader
    ) -> ProxyHeaderResult? {
        var place = range.lowerBound
        while place < range.upperBound {
            guard place + 3 <= range.upperBound else { return .malformed }
            let value = place + 3..<place + 3 + number(bytes, at: place + 1, 2)
            guard value.upperBound <= range.upperBound else { return .malformed }
            switch bytes[place] {
            case 0x03:
                guard value.count == 4 else { return .malformed }
                var sum = CRC32C()
                for (index, byte) in bytes[..<range.upperBound].enumerated() {
                    sum.add(value.contains(index) ? 0 : byte)
                }
                guard Int(sum.value) == number(bytes, at: value.lowerBound, 4) else { return .checksum }
            case 0x20:
                guard value.count >= 5 else { return .malformed }
                header.isSecure = bytes[value.lowerBound] & 0x01 != 0
            default: break
            }
            place = value.upperBound
        }
        return nil
    }

    /// Big-endian; the bytes are there.
    private static func number(_ bytes: [UInt8], at place: Int, _ count: Int) -> Int {
        bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func port(_ bytes: [UInt8], at place: Int) -> UInt16 {
        UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
    }

    private static func address(_ bytes: [UInt8], at place: Int, port: UInt16) -> SocketAddress {
        func word(_ place: Int) -> UInt64 { bytes[place..<place + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return SocketAddress(mapped: word(place), word(place + 8), port: port)
    }
}
