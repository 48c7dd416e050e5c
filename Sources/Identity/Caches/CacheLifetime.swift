/// How long an answer says that it is good, in seconds: `max-age` of Cache-Control (RFC 9111 §5.2.2.1).
package enum CacheLifetime {
    /// Nil where the field does not say; 0 for `no-store` and `no-cache`. Of several, the shortest.
    package static func maxAge(_ field: some Collection<UInt8>) -> Int64? {
        var found: Int64?
        for directive in field.split(separator: UInt8(ascii: ",")) {
            let text = directive.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x22 }
                .map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
            if text.elementsEqual("no-store".utf8) || text.elementsEqual("no-cache".utf8) { return 0 }
            let prefix = "max-age="
            guard text.starts(with: prefix.utf8) else { continue }
            let digits = text.dropFirst(prefix.utf8.count)
            guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            // Whatever has more than nine digits is more than thirty years.
            let value = digits.count > 9 ? 999_999_999 : digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
            found = min(found ?? value, value)
        }
        return found
    }
}
