/// The curves of RFC 7518 §6.2.1.1.
package enum Curve: Sendable, CaseIterable {
    case p256, p384, p521

    /// The bytes of one coordinate, and of one half of a signature.
    package var coordinateLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The one algorithm that goes with the curve (RFC 7518 §3.4). ES256 with a key on P-384 is refused.
    package var algorithm: SignatureAlgorithm {
        switch self {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        }
    }

    package var name: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }

    /// OpenSSL knows the curves by these names too.
    var libraryName: StaticString {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }
}

/// JOSE writes an ECDSA signature as two numbers of fixed length, one behind the other (RFC 7518 §3.4); OpenSSL reads
/// the DER form.
enum ECDSASignature {
    /// The DER form of `raw`, or nil where the length is not the curve's. Numbers that no signature has (zero, or above
    /// the order of the curve) are for the library to refuse.
    static func der(_ raw: Span<UInt8>, on curve: Curve) -> [UInt8]? {
        let half = curve.coordinateLength
        guard raw.count == 2 * half else { return nil }
        var body: [UInt8] = []
        body.reserveCapacity(2 * half + 8)
        append(raw.extracting(0..<half), to: &body)
        append(raw.extracting(half..<2 * half), to: &body)

        var der: [UInt8] = [0x30]
        der.reserveCapacity(body.count + 3)
        // Two halves of 66 bytes make a body of at most 138: the length takes one or two bytes.
        if body.count >= 0x80 { der.append(0x81) }
        der.append(UInt8(body.count))
        der.append(contentsOf: body)
        return der
    }

    /// One INTEGER: no leading zeros, but one where the first bit would make the number negative.
    private static func append(_ number: Span<UInt8>, to body: inout [UInt8]) {
        var start = 0
        while start < number.count - 1 && number[start] == 0 { start += 1 }
        let needsZero = number[start] & 0x80 != 0
        body.append(0x02)
        body.append(UInt8(number.count - start + (needsZero ? 1 : 0)))
        if needsZero { body.append(0) }
        for index in start..<number.count { body.append(number[index]) }
    }
}
