import HTTPWire
import Testing

@testable import GatewayEngine

/// The key of a handshake, and what proves that it was read.
@Suite struct WebSocketKeyTests {
    /// The example of RFC 6455 §1.3.
    @Test func theExample() {
        let key = Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)
        let answer = WebSocketKey.accept(key.span, WireBuffer(capacity: 64))
        #expect(String(decoding: answer, as: UTF8.self) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func keysAreSixteenBytes() {
        let key = WebSocketKey.make(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, WireBuffer(capacity: 64))
        #expect(String(decoding: key, as: UTF8.self) == "AAECAwQFBgcICQoLDA0ODw==")
    }
}
