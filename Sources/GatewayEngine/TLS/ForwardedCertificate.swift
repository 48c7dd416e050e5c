internal import HTTPWire
internal import Reactor

/// A client's verified certificate, as requests need it: made once for a connection.
final class ClientCertificate: Sendable {
    /// The value of `X-Forwarded-Client-Cert`.
    let forwarded: [UInt8]
    /// Who it says the client is: its subject, then its URIs, then its DNS names.
    let names: [[UInt8]]

    init(_ certificate: TLSPeerCertificate) {
        forwarded = ForwardedCertificate.value(of: certificate)
        names = [Array(certificate.subject.utf8)] + certificate.uris + certificate.dnsNames
    }
}

/// The value of `X-Forwarded-Client-Cert`: what a service is told of a client's verified certificate, in Envoy's form.
///
/// `Hash=<SHA-256 in hex>;Subject="CN=ada,O=Example";URI=spiffe://example.org/ada;DNS=ada.example.org`
///
/// It is made once for a connection. A name in a certificate is whatever its authority has signed: one with bytes that a
/// field value, or this form, could not carry is left out.
enum ForwardedCertificate {
    /// Names beyond this size are left out; fingerprint and subject come first.
    private static let limit = 4_096

    static func value(of certificate: TLSPeerCertificate) -> [UInt8] {
        var value = Array("Hash=".utf8)
        for byte in certificate.fingerprint {
            value.append(hex(byte >> 4))
            value.append(hex(byte & 15))
        }
        let subject = Array(certificate.subject.utf8)
        if !subject.isEmpty && subject.allSatisfy(isVisible) && subject.count < limit {
            value += Array(";Subject=\"".utf8)
            for byte in subject {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { value.append(UInt8(ascii: "\\")) }
                value.append(byte)
            }
            value.append(UInt8(ascii: "\""))
        }
        for uri in certificate.uris { append(";URI=", uri, to: &value) }
        for name in certificate.dnsNames { append(";DNS=", name, to: &value) }
        return value
    }

    private static func append(_ key: String, _ name: [UInt8], to value: inout [UInt8]) {
        let isPlain = name.allSatisfy { byte in
            isVisible(byte) && byte != 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: ";")
                && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "\\")
        }
        guard isPlain, !name.isEmpty, value.count + key.utf8.count + name.count <= limit else { return }
        value += Array(key.utf8) + name
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte >= 0x20 && byte < 0x7F }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
