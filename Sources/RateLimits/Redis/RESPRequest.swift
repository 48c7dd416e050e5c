/// Commands as Redis reads them (RESP2): an array of bulk strings, appended to bytes that are used again and again. Any
/// bytes may stand in an argument: a length in front of each says where it ends, so no key can become a command.
package enum RESPRequest {
    /// A command of these words.
    package static func append(_ words: [[UInt8]], to bytes: inout [UInt8]) {
        begin(words.count, &bytes)
        for word in words { append(bulk: word.span, to: &bytes) }
    }

    /// Loads the limits' script; the answer is the name it is called by from then on.
    package static func appendLoad(to bytes: inout [UInt8]) {
        append([Array("SCRIPT".utf8), Array("LOAD".utf8), Array(LimitScript.text.utf8)], to: &bytes)
    }

    /// Decides a request: EVALSHA with the script's name, the keys behind `prefix`, and the limits' numbers.
    package static func append(_ check: LimitCheck, script: [UInt8], prefix: [UInt8], to bytes: inout [UInt8]) {
        begin(3 + check.items.count * 6, &bytes)
        append(bulk: evalsha.span, to: &bytes)
        append(bulk: script.span, to: &bytes)
        append(number: check.items.count, to: &bytes)
        for item in check.items {
            bytes.append(UInt8(ascii: "$"))
            Decimal.append(prefix.count + item.limit.identity.count + item.key.count, to: &bytes)
            end(&bytes)
            for byte in prefix { bytes.append(byte) }
            for byte in item.limit.identity { bytes.append(byte) }
            for index in item.key { bytes.append(check.keys[index]) }
            end(&bytes)
        }
        for item in check.items {
            var kind = LimitScript.Kind.slidingWindow
            var burst = item.limit.limit
            switch item.limit.algorithm {
            case .tokenBucket(let size):
                kind = .tokenBucket
                burst = size
            case .slidingWindow: break
            case .quota(.day): kind = .day
            case .quota(.month): kind = .month
            }
            append(number: kind.rawValue, to: &bytes)
            append(number: item.limit.limit, to: &bytes)
            append(number: Int(item.limit.window / 1_000), to: &bytes)
            append(number: burst, to: &bytes)
            append(number: item.limit.isDryRun ? 1 : 0, to: &bytes)
        }
    }

    private static let evalsha = Array("EVALSHA".utf8)

    private static func begin(_ count: Int, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "*"))
        Decimal.append(count, to: &bytes)
        end(&bytes)
    }

    private static func append(bulk word: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "$"))
        Decimal.append(word.count, to: &bytes)
        end(&bytes)
        for index in word.indices { bytes.append(word[index]) }
        end(&bytes)
    }

    /// At most 19 digits and a sign: the length of the length is one or two.
    private static func append(number: Int, to bytes: inout [UInt8]) {
        var length = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        bytes.append(UInt8(ascii: "$"))
        Decimal.append(length, to: &bytes)
        end(&bytes)
        Decimal.append(number, to: &bytes)
        end(&bytes)
    }

    private static func end(_ bytes: inout [UInt8]) {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
}
