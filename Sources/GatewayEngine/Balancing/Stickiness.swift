internal import GatewayConfiguration
internal import HTTPWire

/// `load_balancing.sticky`, compiled: a cookie of the gateway's own keeps a client on the endpoint that answered it.
///
/// The value is a keyed hash of the service's name and the endpoint's URL. It tells a client nothing of what lies behind
/// the gateway, not even by trying, and the worst that an invented one does is to be ignored: only values of this
/// service's endpoints mean anything, and an endpoint that may not be asked is not asked for a cookie's sake.
///
/// With `secret` the values are the same on every gateway that has it, and after a restart; without, each process has a
/// key of its own, which lives as long as the process.
struct Stickiness: Sendable {
    static let https = Array("https".utf8)

    private let cookie: [UInt8]
    /// By the endpoint's place in the service.
    private let tokens: [UInt64]
    private let lines: [[UInt8]]
    private let secureLines: [[UInt8]]

    init(_ configuration: StickyConfiguration, _ service: ServiceConfiguration, key ownKey: SipHash.Key) {
        cookie = Array(configuration.cookie.utf8)
        let key = configuration.secret.map(Self.key(of:)) ?? ownKey
        tokens = service.endpoints.map { SipHash.hash("\(service.name) \($0.url)", key) }
        let age = configuration.maxAge.map { "; Max-Age=\($0.components.seconds)" } ?? ""
        let texts = tokens.map { token in
            let digits = String(token, radix: 16)
            let value = String(repeating: "0", count: 16 - digits.count) + digits
            return "\(configuration.cookie)=\(value); Path=/\(age); HttpOnly; SameSite=Lax"
        }
        lines = texts.map { Array($0.utf8) }
        secureLines = texts.map { Array("\($0); Secure".utf8) }
    }

    /// Both halves of the key from a text of any length.
    private static func key(of secret: String) -> SipHash.Key {
        SipHash.Key(
            low: SipHash.hash(secret, SipHash.Key(low: 0, high: 0)),
            high: SipHash.hash(secret, SipHash.Key(low: 0, high: 1)))
    }

    /// The place of the endpoint that the request's cookie names; -1 without a cookie that names one.
    func place(_ fields: HeaderBlock) -> Int {
        var index = fields.firstIndex(of: .cookie)
        while index >= 0 {
            let line = fields.value(index)
            if let value = CookieReader.firstValue(line, named: cookie.span) {
                guard let token = Self.token(line.extracting(value)) else { return -1 }
                for place in tokens.indices where tokens[place] == token { return place }
                return -1
            }
            index = fields.nextIndex(of: .cookie, after: index)
        }
        return -1
    }

    /// Adds the `Set-Cookie` that names the endpoint at this place.
    func append(to fields: HeaderBlock, place: Int, isSecure: Bool) {
        let line = isSecure ? secureLines[place] : lines[place]
        fields.append(.setCookie, line.span)
    }

    /// Sixteen hexadecimal digits, as they are sent.
    private static func token(_ text: Span<UInt8>) -> UInt64? {
        guard text.count == 16 else { return nil }
        var token: UInt64 = 0
        for index in text.indices {
            let digit = PathBytes.hexValue(text[index])
            guard digit < 16 else { return nil }
            token = token << 4 | UInt64(digit)
        }
        return token
    }
}
