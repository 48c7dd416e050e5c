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
        append([Array("SCRIPT".utf8), Array("LOAD".utf8), scriptText], to: &bytes)
    }

    /// How the script is called.
    package enum Call: Sendable {
        /// By the name that the server gave it when it was loaded.
        case named([UInt8])
        /// With its whole text, which loads it as well.
        case text
    }

    /// Where and under what names a request's limits are counted.
    package struct KeySpace: Hashable, Sendable {
        package var prefix: [UInt8]
        /// Whether keys carry a tag by which a cluster places them: see `HashSlot`.
        package var isTagged: Bool

        package init(prefix: [UInt8], isTagged: Bool = false) {
            self.prefix = prefix
            self.isTagged = isTagged
        }
    }

    /// Decides a request: the script, the keys, the limits' numbers, and for how many requests is asked. Less than none
    /// gives back.
    package static func append(
        _ check: LimitCheck, _ call: Call, in space: KeySpace, count: Int = 1, to bytes: inout [UInt8]
    ) {
        begin(4 + check.items.count * 6, &bytes)
        switch call {
        case .named(let name):
            append(bulk: evalsha.span, to: &bytes)
            append(bulk: name.span, to: &bytes)
        case .text:
            append(bulk: eval.span, to: &bytes)
            append(bulk: scriptText.span, to: &bytes)
        }
        append(number: check.items.count, to: &bytes)
        // By index: an unoptimised build allocates for an array's iterator.
        for place in check.items.indices {
            let item = check.items[place]
            let tagLength = space.isTagged ? HashSlot.tagLength + 2 : 0
            bytes.append(UInt8(ascii: "$"))
            Decimal.append(space.prefix.count + tagLength + item.limit.identity.count + item.key.count, to: &bytes)
            end(&bytes)
            for index in space.prefix.indices { bytes.append(space.prefix[index]) }
            if space.isTagged {
                bytes.append(UInt8(ascii: "{"))
                HashSlot.appendTag(of: check, place, to: &bytes)
                bytes.append(UInt8(ascii: "}"))
            }
            for index in item.limit.identity.indices { bytes.append(item.limit.identity[index]) }
            for index in item.key { bytes.append(check.keys[index]) }
            end(&bytes)
        }
        for place in check.items.indices {
            let limit = check.items[place].limit
            var kind = LimitScript.Kind.slidingWindow
            var burst = limit.limit
            switch limit.algorithm {
            case .tokenBucket(let size):
                kind = .tokenBucket
                burst = size
            case .slidingWindow: break
            case .quota(.day): kind = .day
            case .quota(.month): kind = .month
            }
            append(number: kind.rawValue, to: &bytes)
            append(number: limit.limit, to: &bytes)
            append(number: Int(limit.window / 1_000), to: &bytes)
            append(number: burst, to: &bytes)
            append(number: limit.isDryRun ? 1 : 0, to: &bytes)
        }
        append(number: count, to: &bytes)
    }

    private static let evalsha = Array("EVALSHA".utf8)
    private static let eval = Array("EVAL".utf8)
    private static let scriptText = Array(LimitScript.text.utf8)

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
