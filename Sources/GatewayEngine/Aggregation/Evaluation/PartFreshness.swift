internal import HTTPWire

/// What a part's answer says of how long it holds and for whom (RFC 9111 §5.2.2), and what is said of an answer made of
/// several: no more than the weakest allows.
struct PartFreshness: Equatable {
    /// It says anything at all.
    var isStated = false
    var noStore = false
    var noCache = false
    var isPrivate = false
    var isPublic = false
    var mustRevalidate = false
    /// Seconds that are left; nil: it does not say.
    var maxAge: Int?
    /// Likewise, for caches that many share.
    var sharedMaxAge: Int?
    /// Names of request fields, in lower case, that another answer may come of.
    var vary: [[UInt8]] = []

    init() {}

    init(_ fields: HeaderBlock) {
        var age = 0
        for index in 0..<fields.count where !fields.field(index).isRemoved {
            let value = fields.value(index)
            switch fields.field(index).known {
            case .cacheControl: Self.list(value) { read($0) }
            case .vary: Self.list(value) { vary.append($0) }
            case .none where Self.isAge(fields.name(index)): age = Self.number(value.bytes) ?? 0
            default: break
            }
        }
        // What has passed in caches on the way does not come back.
        maxAge = maxAge.map { max(0, $0 - age) }
        sharedMaxAge = sharedMaxAge.map { max(0, $0 - age) }
    }

    /// What is said of an answer made of these; nil: nothing.
    ///
    /// - Parameter isPersonal: the answer depends on who asked, which no part can have known of the others.
    static func weakest(_ parts: [PartFreshness], hasFailed: Bool, isPersonal: Bool) -> [UInt8]? {
        // In place of a part that failed stands something that must not stay.
        if hasFailed || parts.contains(where: \.noStore) { return Array("no-store".utf8) }
        guard parts.contains(where: \.isStated) else { return nil }
        var words: [String] = []
        if isPersonal || parts.contains(where: \.isPrivate) {
            words.append("private")
        } else if parts.allSatisfy(\.isPublic) {
            words.append("public")
        }
        if parts.contains(where: \.noCache) { words.append("no-cache") }
        // One that does not say how long it holds lets nothing be said.
        let ages = parts.map(\.maxAge)
        if let least = ages.compactMap({ $0 }).min(), !ages.contains(nil) { words.append("max-age=\(least)") }
        let shared = parts.map { $0.sharedMaxAge ?? $0.maxAge }
        if parts.contains(where: { $0.sharedMaxAge != nil }), !shared.contains(nil), !words.contains("private"),
            let least = shared.compactMap({ $0 }).min()
        {
            words.append("s-maxage=\(least)")
        }
        if parts.contains(where: \.mustRevalidate) { words.append("must-revalidate") }
        // Parts that hold for ever beside parts that do not say: caches must not guess.
        return Array((words.isEmpty ? "no-cache" : words.joined(separator: ", ")).utf8)
    }

    private mutating func read(_ directive: [UInt8]) {
        isStated = true
        let halves = directive.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let value = halves.count > 1 ? Self.number(Array(halves[1].filter { $0 != UInt8(ascii: "\"") })) : nil
        switch String(decoding: halves.first ?? [], as: UTF8.self) {
        case "no-store": noStore = true
        case "no-cache": noCache = true
        case "private": isPrivate = true
        case "public": isPublic = true
        case "must-revalidate", "proxy-revalidate": mustRevalidate = true
        // One that cannot be read holds for no time at all (RFC 9111 §4.2.1).
        case "max-age": maxAge = min(maxAge ?? .max, value ?? 0)
        case "s-maxage": sharedMaxAge = min(sharedMaxAge ?? .max, value ?? 0)
        default: break
        }
    }

    /// The words between commas, in lower case, without blanks. Commas in quotes part words too, which only makes the
    /// list longer than it was meant.
    private static func list(_ value: Span<UInt8>, _ each: ([UInt8]) -> Void) {
        for word in value.bytes.split(separator: UInt8(ascii: ",")) {
            let trimmed = word.filter { $0 != 0x20 && $0 != 0x09 }.map(PathBytes.lowercase)
            if !trimmed.isEmpty { each(trimmed) }
        }
    }

    private static func number(_ text: [UInt8]) -> Int? {
        guard !text.isEmpty, text.count <= 10 else { return nil }
        var number = 0
        for byte in text {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }

    private static func isAge(_ name: Span<UInt8>) -> Bool {
        name.count == 3 && name[0] | 0x20 == UInt8(ascii: "a") && name[1] | 0x20 == UInt8(ascii: "g")
            && name[2] | 0x20 == UInt8(ascii: "e")
    }
}

extension Span<UInt8> {
    /// A copy.
    fileprivate var bytes: [UInt8] {
        var copy: [UInt8] = []
        copy.append(self)
        return copy
    }
}
